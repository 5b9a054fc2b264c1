/// Calls that get less than all the time in the world: cancelled, past their deadline.
library;

import 'dart:async';
import 'dart:io' show sleep;

import 'harness.dart';
import 'kinds_api.dart';
import 'probe.dart';

// mbr_cancel_reason
const int _cancelled = 1;
const int _deadline = 2;
const int _disconnected = 3;

/// Calls by which a number of a call comes again.
const int _generations = 0x3fff;

const Duration _short = Duration(milliseconds: 300);

/// The kinds of [MbrException], one of which each is: without an arm for a new one this does not compile.
String _kindOf(MbrException exception) => switch (exception) {
      MbrFault() => 'fault',
      MbrCancelled() => 'cancelled',
      MbrDeadlineExceeded() => 'deadline',
      MbrDisconnected() => 'disconnected',
      MbrLibraryException() => 'library',
      MbrCodecException() => 'codec',
    };

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  final kinds = KindsApi.open(path);
  final probe = ProbeApi(kinds.connection);
  final counters = ProbeCounters(path);

  /// The handler of the last `hang` was told so, by its flag and its callback, and its late answer refused.
  Future<void> told(int reason, int late) async {
    await eventually(() => counters.late == late + 1, 'the late answer was refused');
    checkEqual(counters.reason, reason, 'reason');
    await eventually(() => counters.openJobs == 0, 'the threads of the library have ended');
    checkEqual(kinds.connection.openCalls, 0, 'open calls');
  }

  /// The late answers so far, once none is under way.
  Future<int> settled() async {
    await eventually(() => counters.openJobs == 0, 'the threads of earlier calls have ended');
    return counters.late;
  }

  Future<Duration> timed(Future<void> Function() body) async {
    final watch = Stopwatch()..start();
    await body();
    return watch.elapsed;
  }

  await runCases({
    'whatever ends a call is of one sealed family': () async {
      final other = KindsApi.open(path);
      final token = MbrCancelToken()..cancel();
      final calls = <String, FutureOr<Object?> Function()>{
        'fault': probe.faulty,
        'cancelled': kinds.withOptions(cancelToken: token).hang,
        'deadline': kinds.withOptions(timeout: Duration.zero).hang,
        'disconnected': other.hang,
        'library': () => openLibrary(package: 'none', path: path),
        'codec': probe.garbled,
      };
      other.connection.close();
      for (final MapEntry(key: kind, value: call) in calls.entries) {
        checkEqual(_kindOf(await checkThrows<MbrException>(call)), kind);
      }
    },
    'a token ends a call, and its handler knows why': () async {
      final late = await settled();
      final token = MbrCancelToken();
      final call = checkThrows<MbrCancelled>(kinds.withOptions(cancelToken: token).hang);
      await Future<void>.delayed(const Duration(milliseconds: 20));
      check(!token.isCancelled, 'not yet');
      token.cancel();
      token.cancel();
      check(token.isCancelled, 'now');
      checkEqual(kinds.connection.openCalls, 0, 'open calls');
      checkEqual((await call).method, 'probe.Kinds.hang');
      await token.whenCancelled;
      await told(_cancelled, late);
    },
    'one token ends many calls, streams among them': () async {
      final token = MbrCancelToken();
      final view = kinds.withOptions(cancelToken: token);
      final items = <int>[];
      final streams = [
        for (var i = 0; i < 5; i++) checkThrows<MbrCancelled>(() => view.hangStream().forEach(items.add))
      ];
      final uploads = [
        for (var i = 0; i < 5; i++)
          checkThrows<MbrCancelled>(() => view.collect(StreamController<int>().stream, mode: Collect.never))
      ];
      await eventually(() => items.length == 5, 'items');
      token.cancel();
      await Future.wait([...streams, ...uploads]);
      await eventually(() => counters.openJobs == 0, 'the threads of the library have ended');
    },
    'a token that is cancelled already': () async {
      final token = MbrCancelToken()..cancel();
      final view = kinds.withOptions(cancelToken: token);
      await checkThrows<MbrCancelled>(view.hang);
      await checkThrows<MbrCancelled>(() => view.hangStream().toList());
      await checkThrows<MbrCancelled>(() => view.inlineEcho(1));
      await token.whenCancelled;
    },
    'a token after the call has ended does nothing': () async {
      final token = MbrCancelToken();
      checkEqual(await kinds.withOptions(cancelToken: token).inlineEcho(3), 3);
      checkEqual(await kinds.withOptions(cancelToken: token).inlineLater(5, 4), 4);
      token.cancel();
      checkEqual(await kinds.inlineEcho(5), 5);
    },
    'a token that is cancelled while arguments are encoded': () async {
      final token = MbrCancelToken();
      await checkThrows<MbrCancelled>(() => kinds.withOptions(cancelToken: token).hangAfter(token.cancel));
      checkEqual(kinds.connection.openCalls, 0, 'open calls');
      await settled(); // its handler was told, if it ran at all
    },
    'an answer that is read late meets no other call, however many there were meanwhile': () async {
      Future<int> given(int value) {
        final token = MbrCancelToken();
        final call = kinds.withOptions(cancelToken: token).answer(value);
        if (value == 1) sleep(const Duration(milliseconds: 50)); // its answer has come, and nobody has read it
        token.cancel();
        return call..ignore();
      }

      given(1);
      for (var i = 1; i < _generations; i++) {
        given(0);
      }
      checkEqual(await kinds.answer(2), 2);
    },
    'a token in the listener of its stream: no item follows': () async {
      final token = MbrCancelToken();
      final items = <int>[];
      final view = kinds.withOptions(cancelToken: token);
      final ended = checkThrows<MbrCancelled>(() => view.many(1000).forEach((item) {
            items.add(item);
            if (item == 5) token.cancel();
          }));
      sleep(const Duration(milliseconds: 20)); // many have come
      await ended;
      checkEqual(items, [0, 1, 2, 3, 4, 5]);
    },
    'a token in the listener of a stream whose end has come': () async {
      final token = MbrCancelToken();
      final items = <int>[];
      final ended = kinds.withOptions(cancelToken: token).many(20).forEach((item) {
        items.add(item);
        if (item == 5) token.cancel();
      });
      sleep(const Duration(milliseconds: 50));
      await ended;
      checkEqual(items.length, 20);
    },
    'a token in a listener, while more events wait': () async {
      for (var i = 0; i < 20; i++) {
        final token = MbrCancelToken();
        final view = kinds.withOptions(cancelToken: token);
        final other = checkThrows<MbrCancelled>(view.hang);
        await for (final item in probe.numbers(100)) {
          if (item == 50) token.cancel();
        }
        await other;
      }
    },
    'a deadline of the view': () async {
      final late = await settled();
      final view = kinds.withOptions(timeout: _short);
      final took = await timed(() async {
        final error = await checkThrows<MbrDeadlineExceeded>(view.hang);
        checkEqual(error.method, 'probe.Kinds.hang');
      });
      check(took >= _short && took < const Duration(seconds: 3), 'it took $took');
      await told(_deadline, late);
    },
    'a deadline is enforced by Dart, though C does nothing': () => withoutClock(path, () async {
          final late = await settled();
          await checkThrows<MbrDeadlineExceeded>(kinds.withOptions(timeout: _short).hang);
          await told(_deadline, late);
        }),
    'a deadline is enforced by C, though Dart does nothing': () async {
      final late = await settled();
      final call = checkThrows<MbrDeadlineExceeded>(kinds.withOptions(timeout: _short).hang);
      standStillUntil(() => counters.late == late + 1, 'the late answer was refused');
      checkEqual(counters.reason, _deadline, 'reason');
      checkEqual(kinds.connection.openCalls, 1, 'open calls');
      await call;
    },
    'a deadline of the contract': () async {
      final late = await settled();
      final took = await timed(() => checkThrows<MbrDeadlineExceeded>(kinds.hangShortly));
      check(took >= _short && took < const Duration(seconds: 3), 'it took $took');
      await told(_deadline, late);
    },
    'a deadline of the connection, for what has none': () async {
      final late = await settled();
      kinds.connection.defaultTimeout = _short;
      await checkThrows<MbrDeadlineExceeded>(kinds.hang);
      final untimed = kinds.withOptions(timeout: MbrTimeout.none);
      checkEqual(await untimed.inlineLater(100, 1), 1, 'none of the view');
      kinds.connection.defaultTimeout = null;
      checkEqual(await kinds.inlineLater(100, 1), 1);
      await told(_deadline, late);
    },
    'the view goes before the contract': () async {
      var late = await settled();
      final longer = kinds.withOptions(timeout: _short * 5);
      final took = await timed(() => checkThrows<MbrDeadlineExceeded>(longer.hangShortly));
      check(took >= _short * 5, 'it took $took');
      await told(_deadline, late);
      late = await settled();
      final token = MbrCancelToken();
      final call = kinds.withOptions(timeout: MbrTimeout.none, cancelToken: token).hangShortly();
      final first = await Future.any<Object?>(
          [call.onError<MbrCancelled>((_, __) => -1), Future<void>.delayed(_short * 4)]);
      checkEqual(first, null, 'still open');
      token.cancel();
      await told(_cancelled, late);
    },
    'no time at all': () async {
      await checkThrows<MbrDeadlineExceeded>(kinds.withOptions(timeout: Duration.zero).hang);
      await checkThrows<MbrDeadlineExceeded>(
          kinds.withOptions(timeout: const Duration(milliseconds: -5)).hangStream().toList);
      checkEqual(kinds.connection.openCalls, 0, 'open calls');
    },
    'a deadline ends a stream, after its items': () async {
      final items = <int>[];
      await checkThrows<MbrDeadlineExceeded>(
          () => kinds.withOptions(timeout: _short).hangStream().forEach(items.add));
      checkEqual(items, [0]);
      await eventually(() => counters.openJobs == 0, 'the threads of the library have ended');
    },
    'a deadline ends a paused stream': () async {
      final done = Completer<Object>();
      final subscription = kinds
          .withOptions(timeout: _short)
          .hangStream()
          .listen(null, onError: done.complete)
        ..pause();
      await eventually(() => kinds.connection.openCalls == 0, 'it has ended');
      subscription.resume();
      check(await done.future is MbrDeadlineExceeded, 'its error');
    },
    'calls in time are not touched': () async {
      final view = kinds.withOptions(timeout: const Duration(seconds: 20));
      for (var i = 0; i < 2000; i++) {
        checkEqual(await view.inlineEcho(i), i);
      }
      checkEqual(await Future.wait([for (var i = 0; i < 200; i++) view.inlineLater(i % 7, i)]),
          List.generate(200, (i) => i));
      checkEqual(await view.doubled(Stream.fromIterable([1, 2])).toList(), [2, 4]);
    },
    'many deadlines at once, each at its time': () async {
      final watch = Stopwatch()..start();
      await Future.wait([
        for (var i = 1; i <= 60; i++)
          () async {
            final timeout = Duration(milliseconds: 5 * ((i * 37) % 60 + 1));
            await checkThrows<MbrDeadlineExceeded>(kinds.withOptions(timeout: timeout).hangStream().toList);
            check(watch.elapsed >= timeout, '${watch.elapsed} for $timeout');
          }()
      ]);
      check(watch.elapsed < const Duration(seconds: 5), 'it took ${watch.elapsed}');
      await eventually(() => counters.openJobs == 0, 'the threads of the library have ended');
    },
    'a disconnect is told apart': () async {
      final late = await settled();
      final other = KindsApi.open(path);
      final call = checkThrows<MbrDisconnected>(other.hang);
      await eventually(() => counters.openJobs == 1, 'it runs');
      other.connection.close();
      await call;
      await told(_disconnected, late);
    },
    'cancels, deadlines and answers race, and each call ends once': () async {
      var ended = 0;
      for (var round = 0; round < 30; round++) {
        final token = MbrCancelToken();
        final view = kinds.withOptions(timeout: const Duration(milliseconds: 3), cancelToken: token);
        final calls = [
          for (var i = 0; i < 30; i++)
            view.inlineLater(i % 6, i).then<void>((value) => checkEqual(value, i), onError: (Object error) {
              check(error is MbrCancelled || error is MbrDeadlineExceeded, '$error');
            }).whenComplete(() => ended++)
        ];
        Timer(Duration(microseconds: 200 * (round % 25)), token.cancel);
        await Future.wait(calls);
      }
      checkEqual(ended, 900);
      await eventually(() => counters.openJobs == 0, 'the threads of the library have ended');
      checkEqual(kinds.connection.openCalls, 0, 'open calls');
    },
  });
  kinds.connection.close();
}
