/// Several isolates on one library, some of which die.
library;

import 'dart:async';
import 'dart:isolate';
import 'dart:math';

import 'harness.dart';
import 'probe.dart';

/// Opens a connection of its own, listens to endless streams, and tells when they flow.
Future<void> _listener((SendPort, String) arguments) async {
  final (ready, path) = arguments;
  final probe = ProbeApi.open(path);
  var flowing = 0;
  for (var i = 0; i < 3; i++) {
    probe.endless().listen((item) {
      if (item == 100 && ++flowing == 3) ready.send(null);
    });
  }
}

Future<void> _thrower((SendPort, String) arguments) async {
  final (_, path) = arguments;
  final probe = ProbeApi.open(path);
  await for (final item in probe.endless()) {
    if (item == 100) throw StateError('told to');
  }
}

/// Works and ends with its connection open.
Future<void> _leaver((SendPort, String) arguments) async {
  final (ready, path) = arguments;
  ready.send(await ProbeApi.open(path).sum(List.generate(1000, (i) => i)));
}

Future<int> _work(String path, int seed) => Isolate.run(() async {
      final probe = ProbeApi.open(path);
      var total = 0;
      for (var i = 0; i < 200; i++) {
        total += await probe.later(value: seed + i);
        total += (await probe.numbers(20).toList()).length;
      }
      return total;
    });

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  final counters = ProbeCounters(path);

  Future<void> nothingLeft() => eventually(
      () => counters.liveBlocks == 0 && counters.openJobs == 0, 'connections and threads are gone');

  /// Runs [entry] until it has gone, killed after [killAfter] or once it says that it is ready, if that is
  /// asked for; answers whether it ended by an error.
  Future<bool> spawn(void Function((SendPort, String)) entry,
      {bool kill = false, Duration? killAfter}) async {
    final ready = ReceivePort();
    final failed = ReceivePort();
    final exited = ReceivePort();
    var error = false;
    failed.listen((_) => error = true);
    final isolate = await Isolate.spawn(entry, (ready.sendPort, path),
        onError: failed.sendPort, onExit: exited.sendPort, errorsAreFatal: true);
    if (kill || killAfter != null) {
      await (killAfter != null ? Future<void>.delayed(killAfter) : ready.first);
      isolate.kill(priority: Isolate.immediate);
    }
    await exited.first;
    ready.close();
    failed.close();
    return error;
  }

  await runCases({
    'several work at once': () async {
      final totals = await Future.wait([for (var seed = 0; seed < 4; seed++) _work(path, seed)]);
      checkEqual(totals, [for (var seed = 0; seed < 4; seed++) 200 * seed + 199 * 100 + 200 * 20]);
      await nothingLeft();
    },
    'one ends with an idle connection': () async {
      final before = counters.disconnected;
      check(!await spawn(_leaver), 'it ended well');
      await nothingLeft();
      checkEqual(counters.disconnected, before + 1, 'disconnects');
    },
    'one is killed amid streams, while another goes on': () async {
      final probe = ProbeApi.open(path);
      var received = 0;
      final subscription = probe.endless().listen((_) => received++);
      final blocks = counters.liveBlocks;
      final cancelled = counters.cancelled;
      await spawn(_listener, kill: true);
      await eventually(() => counters.cancelled == cancelled + 3, 'its calls were cancelled');
      await eventually(() => counters.liveBlocks == blocks, 'its memory was freed');
      final before = received;
      await eventually(() => received > before + 1000, 'the other goes on');
      await subscription.cancel();
      probe.connection.close();
      await nothingLeft();
    },
    'one ends by an error amid a stream': () async {
      check(await spawn(_thrower), 'it ended by its error');
      await nothingLeft();
    },
    'killed while they connect, four hundred leave nothing': () async {
      final random = Random(1);
      for (var i = 0; i < 100; i++) {
        await Future.wait([
          for (var j = 0; j < 4; j++)
            spawn(_listener, killAfter: Duration(microseconds: random.nextInt(2500)))
        ]);
      }
      await nothingLeft();
    },
    'twenty are killed amid streams': () async {
      for (var i = 0; i < 5; i++) {
        await Future.wait([for (var j = 0; j < 4; j++) spawn(_listener, kill: true)]);
      }
      await nothingLeft();
    },
  });
}
