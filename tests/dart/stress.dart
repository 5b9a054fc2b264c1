/// Isolates that do everything at once, at random, and die at any moment. STRESS_SECONDS says for how long,
/// STRESS_SEED which random numbers; what the library and the machine do in between is never the same twice.
library;

import 'dart:async';
import 'dart:io';
import 'dart:isolate';
import 'dart:math';

import 'harness.dart';
import 'probe.dart';

const int _isolates = 4;
const int _tasks = 12; // of an isolate, at once

/// How an isolate ends: of itself with its connection open, after closing it amid its work, by an error
/// nobody catches, or killed from outside.
enum _Fate { finish, close, fail, kill }

/// One isolate's work: tasks that each make calls and check everything that comes of them.
final class _Worker {
  _Worker(this.probe, int seed) : random = Random(seed);

  final ProbeApi probe;
  final Random random;
  bool stopping = false;
  bool closed = false;
  int calls = 0;
  int items = 0;

  int upTo(int most) => random.nextInt(most + 1);
  Future<void> get moment => Future<void>.delayed(Duration(microseconds: upTo(3000)));

  /// Works until [stopping] is set, and then until every call has ended.
  Future<void> work() async {
    await Future.wait([for (var i = 0; i < _tasks; i++) _task()]).timeout(caseLimit,
        onTimeout: () => throw CheckFailure('${probe.connection.openCalls} calls do not end'));
    checkEqual(probe.connection.openCalls, 0, 'open calls');
  }

  Future<void> _task() async {
    final all = [_echo, _later, _blob, _sum, _refused, _numbers, _numbers, _numbers, _broken, _crowd];
    while (!stopping) {
      calls++;
      try {
        await all[random.nextInt(all.length)]();
      } on MbrDisconnected {
        check(closed, 'disconnected, but nobody closed');
      }
      if (upTo(3) == 0) await moment;
    }
  }

  Future<void> _echo() async {
    final text = 'ä${upTo(1 << 30)}' * upTo(upTo(20) == 0 ? 20000 : 50);
    check(await probe.echo(text) == text, 'an echo of ${text.length} characters');
  }

  Future<void> _later() async {
    final value = upTo(1 << 30);
    checkEqual(await probe.later(ms: upTo(4), value: value), value);
  }

  Future<void> _blob() async {
    final size = upTo(upTo(10) == 0 ? 400000 : 3000);
    final blob = await probe.blob(size);
    checkEqual(blob.length, size, 'size');
    check(size == 0 || blob.last == (size - 1) % 251, 'last byte');
  }

  Future<void> _sum() async {
    final values = List.generate(upTo(5000), (i) => i);
    probe.nudge();
    checkEqual(await probe.sum(values), values.length * (values.length - 1) ~/ 2);
  }

  Future<void> _refused() async {
    await _fails<MbrFault>(probe.faulty);
    await _fails<MbrFault>(probe.forgotten);
    await _fails<MbrFault>(probe.unknown);
    await _fails<ProbeLimit>(probe.limited);
    await _fails<MbrCodecException>(probe.garbled);
  }

  Future<void> _fails<E extends Object>(Future<Object?> Function() body) async {
    try {
      await body();
      throw CheckFailure('expected a $E');
    } on E catch (_) {}
  }

  /// A stream whose items are 0, 1, 2 and so on; it is paused and, half of the time, cancelled on the way.
  Future<void> _numbers() async {
    final count = upTo(upTo(5) == 0 ? 3000 : 100);
    final everyUs = upTo(2) == 0 ? upTo(300) : 0;
    final held = count < 200 && upTo(6) == 0;
    final limit = upTo(1) == 0 ? upTo(count) : count;
    final over = Completer<void>();
    var next = 0;
    late final StreamSubscription<int> subscription;
    void cancel() {
      subscription.cancel();
      over.complete();
    }

    subscription = (held ? probe.heldNumbers : probe.numbers)(count, everyUs: everyUs).listen((item) {
      check(!over.isCompleted, 'an item after the end or cancel');
      checkEqual(item, next++, 'item');
      items++;
      if (next == limit && limit < count) {
        cancel();
      } else if (upTo(50) == 0) {
        subscription.pause(moment);
      }
    }, onDone: () {
      checkEqual(next, count, 'items of a stream that ended');
      over.complete();
    }, onError: (Object error) {
      // The end of the stream follows, which is then no check of it.
      check(closed && error is MbrDisconnected, '$error');
      next = count;
    });
    if (limit == 0 && count > 0) {
      if (upTo(1) == 0) await moment;
      if (!over.isCompleted && next == 0) cancel();
    }
    await over.future;
  }

  Future<void> _broken() async {
    final count = upTo(150);
    var next = 0;
    await _fails<ProbeLimit>(() => probe.broken(count).forEach((item) => checkEqual(item, next++, 'item')));
    checkEqual(next, count, 'items before the error');
    items += count;
    await _fails<MbrCodecException>(() => probe.garbledItems(upTo(70)).drain<void>());
  }

  Future<void> _crowd() async {
    final threads = 1 + upTo(2), count = upTo(60);
    final next = List.filled(threads, 0);
    await for (final item in probe.crowded(threads, count)) {
      checkEqual(item.number, next[item.thread]++, 'number');
      checkEqual(item.text.length, (item.thread * 37 + item.number * 11) % 1000, 'length');
      items++;
      if (upTo(300) == 0) return;
    }
    checkEqual(next, List.filled(threads, count), 'items');
  }
}

Future<void> _isolate((SendPort, String, _Fate, int) arguments) async {
  final (report, path, fate, seed) = arguments;
  final worker = _Worker(ProbeApi.open(path), seed);
  unawaited(runZonedGuarded(() async {
    Timer(Duration(milliseconds: worker.upTo(200)), () {
      worker.stopping = fate != _Fate.kill;
      if (fate == _Fate.fail) Zone.root.scheduleMicrotask(() => throw StateError('told to'));
      if (fate != _Fate.close) return;
      worker.closed = true;
      worker.probe.connection.close();
    });
    await worker.work();
    report.send((worker.calls, worker.items));
  }, (error, stackTrace) => report.send('seed $seed, $fate: $error\n$stackTrace')));
}

/// Runs isolates one after the other until [watch] has come to [limit].
Future<void> _runIsolates(
    String path, Random random, Stopwatch watch, Duration limit, _Totals totals) async {
  while (watch.elapsed < limit) {
    final fate = _Fate.values[random.nextInt(_Fate.values.length)];
    final seed = random.nextInt(1 << 30);
    final report = ReceivePort(), exited = ReceivePort(), failed = ReceivePort();
    final errors = <Object?>[];
    final reports = <Object?>[];
    failed.listen((error) => errors.add((error as List<Object?>).first));
    report.listen(reports.add);
    final isolate = await Isolate.spawn(_isolate, (report.sendPort, path, fate, seed),
        onExit: exited.sendPort, onError: failed.sendPort);
    if (fate == _Fate.kill) {
      // Often at its very start.
      Timer(Duration(microseconds: random.nextInt(random.nextBool() ? 3000 : 150000)),
          () => isolate.kill(priority: Isolate.immediate));
    }
    await exited.first.timeout(caseLimit,
        onTimeout: () => throw CheckFailure('an isolate does not end: seed $seed, $fate'));
    await Future<void>.delayed(Duration.zero); // reports were sent before
    report.close();
    failed.close();
    totals.isolates++;
    for (final text in reports.whereType<String>()) {
      throw CheckFailure(text);
    }
    final told = fate == _Fate.fail ? errors.every((error) => '$error'.contains('told to')) : errors.isEmpty;
    check(told, 'seed $seed, $fate: $errors');
    final done = reports.whereType<(int, int)>();
    check(done.length == 1 || fate == _Fate.fail || fate == _Fate.kill, 'seed $seed, $fate: no report');
    for (final (calls, items) in done) {
      totals.add(calls, items);
    }
  }
}

final class _Totals {
  int isolates = 0;
  int calls = 0;
  int items = 0;

  void add(int calls, int items) {
    this.calls += calls;
    this.items += items;
  }
}

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  final counters = ProbeCounters(path);
  final limit = Duration(seconds: int.parse(Platform.environment['STRESS_SECONDS'] ?? '3'));
  final seed = int.parse(Platform.environment['STRESS_SEED'] ?? '${Random().nextInt(1 << 30)}');
  final random = Random(seed);
  final totals = _Totals();

  await runCases(limit: limit + caseLimit * 2, {
    'isolates work, close, fail and are killed, seed $seed': () async {
      final watch = Stopwatch()..start();
      final own = _Worker(ProbeApi.open(path), seed);
      Timer(limit, () => own.stopping = true);
      await Future.wait([
        own.work(),
        for (var i = 0; i < _isolates; i++) _runIsolates(path, random, watch, limit, totals),
      ], eagerError: true);
      totals.add(own.calls, own.items);
      own.probe.connection.close();
      await eventually(() => counters.liveBlocks == 0 && counters.openJobs == 0,
          'connections and threads are gone');
      checkEqual(counters.ended + counters.cancelled, counters.watched, 'streams that came to an end');
      print('        ${totals.isolates} isolates; those that could tell made ${totals.calls} calls and got '
          '${totals.items} items');
    },
  });
}
