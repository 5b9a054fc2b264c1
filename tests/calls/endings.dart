/// How calls end: each ending by its type, deadlines, cancel tokens, order.
library;

import 'dart:async';

import 'package:calls/calls.dart';

import '../dart/harness.dart';

final EndingsApi _endings = EndingsApi();
final WatchingApi _watching = WatchingApi();

/// mbr_cancel_reason
const int _cancelled = 1, _deadline = 2, _disconnected = 3;

const Duration _brief = Duration(milliseconds: 60);

/// Waits until C has seen that a call was given up, for this reason and no other.
Future<void> _seen(int reason, [WatchingApi? watching]) async {
  watching ??= _watching;
  await eventually(() => watching!.seen() != 0 && watching.open() == 0, 'the library sees the call given up');
  checkEqual(watching.seen(), reason, 'reason');
}

Future<void> _endsByDeadline(FutureOr<Object?> Function() call) async {
  await checkThrows<MbrDeadlineExceeded>(call);
  await _seen(_deadline);
}

final Map<String, FutureOr<void> Function()> endings = {
  'row 2: a string argument, and none': () async {
    checkEqual(await _endings.greet(name: 'Grüße, 世界'), 'Grüße, 世界');
    await _endings.nothing();
  },
  'row 2: answered later from another thread, and before the call returned': () async {
    checkEqual(await _endings.later(value: 7), 7);
    checkEqual(await _endings.atOnce(value: 8), 8);
    final many = [
      for (var i = 0; i < 100; i++) i.isEven ? _endings.later(value: i) : _endings.atOnce(value: i),
    ];
    checkEqual(await Future.wait(many), [for (var i = 0; i < 100; i++) i]);
  },
  'row 7: a declared error by its type, with its fields': () async {
    final error = await checkThrows<CallErrorRefused>(() => _endings.refuse(limit: 3));
    checkEqual(error, const CallErrorRefused(why: 'too much', limit: 3));
    final items = <int>[];
    await checkThrows<CallErrorGone>(() => _endings.refuseStream(after: 3).forEach(items.add));
    checkEqual(items, [0, 1, 2]);
  },
  'row 7: a fault by its type, and by its code': () async {
    final fault = await checkThrows<MbrFault>(() => _endings.fault(text: 'broken'));
    checkEqual((fault.code, fault.text, fault.method), (MbrStatus.internal, 'broken', 'calls.Endings.fault'));
    final missing = await checkThrows<MbrFault>(_endings.missing);
    checkEqual(missing.code, MbrStatus.unimplemented);
  },
  'row 13: a handler that forgets, or stops half-way, faults': () async {
    checkEqual((await checkThrows<MbrFault>(_endings.forget)).code, MbrStatus.dropped);
    final items = <int>[];
    final fault = await checkThrows<MbrFault>(() => _endings.breakOff().forEach(items.add));
    checkEqual(items, [0, 1, 2]);
    checkEqual(fault.code, MbrStatus.dropped);
  },
  'answers from many threads: the first counts': () async {
    for (var i = 0; i < 50; i++) {
      checkEqual(await _endings.answerOften(value: i), i);
    }
  },
  'row 12: a deadline in the contract, for a call and for a stream': () async {
    await _endsByDeadline(_endings.waitBriefly);
    final items = <int>[];
    await _endsByDeadline(() => _endings.watchBriefly().forEach(items.add));
    checkEqual(items, [1]);
  },
  'row 12: the deadline of a view goes before that of the contract': () async {
    await checkThrows<MbrDeadlineExceeded>(() => _endings.withOptions(timeout: _brief).waitLong(ms: 300));
    final token = MbrCancelToken();
    final patient = _endings.withOptions(timeout: const Duration(seconds: 20), cancelToken: token);
    final ended = checkThrows<MbrCancelled>(patient.waitBriefly);
    await Future<void>.delayed(const Duration(milliseconds: 200));
    checkEqual(_watching.open(), 1, 'open after the time of the contract');
    token.cancel();
    await ended;
    checkEqual(await _endings.withOptions(timeout: const Duration(seconds: 20)).waitLong(ms: 5), 5);
    await _endsByDeadline(_endings.withOptions(timeout: _brief).wait);
  },
  'row 12: the deadline of the connection, and a contract or view without': () async {
    final connection = CallsLibrary.open()..defaultTimeout = _brief;
    final ordered = OrderedApi(connection);
    try {
      await checkThrows<MbrDeadlineExceeded>(() => ordered.slow(ms: 300));
      checkEqual(await EndingsApi(connection).waitLong(ms: 100), 100);
      checkEqual(await ordered.withOptions(timeout: MbrTimeout.none).slow(ms: 100), 100);
    } finally {
      connection.close();
    }
  },
  'row 12: a deadline that is over ends the call at once': () async {
    for (final timeout in [Duration.zero, const Duration(milliseconds: -5)]) {
      await checkThrows<MbrDeadlineExceeded>(() => _endings.withOptions(timeout: timeout).greet(name: ''));
    }
  },
  'a cancel token ends calls and streams, and C sees why': () async {
    final token = MbrCancelToken();
    final view = _endings.withOptions(cancelToken: token);
    checkEqual(await view.greet(name: 'before'), 'before');
    final ended = [
      checkThrows<MbrCancelled>(view.wait),
      checkThrows<MbrCancelled>(() => view.watch().drain<void>()),
    ];
    await eventually(() => _watching.open() == 2, 'both are open');
    token.cancel();
    check(token.isCancelled, 'it is cancelled');
    await Future.wait(ended);
    await token.whenCancelled;
    await _seen(_cancelled);
    await checkThrows<MbrCancelled>(() => view.greet(name: 'after'));
    checkEqual(await _endings.greet(name: 'others'), 'others');
  },
  'views keep what they are not given': () async {
    final token = MbrCancelToken()..cancel();
    final view = _endings.withOptions(cancelToken: token).withOptions(timeout: const Duration(seconds: 9));
    await checkThrows<MbrCancelled>(view.nothing);
  },
  'a stream that is cancelled reaches C': () async {
    final got = Completer<int>();
    final subscription = _endings.watch().listen(got.complete);
    checkEqual(await got.future, 1);
    await subscription.cancel();
    await _seen(_cancelled);
  },
  'the end of a connection ends its calls on both sides': () async {
    final connection = CallsLibrary.open();
    final other = EndingsApi(connection);
    final ended = [
      checkThrows<MbrDisconnected>(other.wait),
      checkThrows<MbrDisconnected>(() => other.watch().drain<void>()),
    ];
    final watching = WatchingApi(connection);
    await eventually(() => watching.open() == 2, 'both are open');
    connection.close();
    await Future.wait(ended);
    await connection.done;
    await checkThrows<MbrDisconnected>(() => other.greet(name: ''));
    await checkThrows<MbrDisconnected>(() => other.watch().drain<void>());
    await checkThrows<MbrDisconnected>(watching.seen);
    await checkThrows<MbrDisconnected>(() => DirectApi(connection).mirror(points: const []));
    await checkThrows<MbrDisconnected>(watching.forget);
  },
  'handlers of a service run in call order, one at a time': () async {
    final done = <int>[];
    await Future.wait([
      for (final ms in [40, 1, 20, 2]) OrderedApi().slow(ms: ms).then(done.add),
    ]);
    checkEqual(done, [40, 1, 20, 2]);
  },
  'handlers that are concurrent run beside each other': () async {
    final done = <int>[];
    await Future.wait([
      for (final ms in [400, 1, 200]) UnorderedApi().slow(ms: ms).then(done.add),
    ]);
    checkEqual(done, [1, 200, 400]);
  },
  'row 15: log lines, and silence for a method': () async {
    final logging = LoggingApi();
    await logging.loud();
    await eventually(() => logging.lines() > 0, 'a line');
    await Future<void>.delayed(_brief);
    final lines = logging.lines();
    for (var i = 0; i < 10; i++) {
      await logging.quiet();
    }
    await Future<void>.delayed(_brief);
    checkEqual(logging.lines(), lines, 'lines');
  },
  'counters tell what a method has done': () async {
    MbrCounters counters() => CallsLibrary.connection.counters('calls.Endings.greet')!;
    await _endings.greet(name: '');
    final before = counters();
    await _endings.greet(name: '');
    final after = counters();
    checkEqual(CallsLibrary.connection.counters('calls.Endings.missing_altogether'), null);
    checkEqual(after.calls - before.calls, 1);
    checkEqual(after.open, 0);
  },
};
