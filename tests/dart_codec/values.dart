/// The classes of the showcase: equality, hash codes, copies, text, constants.
library;

import 'dart:typed_data';

import 'package:cabin/cabin.dart' hide Duration;
import 'package:cabin/cabin_climate.dart' as climate show Duration;

import '../dart/harness.dart';
import 'samples.dart';

void equality() {
  checkEqual(sampleReading(), sampleReading());
  checkEqual(sampleReading().hashCode, sampleReading().hashCode, 'hash code');
  final changes = <Reading Function(Reading reading)>[
    (r) => r.copyWith(zone: 2),
    (r) => r.copyWith(celsius: 22),
    (r) => r.copyWith(label: 'other'),
    (r) => r.copyWith(label: null),
    (r) => r.copyWith(history: Float32List.fromList([1, 2])),
    (r) => r.copyWith(rgb: Uint8List.fromList([1, 2, 4])),
    // ignore: deprecated_member_use
    (r) => r.copyWith(previous: 2),
    (r) => r.copyWith(mode: Mode.off),
    (r) => r.copyWith(gear: Gear.park),
    (r) => r.copyWith(seat: const Position(row: 1, seat: 3)),
  ];
  for (final (index, change) in changes.indexed) {
    check(change(sampleReading()) != sampleReading(), 'change $index takes part in ==');
  }
  checkEqual(sampleReading().copyWith(), sampleReading());
}

void ieee() {
  final reading = sampleReading();
  final nan = reading.copyWith(celsius: double.nan);
  check(nan == nan, 'a value is itself');
  check(nan != reading.copyWith(celsius: double.nan), 'NaN equals nothing');
  final zero = reading.copyWith(celsius: 0, history: Float32List(1));
  final minus = reading.copyWith(celsius: -0.0, history: Float32List(1)..[0] = -0.0);
  checkEqual(zero, minus, 'zeros');
  checkEqual(zero.hashCode, minus.hashCode, 'hash code of zeros');
}

void deep() {
  checkEqual(sampleLists(), sampleLists());
  checkEqual(sampleLists().hashCode, sampleLists().hashCode, 'hash code');
  final lists = sampleLists();
  check(lists.copyWith(nested: [Int32List.fromList([1]), Int32List.fromList([2, 4])]) != lists,
      'a nested list');
  check(lists.copyWith(readings: [sampleReading().copyWith(zone: 3)]) != lists, 'a list of structs');
  check(lists.copyWith(optional: null) != lists, 'an optional list');
  check(lists.copyWith(optional: const []) != lists, 'an empty list');
  checkEqual(lists.copyWith(optional: const [climate.Duration(seconds: 4)]), lists);
}

void text() {
  checkEqual('${const Position(row: 1, seat: 2)}', 'Position(row: 1, seat: 2)');
  checkEqual('${const Empty()}', 'Empty()');
  checkEqual('${const ClimateErrorLimit(maxCelsius: 30)}', 'ClimateErrorLimit(maxCelsius: 30.0)');
  checkEqual('${sampleReading()}',
      'Reading(zone: 1, celsius: 21.5, label: front, history: [1.0, 2.5], rgb: [1, 2, 3], previous: null, '
      'mode: Mode.auto, gear: Gear.drive, seat: Position(row: 1, seat: 2))');
}

void constants() {
  const zones = maxZones;
  checkEqual((zones, targetDefault, product), (4, 21.5, "it's \$5\n"));
  checkEqual([for (final gear in Gear.values) gear.value], [0, 1, 8]);
  checkEqual(Mode.values, [Mode.off, Mode.auto, Mode.manual]);
  Zones ofAlias = Uint8List(1);
  checkEqual(ofAlias.length, 1);
  const value = Position(row: 1, seat: 2);
  check(identical(value, const Position(row: 1, seat: 2)), 'constructors are const');
}

void errors() {
  String name(ClimateError error) => switch (error) {
        ClimateErrorNotReady() => 'not ready',
        ClimateErrorLimit(:final maxCelsius) => 'limit $maxCelsius',
      };
  checkEqual(name(const ClimateErrorNotReady()), 'not ready');
  checkEqual(name(const ClimateErrorLimit(maxCelsius: 3)), 'limit 3.0');
  checkEqual(const ClimateErrorLimit(maxCelsius: 3), ClimateErrorLimit(maxCelsius: [3.0].single));
  check(const ClimateErrorNotReady() != const ClimateErrorLimit(maxCelsius: 3) as Object, 'arms differ');
  try {
    throw const RefusalLimit(min: 1, max: 2);
  } on Exception catch (error) {
    checkEqual(error, const RefusalLimit(min: 1, max: 2));
  }
}

void main() => runCases({
      'every field takes part in ==': equality,
      'doubles compare as IEEE 754 says': ieee,
      'equality is deep': deep,
      'text': text,
      'constants and enums': constants,
      'errors are sealed, and exceptions': errors,
    });
