/// Isolates that do everything at once, at random, and die at any moment, in rounds: after each of them
/// nothing may be left. STRESS_CALLS and STRESS_ITEMS say how many calls and items of streams there are to be
/// in all, STRESS_SEED which random numbers; what the library and the machine do in between is never the same
/// twice.
///
/// Every item is numbered. What a listener gets is 0, 1, 2 and so on, or rises where it gets the newest; all
/// of it, unless it cancels, its time is over or its isolate dies. The library counts the same from its side,
/// stream by stream: see accounts.dart.
library;

import 'dart:async';
import 'dart:io';
import 'dart:isolate';
import 'dart:math';
import 'dart:typed_data';

import 'accounts.dart';
import 'harness.dart';
import 'kinds_api.dart';
import 'probe.dart';

const int _isolates = 4;
const int _tasks = 12; // of an isolate, at once
const int _rounds = 12;
const int _warmUp = 4; // rounds

/// How much more memory the process may have after any later round than at the end of its warm-up.
const double _growth = 1.05;

/// How an isolate ends: of itself with its connection open, after closing it amid its work, by an error
/// nobody catches, or killed from outside.
enum _Fate { finish, close, fail, kill }

/// One isolate's work: tasks that each make calls and check everything that comes of them.
final class _Worker {
  _Worker(this.kinds, this.accounts, int seed)
      : probe = ProbeApi(kinds.connection),
        random = Random(seed) {
    kinds.connection.serve(ScriptHost(HostScript(), isConcurrent: true));
  }

  final KindsApi kinds;
  final ProbeApi probe;
  final Accounts accounts;
  final Random random;
  bool stopping = false;
  bool closed = false;
  int calls = 0;
  int items = 0;

  int upTo(int most) => random.nextInt(most + 1);
  Future<void> get moment => Future<void>.delayed(Duration(microseconds: upTo(2000)));

  /// Works until [stopping] is set, and then until every call has ended.
  Future<void> work() async {
    await Future.wait([for (var i = 0; i < _tasks; i++) _task()]).timeout(caseLimit,
        onTimeout: () => throw CheckFailure('${probe.connection.openCalls} calls do not end'));
    checkEqual(probe.connection.openCalls, 0, 'open calls');
  }

  Future<void> _task() async {
    final all = [
      for (var i = 0; i < 4; i++) ...[_many, _burst],
      ...[_many, _newest, _numbers, _limited, _upload, _host, _small, _large, _refused, _crowd],
    ];
    while (!stopping) {
      try {
        await all[random.nextInt(all.length)]();
      } on MbrDisconnected {
        check(closed, 'disconnected, but nobody closed');
      }
      if (upTo(9) == 0) await moment;
    }
  }

  /// Many calls side by side, each answered by a thread of the application's.
  Future<void> _burst() async {
    final count = 1 + upTo(60);
    calls += count;
    await Future.wait([
      for (var i = 0; i < count; i++)
        () async {
          checkEqual(await kinds.answer(i), i);
        }()
    ]);
  }

  Future<void> _small() async {
    calls += 60;
    for (var i = 0; i < 20; i++) {
      checkEqual(await kinds.inlineEcho(i), i);
      checkEqual(kinds.syncText('$i'), '$i');
      checkEqual(kinds.add(i, i), 2 * i);
    }
  }

  Future<void> _large() async {
    calls += 4;
    final text = 'ä${upTo(1 << 30)}' * upTo(upTo(20) == 0 ? 20000 : 50);
    check(await probe.echo(text) == text, 'an echo of ${text.length} characters');
    final size = upTo(upTo(10) == 0 ? 400000 : 6000);
    for (final blob in [await probe.blob(size), await kinds.image(size)]) {
      checkEqual(blob.length, size, 'size');
      check(size == 0 || blob.last == (size - 1) % 251, 'last byte');
    }
    final values = List.generate(upTo(5000), (i) => i);
    probe.nudge();
    checkEqual(await probe.sum(values), values.length * (values.length - 1) ~/ 2);
  }

  Future<void> _refused() async {
    calls += 6;
    await _fails<MbrFault>(probe.faulty);
    await _fails<MbrFault>(probe.forgotten);
    await _fails<MbrFault>(probe.unknown);
    await _fails<ProbeLimit>(probe.limited);
    await _fails<MbrCodecException>(probe.garbled);
    final count = upTo(150);
    var next = 0;
    await _fails<ProbeLimit>(() => probe.broken(count).forEach((item) => checkEqual(item, next++, 'item')));
    checkEqual(next, count, 'items before the error');
  }

  Future<void> _fails<E extends Object>(Future<Object?> Function() body) async {
    try {
      await body();
      throw CheckFailure('expected a $E');
    } on E catch (_) {}
  }

  /// Calls that are cancelled or run out of time, or are answered just before.
  Future<void> _limited() async {
    final token = MbrCancelToken();
    final view = kinds.withOptions(cancelToken: token, timeout: Duration(milliseconds: upTo(6) + 1));
    Timer(Duration(microseconds: upTo(6000)), token.cancel);
    calls += 30;
    await Future.wait([
      for (var i = 0; i < 30; i++)
        () async {
          try {
            switch (i % 5) {
              case 0:
                checkEqual(await view.answer(i), i);
              case 1:
                checkEqual(await view.inlineLater(upTo(5), i), i);
              case 2:
                final count = upTo(5000);
                await _listenToMany(view, count);
              case 3:
                await _listen(view.hangStream());
              case 4:
                await view.collect(_paced(), mode: Collect.never);
            }
          } on MbrCancelled catch (_) {
          } on MbrDeadlineExceeded catch (_) {}
        }()
    ]);
  }

  Stream<int> _paced() async* {
    for (var i = 0;; i++) {
      yield i;
      await moment;
    }
  }

  /// Numbers by the application's threads. Now and then the listener pauses, and one time in four it cancels
  /// on the way.
  Future<void> _many() {
    final count = upTo(upTo(9) == 0 ? 40000 : 4000);
    return _listenToMany(kinds, count, limit: upTo(3) == 0 ? upTo(count) : null);
  }

  Future<void> _listenToMany(KindsApi view, int count, {int? limit}) {
    final account = accounts.open();
    return _listen(view.many(count, account: account.number), count: count, limit: limit, account: account);
  }

  Future<void> _numbers() {
    final count = upTo(100);
    final stream = (upTo(6) == 0 ? probe.heldNumbers : probe.numbers)(count, everyUs: upTo(200));
    return _listen(stream, count: count, limit: upTo(1) == 0 ? upTo(count) : null);
  }

  /// Listens to the numbers from 0 on, every [step]th, until the [limit]th. However it ends there is no gap;
  /// a stream that comes to its own end has [count] of them, and one without a count has no such end.
  Future<void> _listen(Stream<int> stream, {int step = 1, int? count, int? limit, Account? account}) {
    calls++;
    final over = Completer<void>();
    var next = 0;
    late final StreamSubscription<int> subscription;
    void cancel() {
      subscription.cancel();
      account?.close(Outcome.givenUp);
      over.complete();
    }

    subscription = stream.listen((item) {
      check(!over.isCompleted, 'an item after the end or cancel');
      checkEqual(item, step * next, 'item');
      next++;
      items++;
      account?.count();
      if (next == limit) {
        cancel();
      } else if (upTo(3000) == 0) {
        subscription.pause(moment);
      }
    }, onDone: () {
      if (over.isCompleted) return;
      checkEqual(next, count, 'items of a stream that ended');
      account?.close(Outcome.done);
      over.complete();
    }, onError: (Object error, StackTrace stackTrace) {
      if (error is! MbrDisconnected) account?.close(Outcome.givenUp);
      over.completeError(error, stackTrace);
    });
    if (limit == 0) cancel();
    return over.future;
  }

  Future<void> _newest() async {
    calls++;
    final count = 1 + upTo(3000);
    final account = accounts.open();
    var last = -1;
    await for (final item in kinds.newestOfMany(count, account: account.number)) {
      check(item > last, 'rising: $item after $last');
      last = item;
      items++;
      account.count();
      if (upTo(20) == 0) await moment;
      if (upTo(400) == 0) return account.close(Outcome.givenUp);
    }
    check(last < count, 'last');
    account.close(Outcome.done);
  }

  Future<void> _upload() async {
    calls += 2;
    final count = upTo(200);
    items += count;
    final sum = await kinds.collect(Stream.fromIterable(Iterable.generate(count)));
    checkEqual(sum, count * (count - 1) ~/ 2, 'sum');
    final doubled = kinds.doubled(Stream.fromIterable(Iterable.generate(count)));
    await _listen(doubled, step: 2, count: count, limit: upTo(1) == 0 ? upTo(count) : null);
  }

  /// The library calls back.
  Future<void> _host() async {
    calls += 8;
    final a = upTo(1000), b = 1 + upTo(50);
    Future<void> asked(Future<String> text, String expected) async {
      final got = await text;
      check(got == expected || got == 'refused BUSY' || got == 'refused WOULD_BLOCK', '$expected: $got');
    }

    await Future.wait([
      asked(kinds.ask(HostMethod.echo, a: a, b: b), 'ok ${a + b}'),
      asked(kinds.ask(HostMethod.echo, a: a, b: b, form: Form.waiting, onThread: true), 'ok ${a + b}'),
      asked(kinds.ask(HostMethod.ticks, a: b), 'end $b'),
      asked(kinds.ask(HostMethod.gather, a: 1, b: b), 'ok ${1 + b * (b + 1) ~/ 2}'),
    ]);
  }

  Future<void> _crowd() async {
    calls++;
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

const _connected = 'connected';

/// Tells how much it has done every now and then, as it may not come to tell at its end.
Future<void> _isolate((SendPort, String, _Fate, int) arguments) async {
  final (report, path, fate, seed) = arguments;
  final worker = _Worker(KindsApi.open(path), Accounts(path), seed);
  report.send(_connected);
  void tell() {
    report.send((worker.calls, worker.items));
    worker
      ..calls = 0
      ..items = 0;
  }

  unawaited(runZonedGuarded(() async {
    final teller = Timer.periodic(const Duration(milliseconds: 20), (_) => tell());
    Timer(Duration(milliseconds: 100 + worker.upTo(900)), () {
      worker.stopping = fate != _Fate.kill;
      if (fate == _Fate.fail) Zone.root.scheduleMicrotask(() => throw StateError('told to'));
      if (fate != _Fate.close) return;
      worker.closed = true;
      worker.probe.connection.close();
    });
    await worker.work();
    teller.cancel();
    tell();
    report.send('done');
  }, (error, stackTrace) => report.send(CheckFailure('seed $seed, $fate: $error\n$stackTrace').text)));
}

/// What is to be done, and was.
final class _Totals {
  _Totals(this.callGoal, this.itemGoal);

  final int callGoal;
  final int itemGoal;
  int isolates = 0;
  int calls = 0;
  int items = 0;

  bool get isReached => calls >= callGoal && items >= itemGoal;
}

/// Runs isolates one after the other until enough is done.
Future<void> _runIsolates(String path, Random random, _Totals totals) async {
  do {
    final fate = _Fate.values[random.nextInt(_Fate.values.length)];
    final seed = random.nextInt(1 << 30);
    final report = ReceivePort(), exited = ReceivePort(), failed = ReceivePort();
    final errors = <Object?>[];
    final texts = <String>[];
    var isConnected = false;
    failed.listen((error) => errors.add((error as List<Object?>).first));
    report.listen((message) {
      switch (message) {
        case (final int calls, final int items):
          totals
            ..calls += calls
            ..items += items;
        case _connected:
          isConnected = true;
        case String():
          texts.add(message);
      }
    });
    final isolate = await Isolate.spawn(_isolate, (report.sendPort, path, fate, seed),
        onExit: exited.sendPort, onError: failed.sendPort);
    if (fate == _Fate.kill) {
      // Often at its very start, though not while it connects: see isolates.dart.
      Timer(Duration(microseconds: random.nextInt(random.nextBool() ? 3000 : 700000)),
          () => isolate.kill(priority: isConnected ? Isolate.immediate : Isolate.beforeNextEvent));
    }
    await exited.first.timeout(caseLimit,
        onTimeout: () => throw CheckFailure('an isolate does not end: seed $seed, $fate'));
    await Future<void>.delayed(Duration.zero); // reports were sent before
    report.close();
    failed.close();
    totals.isolates++;
    for (final text in texts.where((text) => text != 'done')) {
      throw CheckFailure(text);
    }
    final told = fate == _Fate.fail ? errors.every((error) => '$error'.contains('told to')) : errors.isEmpty;
    check(told, 'seed $seed, $fate: $errors');
    check(texts.isNotEmpty || fate == _Fate.fail || fate == _Fate.kill, 'seed $seed, $fate: no report');
  } while (!totals.isReached);
}

/// Resident memory in KiB after each round. One measurement alone says little, as garbage goes when the
/// collector sees fit: the level at the end of the warm-up is the highest of its last three rounds, and a
/// later round that is above what it may be has a second to come down.
final class _Memory {
  final List<int> rounds = [];

  /// AddressSanitizer keeps what is freed.
  static final bool isHeldBack = (Platform.environment['LD_PRELOAD'] ?? '').contains('asan');

  int get warm => rounds.sublist(_warmUp - 3, _warmUp).reduce(max);
  int? get limit => rounds.length < _warmUp ? null : (warm * _growth).floor();

  Future<void> measure() async {
    final most = isHeldBack ? null : limit;
    var now = ProcessInfo.currentRss >> 10;
    for (var i = 0; most != null && now > most && i < 100; i++) {
      Uint8List(1 << 20);
      await Future<void>.delayed(const Duration(milliseconds: 10));
      now = ProcessInfo.currentRss >> 10;
    }
    rounds.add(now);
  }
}

int _setting(String name, int otherwise) => int.parse(Platform.environment[name] ?? '$otherwise');

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  final counters = ProbeCounters(path);
  final accounts = Accounts(path);
  final calls = _setting('STRESS_CALLS', 20000), items = _setting('STRESS_ITEMS', 200000);
  final seed = _setting('STRESS_SEED', Random().nextInt(1 << 30));
  final random = Random(seed);
  final memory = _Memory();

  await runCases(limit: const Duration(minutes: 30), {
    'isolates work, close, fail and are killed, seed $seed': () async {
      final totals = _Totals(calls, items);
      for (var round = 1; round <= _rounds; round++) {
        final part = _Totals(
            calls * round ~/ _rounds - totals.calls, items * round ~/ _rounds - totals.items);
        await Future.wait([for (var i = 0; i < _isolates; i++) _runIsolates(path, random, part)],
            eagerError: true);
        totals
          ..isolates += part.isolates
          ..calls += part.calls
          ..items += part.items;
        await eventuallyCollected(() => counters.liveBlocks == 0 && counters.openJobs == 0,
            'connections and threads are gone');
        accounts.settle();
        await memory.measure();
      }
      checkEqual(counters.ended + counters.watchedCancelled, counters.watched, 'ends of streams, one each');
      checkEqual(counters.endedThemselves + counters.endedByCaller + counters.lost, counters.begun,
          'what the threads took up came to one end each');
      print('        ${totals.isolates} isolates made ${totals.calls} calls and got ${totals.items} items');
      print('        of ${counters.begun} for the threads, ${counters.endedThemselves} ended by themselves, '
          '${counters.endedByCaller} by their caller, ${counters.lost} with their isolate');
      print('        ${accounts.sent} items were sent on ${accounts.streams} streams of theirs: '
          '${accounts.received} came, ${accounts.replaced} were replaced by newer ones, '
          '${accounts.givenUp} were given up and ${accounts.lost} went with their isolate');
    },
    'memory stays as it was after the warm-up': () {
      if (_Memory.isHeldBack) return;
      print('        KiB after each round: ${memory.rounds.join(' ')}');
      checkEqual(memory.rounds.length, _rounds, 'rounds');
      for (final (i, now) in memory.rounds.indexed.skip(_warmUp)) {
        check(now <= memory.limit!, '$now KiB after round ${i + 1}, ${memory.warm} after the warm-up');
      }
    },
  });
}
