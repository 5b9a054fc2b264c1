/// C calls Dart: host services, their endings, streams both ways, blocking calls.
library;

import 'dart:async';
import 'dart:typed_data';

import 'package:calls/calls.dart';
import 'package:calls/calls_testing.dart';

import '../dart/harness.dart';

/// What an application writes.
final class _Dialogs implements Dialogs {
  final List<String> notes = [];

  /// Why calls of `wait` and `waitLong` ended.
  final List<MbrCancelReason?> reasons = [];

  int running = 0;
  int mostRunning = 0;

  @override
  Future<bool> confirm({required String text, bool urgent = false}) async {
    if (text == 'throw') throw StateError('not now');
    await Future<void>.delayed(Duration.zero);
    return urgent || text == 'yes';
  }

  @override
  Future<int?> choose({required List<String> from}) async {
    if (from.isEmpty) throw const CallErrorRefused(why: 'nothing to choose', limit: 1);
    final index = from.indexOf('this');
    return index < 0 ? null : index;
  }

  @override
  Future<Position> place({required Position position}) async => position.copyWith(column: position.row);

  @override
  Stream<int> ticks({required int count}) async* {
    for (var i = 0; i < count; i++) {
      yield i;
    }
    if (count == 7) throw const CallErrorGone();
  }

  @override
  Stream<int> newest() => Stream.periodic(const Duration(milliseconds: 1), (i) => i).take(200);

  @override
  Future<BigInt> total({required Stream<int> values}) async =>
      values.fold<BigInt>(BigInt.zero, (sum, value) => sum + BigInt.from(value));

  @override
  Future<bool> wait() => _wait();

  @override
  Future<bool> waitLong() => _wait();

  Future<bool> _wait() async {
    final call = MbrHostCall.current!;
    await call.whenCancelled;
    reasons.add(call.reason);
    return true;
  }

  @override
  void note({required String text}) => notes.add(text);

  @override
  Future<int> pause({required int ms}) async {
    running++;
    if (running > mostRunning) mostRunning = running;
    await Future<void>.delayed(Duration(milliseconds: ms));
    running--;
    return ms;
  }
}

final BridgeApi _bridge = BridgeApi();
final _Dialogs _dialogs = _serve();

_Dialogs _serve() {
  final dialogs = _Dialogs();
  CallsLibrary.connection.serve(DialogsHost(dialogs));
  return dialogs;
}

final Map<String, FutureOr<void> Function()> hosts = {
  'a host service that nobody implements is not served': () async {
    final connection = CallsLibrary.open();
    checkEqual(await BridgeApi(connection).confirm(text: 'yes', urgent: false), 'UNIMPLEMENTED');
    connection.close();
  },
  'C calls Dart and gets its value': () async {
    checkEqual(_dialogs.notes, const <String>[]);
    checkEqual(await _bridge.confirm(text: 'yes', urgent: false), 'yes');
    checkEqual(await _bridge.confirm(text: 'no', urgent: false), 'no');
    checkEqual(await _bridge.confirm(text: 'no', urgent: true), 'yes');
    checkEqual(await _bridge.place(position: const Position(row: 3)), const Position(row: 3, column: 3));
  },
  'the declared error and absence reach C': () async {
    checkEqual(await _bridge.choose(from: const ['that', 'this']), '1');
    checkEqual(await _bridge.choose(from: const ['that']), 'none');
    checkEqual(await _bridge.choose(from: const []), 'nothing to choose');
  },
  'an undeclared error is a fault in C': () async {
    final told = await _bridge.confirm(text: 'throw', urgent: false);
    check(told.startsWith('INTERNAL'), 'got "$told"');
    check(told.contains('not now'), 'got "$told"');
  },
  'a blocking call from a thread of C': () async {
    checkEqual(await _bridge.confirmBlocking(text: 'yes'), 'yes');
    final many = [for (var i = 0; i < 20; i++) _bridge.confirmBlocking(text: i.isEven ? 'yes' : 'no')];
    checkEqual(await Future.wait(many), [for (var i = 0; i < 20; i++) i.isEven ? 'yes' : 'no']);
  },
  'a blocking call on the thread that Dart waits for is refused': () =>
      checkEqual(_bridge.deadlock(), 'DEADLOCK'),
  'a stream from Dart, its end and its error': () async {
    checkEqual(await _bridge.ticks(count: 500).toList(), [for (var i = 0; i < 500; i++) i]);
    final items = <int>[];
    await checkThrows<CallErrorGone>(() => _bridge.ticks(count: 7).forEach(items.add));
    checkEqual(items, [0, 1, 2, 3, 4, 5, 6]);
  },
  'newest only, from Dart to a slow listener in C': () async {
    final items = await _bridge.newest(pauseMs: 20);
    check(items.length < 100, '${items.length} items of 200');
    for (var i = 1; i < items.length; i++) {
      check(items[i] > items[i - 1], 'rising');
    }
  },
  'a stream parameter from C': () async {
    final values = [for (var i = 0; i < 500; i++) i];
    checkEqual(await _bridge.total(values: Uint32List.fromList(values)), BigInt.from(499 * 250));
  },
  'row 12: a deadline ends the call in Dart too': () async {
    _dialogs.reasons.clear();
    checkEqual(await _bridge.wait(), 'DEADLINE');
    await eventually(() => _dialogs.reasons.length == 1, 'Dart hears');
    checkEqual(await _bridge.waitBlocking(), 'DEADLINE');
    await eventually(() => _dialogs.reasons.length == 2, 'Dart hears');
    checkEqual(_dialogs.reasons, [MbrCancelReason.deadline, MbrCancelReason.deadline]);
  },
  'C cancels, and Dart hears of it': () async {
    _dialogs.reasons.clear();
    checkEqual(await _bridge.giveUp(), 'CANCELLED');
    await eventually(() => _dialogs.reasons.isNotEmpty, 'Dart hears');
    checkEqual(_dialogs.reasons, [MbrCancelReason.cancelled]);
  },
  'a oneway to Dart': () async {
    for (final text in ['a', 'b', 'c']) {
      _bridge.note(text: text);
    }
    await eventually(() => _dialogs.notes.length == 3, 'all arrive');
    checkEqual(_dialogs.notes, ['a', 'b', 'c']);
  },
  'handlers that are concurrent run beside each other in Dart': () async {
    checkEqual(await _bridge.pauses(count: 4, ms: 50), [50, 50, 50, 50]);
    checkEqual(_dialogs.mostRunning, 4);
  },
  'a fake stands in for an implementation': () async {
    final connection = CallsLibrary.open();
    final fake = DialogsFake()..onConfirm = ({required text, required urgent}) => text == 'fake';
    connection.serve(DialogsHost(fake));
    final bridge = BridgeApi(connection);
    checkEqual(await bridge.confirm(text: 'fake', urgent: true), 'yes');
    checkEqual(fake.calls, const [
      MbrFakeCall('confirm', {'text': 'fake', 'urgent': true})
    ]);
    checkEqual(await bridge.choose(from: const []), 'UNIMPLEMENTED: the fake was given no answer');
    connection.close();
  },
};
