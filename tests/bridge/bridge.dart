/// The same calls to a motor that the library serves itself and to two that it lends over a bridge; then what
/// only happens to the latter: links that are lost, instances that are told apart. usage: bridge.dart
/// LOCAL_LIBRARY LENT_LIBRARY [PART...]
library;

import 'dart:async';
import 'dart:isolate';
import 'dart:typed_data';

import 'package:car/car.dart';

import '../dart/harness.dart';

typedef Cases = Map<String, FutureOr<void> Function()>;

const _brief = Duration(milliseconds: 60);

/// A connection to one of the libraries.
final class Side {
  Side(String path) : connection = CarLibrary.open(path: path);

  final MbrConnection connection;
  late final MotorApi motor = MotorApi(connection);
  late final RigApi rig = RigApi(connection);

  /// What a motor has seen since then, when all that went before is over.
  Future<Future<Seen> Function()> watch([int instance = 0]) async {
    await eventuallyAsync(() async => (await rig.seen(instance: instance)).open == 0, 'its calls are over');
    final before = await rig.seen(instance: instance);
    return () async {
      final now = await rig.seen(instance: instance);
      return now.copyWith(
        calls: now.calls - before.calls,
        cancelled: now.cancelled - before.cancelled,
        deadline: now.deadline - before.deadline,
        disconnected: now.disconnected - before.disconnected,
        emitted: now.emitted - before.emitted,
        taken: now.taken - before.taken,
        notes: now.notes - before.notes,
      );
    };
  }

  /// Until nothing is under way any more.
  Future<void> settle() => eventuallyAsync(() async => await rig.underWay() == 0, 'nothing is under way');
}

Future<void> eventuallyAsync(Future<bool> Function() condition, String what) async {
  final watch = Stopwatch()..start();
  while (!await condition()) {
    if (watch.elapsed > const Duration(seconds: 15)) throw CheckFailure('never: $what');
    await Future<void>.delayed(const Duration(milliseconds: 3));
  }
}

/// Those that do not tell where the motor is.
Cases same(Side side, String where) {
  final motor = side.motor;
  return {
    'a result': () async {
      checkEqual(await motor.add(a: 2, b: 3), 5);
      checkEqual(await motor.twice(a: 4), 8);
      checkEqual(await motor.which(), 0);
      final all = await Future.wait([for (var i = 0; i < 500; i++) motor.add(a: i, b: 1)]);
      checkEqual(all, [for (var i = 0; i < 500; i++) i + 1]);
    },
    'the declared error': () async {
      checkEqual(await motor.limited(value: 100), 100);
      final error = await checkThrows<MotorErrorLimit>(() => motor.limited(value: 101));
      checkEqual(error.max, 100);
    },
    'a fault with its text': () async {
      final fault = await checkThrows<MbrFault>(motor.fail);
      checkEqual((fault.code, fault.text), (MbrStatus.internal, 'the motor stalls'));
    },
    'bytes of any size': () async {
      for (final size in [0, 1, 200, 5000, 60000]) {
        final bytes = Uint8List.fromList([for (var i = 0; i < size; i++) i * 7 & 0xff]);
        checkEqual(await motor.echo(data: bytes), bytes, 'echo of $size bytes');
      }
    },
    'a stream, whole and in order': () async {
      checkEqual(await motor.count(limit: 2000).toList(), [for (var i = 1; i <= 2000; i++) i]);
      final samples = await motor.samples(limit: 100, size: 4096).toList();
      checkEqual([for (final sample in samples) sample.serial], [for (var i = 1; i <= 100; i++) i]);
      checkEqual(samples.last.data.length, 4096);
    },
    'the declared error after the items before it': () async {
      final items = <int>[];
      final error = await checkThrows<MotorErrorLimit>(() => motor.failing(items: 5).forEach(items.add));
      checkEqual((error.max, items.length), (5, 5));
    },
    'a paused listener stops the source': () async {
      final seen = await side.watch();
      final items = <int>[];
      final subscription = motor.count(limit: 0).listen(items.add);
      await eventually(() => items.length > 300, 'items come');
      subscription.pause();
      var last = -1;
      await eventuallyAsync(() async {
        final emitted = (await seen()).emitted;
        await Future<void>.delayed(_brief);
        final still = emitted == last;
        last = emitted;
        return still;
      }, 'the source stops');
      final taken = items.length;
      check(last <= taken + 3 * 64, 'no more than the windows are under way: $last of $taken');
      subscription.resume();
      await eventually(() => items.length > last + 200, 'it goes on');
      await subscription.cancel();
      checkEqual(items, [for (var i = 1; i <= items.length; i++) i]);
      await eventuallyAsync(() async => (await seen()).cancelled == 1, 'the source hears of the cancel');
      await eventuallyAsync(() async => (await seen()).open == 0, 'and stops');
    },
    'the newest value arrives in the end': () async {
      final items = <int>[];
      final subscription = motor.position(limit: 5000).listen(items.add);
      await eventually(() => items.isNotEmpty && items.last == 5000, 'the newest');
      for (var i = 1; i < items.length; i++) {
        check(items[i] > items[i - 1], 'values rise');
      }
      await subscription.cancel();
    },
    'a cancelled call is cancelled there': () async {
      final seen = await side.watch();
      final token = MbrCancelToken();
      final call = checkThrows<MbrCancelled>(motor.withOptions(cancelToken: token).hang);
      await eventuallyAsync(() async => (await seen()).calls == 1, 'it is called');
      token.cancel();
      await call;
      await eventuallyAsync(() async => (await seen()).cancelled == 1, 'it is cancelled');
    },
    'a deadline passes on both sides': () async {
      final seen = await side.watch();
      await checkThrows<MbrDeadlineExceeded>(motor.withOptions(timeout: _brief).hang);
      await checkThrows<MbrDeadlineExceeded>(motor.slow);
      await eventuallyAsync(() async => (await seen()).deadline == 2, 'both deadlines');
    },
    'a stream parameter, whole and in order': () async {
      checkEqual(await motor.sum(values: Stream.fromIterable([for (var i = 1; i <= 1000; i++) i])), 500500);
      checkEqual(await motor.sum(values: const Stream.empty()), 0);
    },
    'a slow taker pauses the source of a stream parameter': () async {
      final seen = await side.watch();
      await side.rig.slowDown(instance: 0, slow: true);
      var made = 0;
      Stream<int> values() async* {
        while (made < 400) {
          yield ++made;
        }
      }

      final sum = motor.sum(values: values());
      while (made < 400) {
        final now = await seen();
        check(made <= now.taken + 4 * 64 + 8, 'the source runs ahead: $made of ${now.taken}');
        await Future<void>.delayed(const Duration(milliseconds: 1));
      }
      checkEqual(await sum, 80200);
      await side.rig.slowDown(instance: 0, slow: false);
    },
    'an answer before the end of the parameter': () async {
      final values = StreamController<int>();
      final third = motor.third(values: values.stream);
      values
        ..add(10)
        ..add(20)
        ..add(30);
      checkEqual(await third, 30);
      await values.close();
      final error = await checkThrows<MotorErrorLimit>(() => motor.third(values: Stream.value(1)));
      checkEqual(error.max, 3);
    },
    'an error in the parameter cancels the call': () async {
      final seen = await side.watch();
      final values = StreamController<int>();
      final sum = checkThrows<StateError>(() => motor.sum(values: values.stream));
      await eventuallyAsync(() async => (await seen()).calls == 1, 'it is called');
      values.addError(StateError('mine'));
      await sum;
      await eventuallyAsync(() async => (await seen()).cancelled == 1, 'it is cancelled');
    },
    'oneways in order': () async {
      final seen = await side.watch();
      for (var i = 1; i <= 200; i++) {
        motor.note(serial: i);
        if (i % 20 == 0) await eventuallyAsync(() async => (await seen()).notes == i, 'notes');
      }
      check((await seen()).notesInOrder, 'notes are in order');
    },
    'the service is up': () async {
      await for (final state in motor.linkState) {
        if (state == MbrLinkState.up) break;
      }
    },
    'everything is over': () async {
      await side.settle();
      checkEqual((await side.rig.seen(instance: 0)).open, 0);
      checkEqual(side.connection.openCalls, 0);
    },
  }.map((name, body) => MapEntry('$where: $name', body));
}

/// In the library's own process.
Cases local(Side side, String path) => {
      'sync methods work': () {
        checkEqual(side.motor.version(), 7);
        checkEqual(side.motor.label(number: 0), 'zero');
      },
      'there is one instance': () async {
        final second = side.motor.withOptions(instance: 1);
        checkEqual((await checkThrows<MbrFault>(second.which)).code, MbrStatus.unimplemented);
        checkEqual((await checkThrows<MbrFault>(second.linkState.toList)).code, MbrStatus.unimplemented);
        checkEqual(await second.withOptions(instance: 0).which(), 0);
        await checkThrows<RangeError>(side.motor.withOptions(instance: 65536).which);
      },
      'the service is up until its connection ends': () async {
        final side = Side(path);
        final states = <MbrLinkState>[];
        final over = side.motor.linkState.forEach(states.add);
        await eventually(() => states.isNotEmpty, 'a state');
        final dropped = side.motor.linkState.listen((_) {});
        await dropped.cancel();
        side.connection.close();
        await over;
        checkEqual(states, [MbrLinkState.up, MbrLinkState.down]);
        checkEqual(await side.motor.linkState.toList(), [MbrLinkState.down]);
      },
    };

/// Over the bridge.
Cases lent(Side side, String path) {
  final motor = side.motor;
  final second = motor.withOptions(instance: 1);
  final rig = side.rig;

  /// The instance is, or comes, into that state.
  Future<void> reaches(MotorApi motor, MbrLinkState state) =>
      motor.linkState.firstWhere((now) => now == state);

  return {
    'sync methods are unsupported': () async {
      checkEqual((await checkThrows<MbrFault>(() => motor.version())).code, MbrStatus.unsupported);
      checkEqual((await checkThrows<MbrFault>(() => motor.label(number: 1))).code, MbrStatus.unsupported);
    },
    'instances answer for themselves': () async {
      checkEqual(await Future.wait([motor.which(), second.which(), motor.which()]), [0, 1, 0]);
      final third = motor.withOptions(instance: 2);
      checkEqual((await checkThrows<MbrFault>(third.which)).code, MbrStatus.unimplemented);
      checkEqual((await checkThrows<MbrFault>(third.linkState.toList)).code, MbrStatus.unimplemented);
      final seen = await side.watch(1);
      final before = await rig.seen(instance: 0);
      for (var i = 1; i <= 10; i++) {
        second.note(serial: i);
      }
      await eventuallyAsync(() async => (await seen()).notes == 10, 'notes reach the second');
      checkEqual((await rig.seen(instance: 0)).notes, before.notes);
    },
    'what is larger than the line takes is a fault': () async {
      final fault = await checkThrows<MbrFault>(() => motor.echo(data: Uint8List(70000)));
      checkEqual(fault.code, MbrStatus.noMemory);
      checkEqual((await motor.echo(data: Uint8List(60000))).length, 60000);
    },
    'a cut ends calls, and the link comes back': () async {
      final states = <MbrLinkState>[], others = <MbrLinkState>[];
      final watching = [motor.linkState.listen(states.add), second.linkState.listen(others.add)];
      await eventually(() => states.isNotEmpty && others.isNotEmpty, 'the state at once');
      checkEqual((states, others).toString(), ([MbrLinkState.up], [MbrLinkState.up]).toString());
      for (var round = 0; round < 3; round++) {
        final seen = await side.watch();
        final values = StreamController<int>();
        final items = <int>[];
        final ends = [
          checkThrows<MbrDisconnected>(motor.hang),
          checkThrows<MbrDisconnected>(() => motor.count(limit: 0).forEach(items.add)),
          checkThrows<MbrDisconnected>(() => motor.sum(values: values.stream)),
        ];
        values.add(1);
        await eventuallyAsync(
            () async => items.length > 100 && (await seen()).taken == 1, 'all are under way');
        await rig.cut(instance: 0);
        for (final end in ends) {
          checkEqual((await end).text, 'the line to the remote peer was lost');
        }
        checkEqual(items, [for (var i = 1; i <= items.length; i++) i]);
        await eventuallyAsync(() async => (await seen()).disconnected == 3, 'the motor hears of it');
        await values.close();
        await eventually(() => states.last == MbrLinkState.down, 'the link is down');
        final late = await checkThrows<MbrDisconnected>(motor.which);
        checkEqual(late.text, 'the line to the remote peer is down');
        check('$late'.contains('the line to the remote peer is down'), 'it says so');
        checkEqual(await second.which(), 1);
        await rig.plug(instance: 0);
        await eventually(() => states.last == MbrLinkState.up, 'the link is up');
        checkEqual(await motor.which(), 0);
      }
      checkEqual(states, [
        for (var i = 0; i < 3; i++) ...[MbrLinkState.up, MbrLinkState.down],
        MbrLinkState.up,
      ]);
      checkEqual(others, [MbrLinkState.up]);
      for (final subscription in watching) {
        await subscription.cancel();
      }
      await side.settle();
    },
    'a paused stream does not hold up what comes after a cut': () async {
      final error = Completer<Object>();
      final items = <int>[];
      final subscription = motor.count(limit: 0).listen(items.add, onError: error.complete);
      await eventually(() => items.length > 100, 'items come');
      subscription.pause();
      await Future<void>.delayed(_brief);
      await rig.cut(instance: 0);
      await reaches(motor, MbrLinkState.down);
      await rig.plug(instance: 0);
      await reaches(motor, MbrLinkState.up);
      checkEqual(await motor.add(a: 1, b: 1), 2);
      subscription.resume();
      check(await error.future is MbrDisconnected, 'the stream ends');
      checkEqual(items, [for (var i = 1; i <= items.length; i++) i]);
    },
    'a brief loss is not missed': () async {
      final states = <MbrLinkState>[];
      final subscription = motor.linkState.listen(states.add);
      await eventually(() => states.isNotEmpty, 'the state at once');
      await rig.remove(instance: 0, removed: false); // the cable is cut and plugged in again
      await eventually(() => states.length == 3, 'both changes');
      checkEqual(states, [MbrLinkState.up, MbrLinkState.down, MbrLinkState.up]);
      subscription.pause();
      for (var i = 0; i < 20; i++) {
        await rig.remove(instance: 0, removed: false);
        await Future<void>.delayed(const Duration(milliseconds: 5));
      }
      final before = states.length;
      subscription.resume();
      await eventually(() => states.length > before && states.last == MbrLinkState.up, 'the newest');
      await subscription.cancel();
    },
    'a motor that is not there is told from a line that is down': () async {
      await rig.remove(instance: 1, removed: true);
      await reaches(second, MbrLinkState.down);
      var fault = MbrStatus.ok;
      await eventuallyAsync(() async {
        try {
          await second.which();
        } on MbrFault catch (error) {
          fault = error.code;
        } on MbrDisconnected catch (_) {}
        return fault != MbrStatus.ok;
      }, 'a fault');
      checkEqual(fault, MbrStatus.unimplemented);
      await rig.remove(instance: 1, removed: false);
      await reaches(second, MbrLinkState.up);
      checkEqual(await second.which(), 1);
    },
    'a connection that is closed ends its calls there': () async {
      final seen = await side.watch();
      final other = Side(path);
      final states = <MbrLinkState>[];
      final over = other.motor.linkState.forEach(states.add);
      final items = <int>[];
      final ends = [
        checkThrows<MbrDisconnected>(other.motor.hang),
        checkThrows<MbrDisconnected>(() => other.motor.count(limit: 0).forEach(items.add)),
      ];
      await eventuallyAsync(() async => items.length > 100 && (await seen()).calls == 2, 'they run');
      other.connection.close();
      for (final end in ends) {
        checkEqual((await end).text, 'the connection has ended');
      }
      await over;
      checkEqual(states, [MbrLinkState.up, MbrLinkState.down]);
      await eventuallyAsync(() async => (await seen()).disconnected == 2, 'the motor hears of it');
      await side.settle();
    },
    'an isolate that is killed ends its calls there': () async {
      for (var round = 0; round < 3; round++) {
        final seen = await side.watch();
        final ready = ReceivePort();
        final isolate = await Isolate.spawn(_victim, (path, ready.sendPort));
        await ready.first;
        await eventuallyAsync(() async => (await seen()).calls == 3, 'its calls run');
        isolate.kill(priority: Isolate.immediate);
        await eventuallyAsync(() async => (await seen()).disconnected == 3, 'the motor hears of it');
        await eventuallyAsync(() async => (await seen()).open == 0, 'no stream is emitted');
        await side.settle();
      }
    },
    'many at once, cut in the middle': () async {
      final endings = <(int, int)>[];
      for (var round = 0; round < 5; round++) {
        var ok = 0, lost = 0, wrong = 0;
        Future<void> one(int i) async {
          try {
            switch (i % 4) {
              case 0:
                if (await motor.add(a: i, b: 1) != i + 1) wrong++;
              case 1:
                final items = await motor.count(limit: 100).toList();
                if (items.length != 100 || items.last != 100) wrong++;
              case 2:
                if (await motor.sum(values: Stream.fromIterable([1, 2, 3])) != 6) wrong++;
              default:
                if ((await motor.echo(data: Uint8List(i))).length != i) wrong++;
            }
            ok++;
          } on MbrDisconnected catch (_) {
            lost++;
          }
        }

        final all = [for (var i = 0; i < 200; i++) one(i)];
        await Future<void>.delayed(Duration(milliseconds: 30 * round));
        await rig.cut(instance: 0);
        await Future.wait(all);
        checkEqual((ok + lost, wrong), (200, 0));
        endings.add((ok, lost));
        await rig.plug(instance: 0);
        await reaches(motor, MbrLinkState.up);
      }
      check(endings.any((round) => round.$1 > 0) && endings.any((round) => round.$2 > 0), 'both: $endings');
      await side.settle();
    },
  };
}

/// Makes calls that do not end.
Future<void> _victim((String, SendPort) arguments) async {
  final (path, ready) = arguments;
  final motor = Side(path).motor;
  final values = StreamController<int>();
  motor.hang().ignore();
  motor.sum(values: values.stream).ignore();
  values.add(1);
  await for (final item in motor.count(limit: 0)) {
    if (item == 50) ready.send(null);
  }
}

Future<void> main(List<String> arguments) async {
  final [localPath, lentPath, ...parts] = arguments;
  bool wants(String part) => parts.isEmpty || parts.contains(part);
  final here = Side(localPath), there = Side(lentPath);
  await there.motor.linkState.firstWhere((state) => state == MbrLinkState.up);
  await there.motor.withOptions(instance: 1).linkState.firstWhere((state) => state == MbrLinkState.up);
  await runCases({
    if (wants('same')) ...{...same(here, 'local'), ...same(there, 'lent')},
    if (wants('local')) ...local(here, localPath),
    if (wants('lent')) ...lent(there, lentPath),
  });
  here.connection.close();
  there.connection.close();
}
