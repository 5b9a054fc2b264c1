/// Several isolates on one library, some of which die.
library;

import 'dart:async';
import 'dart:io';
import 'dart:isolate';
import 'dart:math';
import 'dart:typed_data';

import 'harness.dart';
import 'kinds_api.dart';
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

/// Like [_listener], but killed while the library is still at connecting it.
Future<void> _connecter((SendPort, String) arguments) async {
  final (_, path) = arguments;
  ProbeApi(openLibrary(package: 'held', path: path)).endless().listen(null);
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

/// Has everything open that can be: calls with deadlines and tokens, streams in both directions, calls from
/// C, large bytes in its hands.
Future<void> _everything((SendPort, String) arguments) async {
  final (ready, path) = arguments;
  final kinds = KindsApi.open(path);
  final view = kinds.withOptions(timeout: const Duration(seconds: 60), cancelToken: MbrCancelToken());
  final script = HostScript();
  final begun = Completer<void>();
  var gathered = 0;
  script.echo = (a, b) {
    if (!begun.isCompleted) begun.complete();
    return Completer<int>().future;
  };
  script.ticks = (a, b) => Stream.periodic(const Duration(milliseconds: 1), (i) => i);
  script.gather = (a, b, items) async {
    await for (final _ in items) {
      gathered++;
    }
    return gathered;
  };
  kinds.connection.serve(ScriptHost(script, isConcurrent: true));
  final images = <Uint8List>[for (var i = 0; i < 5; i++) await kinds.image(100000)];
  view.hang().ignore();
  view.collect(Stream.periodic(const Duration(milliseconds: 1), (i) => i), mode: Collect.never).ignore();
  view.doubled(Stream.periodic(const Duration(milliseconds: 1), (i) => i)).listen(null);
  kinds.many(0xffffffff).listen(null);
  kinds.newestOfMany(0xffffffff).listen(null);
  kinds.ask(HostMethod.echo).ignore();
  kinds.ask(HostMethod.echo, form: Form.waiting, onThread: true, timeoutMs: 60000).ignore();
  kinds.ask(HostMethod.ticks, a: 1).ignore();
  kinds.ask(HostMethod.gather, b: 0xffffffff).ignore();
  await begun.future;
  await Future<void>.delayed(const Duration(milliseconds: 20));
  ready.send(images.length);
}

/// Like [_everything], with a thread of C that emits until it is not held any more.
Future<void> _restarted((SendPort, String) arguments) async {
  KindsApi.open(arguments.$2).stubborn().listen(null);
  await _everything(arguments);
}

/// Like [_everything], and then exits amid all of it, with large bytes as its last message.
Future<void> _exiter((SendPort, String) arguments) async {
  final (ready, path) = arguments;
  await _everything(arguments);
  Isolate.exit(ready, await KindsApi.open(path).image(100000));
}

/// Floods [kinds], whose isolate does not come to listen, and then takes a little at a time. Answers the most
/// memory it saw, and how many notes the library could send.
Future<(int, int)> _flood(KindsApi kinds) async {
  final subscriptions = [
    for (var i = 0; i < 50; i++) kinds.many(0xffffffff).listen(null)..pause(),
    for (var i = 0; i < 50; i++) ProbeApi(kinds.connection).crowded(4, 0xffffffff).listen(null)..pause(),
  ];
  final notes = [
    for (var i = 0; i < 200; i++) kinds.ask(HostMethod.note, a: i, form: Form.flooding, onThread: true)
  ];
  for (var i = 0; i < 20; i++) {
    sleep(const Duration(milliseconds: 50));
    await Future<void>.delayed(Duration.zero);
  }
  final most = ProcessInfo.currentRss;
  await Future.wait(subscriptions.map((subscription) => subscription.cancel()));
  final sent = (await Future.wait(notes)).map(_accepted);
  return (most, sent.reduce((a, b) => a + b));
}

/// How many notes a thread had sent when it was told to wait.
int _accepted(String text) {
  final match = RegExp(r'^sent (\d+), then (BUSY|WOULD_BLOCK)$').firstMatch(text);
  if (match == null) throw CheckFailure(text);
  return int.parse(match[1]!);
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

/// Ends with large bytes as its result: they go to the isolate that waits for it, without a copy.
Future<Uint8List> _image(String path) => Isolate.run(() => KindsApi.open(path).image(_imageSize));

const int _imageSize = 4000000; // so that the system takes back at once what is freed

Future<void> _exchangeImages(String path) async {
  for (final image in [for (var i = 0; i < 5; i++) await _image(path)]) {
    for (var i = 0; i < _imageSize; i += 1000) {
      if (image[i] != i % 251) throw CheckFailure('byte $i is ${image[i]}');
    }
  }
}

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  final counters = ProbeCounters(path);

  Future<void> nothingLeft() => eventuallyCollected(
      () => counters.liveBlocks == 0 && counters.openJobs == 0, 'connections and threads are gone');

  /// Runs [entry] until it has gone, killed once it says that it is ready, after [killAfter] or when [killOn]
  /// completes, if that is asked for; answers whether it ended by an error.
  ///
  /// After a while it is killed between two events only: the VM crashes if an isolate dies amid
  /// `NativeFinalizer.attach` (docs/calls.md), which every connection goes through once.
  Future<bool> spawn(void Function((SendPort, String)) entry,
      {bool kill = false, Duration? killAfter, Future<void>? killOn}) async {
    final ready = ReceivePort();
    final failed = ReceivePort();
    final exited = ReceivePort();
    var error = false;
    failed.listen((_) => error = true);
    final isolate = await Isolate.spawn(entry, (ready.sendPort, path),
        onError: failed.sendPort, onExit: exited.sendPort, errorsAreFatal: true);
    if (killAfter != null) {
      await Future<void>.delayed(killAfter);
      isolate.kill(priority: Isolate.beforeNextEvent);
    } else if (kill || killOn != null) {
      await (killOn ?? ready.first);
      isolate.kill(priority: Isolate.immediate);
    }
    await exited.first;
    ready.close();
    failed.close();
    return error;
  }

  await runCases({
    'large bytes outlive the isolate that got them': () async {
      await _exchangeImages(path);
      await nothingLeft();
    },
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
    'killed while they connect, forty leave nothing': () async {
      for (var i = 0; i < 10; i++) {
        counters.hold(true);
        final killed = Completer<void>();
        final gone = Future.wait([for (var j = 0; j < 4; j++) spawn(_connecter, killOn: killed.future)]);
        await eventually(() => counters.held == 4, 'four are being connected');
        killed.complete();
        await Future<void>.delayed(Duration.zero); // they are killed by now
        counters.hold(false);
        await gone;
        await nothingLeft();
      }
      checkEqual(counters.held, 0);
    },
    'killed at any time, four hundred leave nothing': () async {
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
    'killed with everything open, twenty times': () async {
      for (var i = 0; i < 5; i++) {
        await Future.wait([for (var j = 0; j < 4; j++) spawn(_everything, kill: true)]);
        await nothingLeft();
      }
    },
    'twenty exit with everything open': () async {
      for (var i = 0; i < 5; i++) {
        final errors = await Future.wait([for (var j = 0; j < 4; j++) spawn(_exiter)]);
        checkEqual(errors, [false, false, false, false], 'errors');
        await nothingLeft();
      }
    },
    'after a hot restart the new one works beside what is left of the old': () async {
      for (var i = 0; i < 10; i++) {
        final ready = ReceivePort(), exited = ReceivePort();
        counters.hold(true);
        final old = await Isolate.spawn(_restarted, (ready.sendPort, path), onExit: exited.sendPort);
        await ready.first;
        final late = counters.late;
        old.kill(priority: Isolate.immediate);
        final kinds = KindsApi.open(path);
        kinds.connection.serve(ScriptHost(HostScript()));
        await eventually(() => counters.late > late + 100, 'the old one is gone, and its threads emit');
        checkEqual(await kinds.inlineEcho(i), i);
        checkEqual(await kinds.many(1000).length, 1000);
        checkEqual(await kinds.askWaiting(HostMethod.echo, a: 1, b: i), 'ok ${1 + i}');
        await exited.first;
        checkEqual(kinds.add(i, i), 2 * i);
        final still = counters.late;
        await eventually(() => counters.late > still, 'they emit all the while');
        counters.hold(false);
        kinds.connection.close();
        await nothingLeft();
      }
    },
    'a library opened twice is one': () async {
      final kinds = KindsApi.open(path), other = KindsApi.open(path);
      final cancelled = counters.cancelled;
      final hanging = checkThrows<MbrDisconnected>(other.hang);
      checkEqual(await kinds.inlineEcho(1), 1);
      await eventually(() => counters.openJobs == 1, 'it runs');
      other.connection.close();
      await hanging;
      await eventually(() => counters.cancelled == cancelled + 1, 'its call was cancelled');
      checkEqual(await kinds.many(5000).length, 5000);
      kinds.connection.close();
      await nothingLeft();
    },
    'two libraries with a runtime each': () async {
      final copy = File(path).copySync('${Directory.systemTemp.path}/libprobe_copy.so').path;
      final copied = ProbeCounters(copy);
      final kinds = KindsApi.open(path), other = KindsApi.open(copy);
      for (final api in [kinds, other]) {
        api.connection.serve(ScriptHost(HostScript()));
      }
      final blocks = counters.liveBlocks;
      checkEqual(copied.liveBlocks, blocks, 'blocks of each');
      await Future.wait([
        for (final api in [kinds, other]) ...[
          api.many(20000).length.then((length) => checkEqual(length, 20000)),
          api.askWaiting(HostMethod.echo, a: 1, b: 2).then((text) => checkEqual(text, 'ok 3')),
          checkThrows<MbrDeadlineExceeded>(api.withOptions(timeout: const Duration(milliseconds: 20)).hang),
          api.image(50000).then((image) => checkEqual(image.length, 50000)),
        ]
      ]);
      checkEqual((counters.logged > 0, copied.logged > 0), (true, true), 'each its own');
      kinds.connection.close();
      await eventually(() => counters.openJobs == 0, 'its threads are gone');
      checkEqual(await other.inlineEcho(9), 9, 'the other goes on');
      other.connection.close();
      await eventually(() => copied.openJobs == 0, 'its threads are gone too');
    },
    'a topic is published a million times into an isolate that never listens': () async {
      const end = 1000000;
      final kinds = KindsApi.open(path);
      final newest = [-1, -1];
      counters.publish(0, 1);
      final subscriptions = [
        for (var i = 0; i < 2; i++) kinds.subscribe().listen((value) => newest[i] = value)
      ];
      await eventually(() => newest.first == 0 && newest.last == 0, 'both have subscribed');
      subscriptions.last.pause();
      final blocks = counters.liveBlocks;
      counters.publish(1, end);
      check(counters.liveBlocks <= blocks + 4, '${counters.liveBlocks} blocks, and were $blocks');
      checkEqual(newest, [0, 0], 'values that were delivered meanwhile');
      subscriptions.last.resume();
      await eventually(() => newest.first == end - 1 && newest.last == end - 1, 'both have the newest');
      final counted = kinds.connection.counters('probe.Kinds.subscribe')!;
      checkEqual(counted.items + counted.dropped, 2 * end);
      check(counted.items < 20, '${counted.items} items were sent');
      await Future.wait(subscriptions.map((subscription) => subscription.cancel()));
      kinds.connection.close();
      await nothingLeft();
    },
    'a flood into an isolate that never listens holds bounded memory': () async {
      final kinds = KindsApi.open(path);
      await kinds.many(100000).drain<void>();
      final before = ProcessInfo.currentRss;
      var notes = 0;
      kinds.connection.serve(ScriptHost(HostScript()..note = (a, b) => notes++));
      final (most, sent) = await _flood(kinds);
      final grown = (most - before) >> 20;
      check(grown < 24, 'it grew by $grown MiB');
      checkEqual(await kinds.inlineEcho(3), 3, 'and works as before');
      await eventually(() => notes == sent, '$sent notes have come');
      kinds.connection.close();
      await eventually(() => counters.openJobs == 0, 'the threads of the library have ended');
    },
  });
}
