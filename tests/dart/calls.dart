/// Calls that answer once: every way they can end.
library;

import 'dart:async';
import 'dart:collection';
import 'dart:typed_data';

import 'harness.dart';
import 'probe.dart';

Future<void> main(List<String> arguments) async {
  final probe = ProbeApi.open(arguments[0]);
  final counters = ProbeCounters(arguments[0]);
  final blocks = counters.liveBlocks;

  await runCases({
    'the statuses are those of mbr/status.h': () {
      for (final status in MbrStatus.values.where((status) => status != MbrStatus.unknown)) {
        checkEqual(counters.statusName(status.code).replaceAll('_', '').toLowerCase(),
            status.name.toLowerCase(), 'name of ${status.code}');
        checkEqual(counters.statusText(status.code), status.text, 'text of ${status.code}');
      }
      checkEqual(counters.statusName(MbrStatus.unknown.index), 'UNKNOWN', 'the status after the last');
      checkEqual(MbrStatus.of(MbrStatus.unknown.index), MbrStatus.unknown);
      checkEqual(MbrStatus.of(-7), MbrStatus.unknown);
    },
    'answered before the handler returned': () async => checkEqual(await probe.echo('hello'), 'hello'),
    'text that is not ASCII, and none': () async {
      checkEqual(await probe.echo('ä€😀\u0000x'), 'ä€😀\u0000x');
      checkEqual(await probe.echo(''), '');
    },
    'answered later, from another thread': () async =>
        checkEqual(await probe.later(ms: 20, value: 0xfffffffe), 0xfffffffe),
    'never answered': () async {
      final fault = await checkThrows<MbrFault>(probe.forgotten);
      checkEqual(fault.code, MbrStatus.dropped);
      checkEqual(fault.method, 'probe.Probe.forgotten');
    },
    'a fault with its text': () async {
      final fault = await checkThrows<MbrFault>(probe.faulty);
      checkEqual(fault.code, MbrStatus.internal);
      checkEqual(fault.text, 'as told');
      checkEqual('$fault', 'MbrFault: probe.Probe.faulty: the handler reported a fault (internal): as told');
    },
    'the declared error, by its type': () async =>
        checkEqual((await checkThrows<ProbeLimit>(probe.limited)).limit, 30.5),
    'an argument that C cannot decode': () async =>
        checkEqual((await checkThrows<MbrFault>(probe.echoMalformed)).code, MbrStatus.badUtf8),
    'a result that Dart cannot decode': () async {
      final error = await checkThrows<MbrCodecException>(probe.garbled);
      checkEqual(error.status, MbrStatus.trailing);
      checkEqual(error.offset, 4, 'offset');
      checkEqual(await probe.echo('still'), 'still');
    },
    'an argument that Dart cannot encode': () async {
      final error = await checkThrows<MbrCodecException>(() => probe.sum([1, -1]));
      checkEqual(error.status, MbrStatus.badRange);
      checkEqual(error.offset, 12, 'offset');
      checkEqual(error.path, 'values[1]');
      checkEqual(probe.connection.openCalls, 0, 'open calls');
    },
    'a method that nobody serves': () async {
      checkEqual((await checkThrows<MbrFault>(probe.unknown)).code, MbrStatus.unimplemented);
      checkEqual(probe.connection.openCalls, 0, 'open calls');
    },
    'a list of 3,000 items': () async =>
        checkEqual(await probe.sum(List.generate(3000, (i) => i)), 2999 * 1500),
    'a request larger than any buffer, then a small one': () async {
      checkEqual(await probe.sum(Uint32List(500000)..[499999] = 9), 9);
      checkEqual(await probe.sum([1, 2]), 3);
    },
    'results larger than a quarter of the ring, and than the ring': () async {
      for (final size in [0, 1, 60000, 70000, 262144, 3000000]) {
        final blob = await probe.blob(size);
        checkEqual(blob.length, size, 'length');
        for (var i = 0; i < size; i++) {
          if (blob[i] != i % 251) throw CheckFailure('byte $i of $size is ${blob[i]}');
        }
      }
    },
    'large results side by side': () async {
      final blobs = await Future.wait([for (var i = 0; i < 40; i++) probe.blob(50000 + 1000 * i)]);
      for (final (i, blob) in blobs.indexed) {
        checkEqual(blob.length, 50000 + 1000 * i, 'length');
        checkEqual(blob.last, (blob.length - 1) % 251, 'last byte');
      }
    },
    'a hundred calls in flight, answered in any order': () async {
      final values = await Future.wait([
        for (var i = 0; i < 100; i++) probe.later(ms: (i * 7) % 13, value: i),
      ]);
      checkEqual(values, List.generate(100, (i) => i));
      checkEqual(probe.connection.openCalls, 0, 'open calls');
    },
    'ten thousand calls, one after the other': () async {
      for (var i = 0; i < 10000; i++) {
        if (await probe.echo('$i') != '$i') throw CheckFailure('call $i');
      }
    },
    'after 65,535 calls the numbers of calls start anew': () async {
      for (var i = 0; i < 0x10000 - 20; i++) {
        probe.sum(const [-1]).ignore(); // takes a number and gives it back at once
      }
      for (var i = 0; i < 40; i++) {
        checkEqual(await probe.echo('$i'), '$i');
        checkEqual(await probe.numbers(3).toList(), [0, 1, 2]);
      }
      checkEqual(probe.connection.openCalls, 0, 'open calls');
    },
    'a full call table refuses, and takes calls again': () async {
      final calls = <Future<int>>[];
      var refused = 0;
      for (var i = 0; i < 1200; i++) {
        calls.add(probe.later(ms: 300, value: i).onError<MbrFault>((fault, _) {
          checkEqual(fault.code, MbrStatus.busy);
          refused++;
          return -1;
        }));
      }
      final values = await Future.wait(calls);
      check(refused >= 1200 - 1024, 'calls were refused: $refused');
      check(values.where((value) => value >= 0).length == 1200 - refused, 'the others were answered');
      checkEqual(await probe.echo('again'), 'again');
    },
    'a oneway call': () async {
      final before = counters.nudged;
      for (var i = 0; i < 100; i++) {
        probe.nudge();
      }
      checkEqual(probe.connection.openCalls, 0, 'open calls');
      await eventually(() => counters.nudged == before + 100, 'all nudges have come');
    },
    'a call within the encoding of another is refused, and harms neither': () async {
      Future<Object>? inner;
      final error = await checkThrows<StateError>(() => probe.sum(_Meddler(() {
            inner = checkThrows<StateError>(() => probe.echo('inner'));
            probe.connection.close();
          })));
      check('$error'.contains('close()'), '$error');
      await inner;
      check(probe.connection.isOpen, 'still open');
      checkEqual(await probe.echo('after'), 'after');
    },
    'close ends what is open, and what comes after': () async {
      final other = ProbeApi.open(arguments[0]);
      final before = counters.disconnected;
      final pending = checkThrows<MbrDisconnected>(() => other.later(ms: 50, value: 1));
      other.connection.close();
      other.connection.close();
      checkEqual((await pending).method, 'probe.Probe.later');
      check(!other.connection.isOpen, 'is closed');
      checkEqual(other.connection.openCalls, 0, 'open calls');
      await checkThrows<MbrDisconnected>(() => other.echo('late'));
      await checkThrows<MbrDisconnected>(other.nudge);
      await checkThrows<MbrDisconnected>(() => other.numbers(3).toList());
      await eventually(() => counters.disconnected == before + 1, 'the disconnect hook ran');
      await eventually(() => counters.openJobs == 0, 'the late answer was given');
    },
    'many connections one after the other leave nothing behind': () async {
      for (var i = 0; i < 100; i++) {
        final other = ProbeApi.open(arguments[0]);
        checkEqual(await other.echo('$i'), '$i');
        other.connection.close();
        await eventually(() => counters.liveBlocks == blocks, 'the memory of connection $i is freed');
      }
    },
  });
}

/// A list that runs code of its own when it is read.
final class _Meddler extends ListBase<int> {
  _Meddler(this._meddle);

  final void Function() _meddle;

  @override
  int get length => 1;

  @override
  set length(int value) => throw UnsupportedError('length');

  @override
  int operator [](int index) {
    _meddle();
    return 1;
  }

  @override
  void operator []=(int index, int value) => throw UnsupportedError('[]=');
}
