/// Generated fakes stand in for services in an application's tests; no library, no connection.
library;

import 'dart:async';
import 'dart:typed_data';

import 'package:cabin/cabin.dart' hide Duration;
import 'package:cabin/cabin_testing.dart';

import '../dart/harness.dart';
import 'samples.dart';

/// Something of an application's: it depends on the interface.
final class Thermostat {
  Thermostat(this._climate);

  final Climate _climate;

  Future<String> warmUp() async {
    try {
      return 'set to ${await _climate.setTarget(zone: 0, celsius: 25)}';
    } on ClimateErrorLimit catch (error) {
      return 'refused above ${error.maxCelsius}';
    }
  }
}

Future<void> answers() async {
  final climate = ClimateFake();
  final thermostat = Thermostat(climate);
  climate.onSetTarget = ({required zone, required celsius}) => celsius - 1;
  checkEqual(await thermostat.warmUp(), 'set to 24.0');
  climate.onSetTarget = ({required zone, required celsius}) async => celsius;
  checkEqual(await thermostat.warmUp(), 'set to 25.0');
  climate.onSetTarget = ({required zone, required celsius}) => throw const ClimateErrorLimit(maxCelsius: 22);
  checkEqual(await thermostat.warmUp(), 'refused above 22.0');
}

Future<void> records() async {
  final climate = ClimateFake()
    ..onRename = ({required zone, required writer}) {}
    ..onWatch = (({required hz, required limit}) => const Stream.empty())
    ..onZones = () => Uint8List(0);
  await climate.rename(zone: 3);
  await climate.watch(limit: BigInt.one).drain<void>();
  await climate.watch(hz: 1).drain<void>();
  climate.nudge(zone: 4);
  await climate.zones();
  checkEqual(climate.calls, [
    const MbrFakeCall('rename', {'zone': 3, 'writer': null}),
    MbrFakeCall('watch', {'hz': 10, 'limit': BigInt.one}),
    MbrFakeCall('watch', {'hz': 1, 'limit': BigInt.from(5)}),
    const MbrFakeCall('nudge', {'zone': 4}),
    const MbrFakeCall('zones'),
  ]);
  checkEqual('${climate.calls[2]}', 'watch(hz: 1, limit: 5)');
  checkEqual(climate.calls.last.hashCode, const MbrFakeCall('zones').hashCode, 'hash code');
}

void recordsCompareByContent() {
  MbrFakeCall call(Object? value) => MbrFakeCall('m', {'value': value});
  for (final (a, b) in [
    (Uint8List(2), Uint8List(2)),
    (<Object>[<int>[1]], <Object>[<int>[1]]),
    ({1: <int>[2]}, {1: <int>[2]}),
    ({1, 2}, {2, 1}),
    (sampleReading(), sampleReading()),
  ]) {
    checkEqual(call(a), call(b));
  }
  for (final (a, b) in [
    (Uint8List(2), Uint8List(3)),
    ({1: <int>[2]}, {1: <int>[3]}),
    ({1: null}, {2: null}),
    ({1, 2}, {1, 3}),
    (1, null),
  ]) {
    check(call(a) != call(b), '$a and $b differ');
  }
  check(const MbrFakeCall('a') != const MbrFakeCall('b'), 'methods differ');
}

Future<void> streams() async {
  final controller = StreamController<Reading>();
  final climate = ClimateFake()..onWatch = ({required hz, required limit}) => controller.stream;
  final items = <Reading>[];
  final subscription = climate.watch().listen(items.add);
  controller.add(sampleReading());
  await eventually(() => items.length == 1, 'the item');
  await subscription.cancel();
  check(!controller.hasListener, 'the test sees the cancel');
  climate.onWatch = ({required hz, required limit}) => throw const ClimateErrorNotReady();
  await checkThrows<ClimateErrorNotReady>(() => climate.watch().drain<void>());
  climate.onImportLog = ({required lines, required mode}) => lines.length;
  checkEqual(await climate.importLog(lines: Stream.fromIterable(['a', 'b'])), 2);
}

/// Where a test has set no answer: as a method that nobody serves, in the way of its kind.
Future<void> unset() async {
  final climate = ClimateFake();
  Future<void> refused(FutureOr<Object?> Function() call, String method) async {
    final fault = await checkThrows<MbrFault>(call);
    checkEqual((fault.code, fault.method), (MbrStatus.unimplemented, 'cabin.climate.Climate.$method'));
  }

  final Object? future = climate.ping();
  await refused(() => future as Future<void>, 'ping');
  final stream = climate.knob(zone: 1);
  await refused(() => stream.drain<void>(), 'knob');
  await refused(climate.zoneCount, 'zone_count');
  await refused(() => climate.preset(name: ''), 'preset');
  climate.nudge(zone: 1);
  checkEqual(climate.calls.length, 5);
}

void sync() {
  final climate = ClimateFake()
    ..onZoneCount = (() => 4)
    ..onPreset = ({required name}) => name.isEmpty ? null : sampleReading();
  checkEqual(climate.zoneCount(), 4);
  checkEqual(climate.preset(name: ''), null);
  checkEqual(climate.preset(name: 'p'), sampleReading());
}

/// An answer may be another implementation's method.
Future<void> forwards() async {
  final inner = ClimateFake()
    ..onWatch = (({required hz, required limit}) => Stream.value(sampleReading()))
    ..onBlend = ({required zone, required share, required gear, required direct}) => direct;
  final outer = ClimateFake()
    ..onWatch = inner.watch
    ..onBlend = inner.blend;
  checkEqual(await outer.watch(hz: 3).single, sampleReading());
  checkEqual(outer.blend(zone: 1, share: 0, gear: Gear.park), Mode.auto);
  checkEqual(inner.calls.first, MbrFakeCall('watch', {'hz': 3, 'limit': BigInt.from(5)}));
}

Future<void> main() => runCases({
      'answers by value, Future and error': answers,
      'calls are recorded, defaults included': records,
      'records compare by content': recordsCompareByContent,
      'streams': streams,
      'sync methods': sync,
      'what is not set': unset,
      'answers of another implementation': forwards,
    });
