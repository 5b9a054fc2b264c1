/// Values of the showcase that several tests use.
library;

import 'dart:typed_data';

import 'package:cabin/cabin.dart' hide Duration;
import 'package:cabin/cabin_climate.dart' as climate show Duration;

Reading sampleReading() => Reading(
      zone: 1,
      celsius: 21.5,
      label: 'front',
      history: Float32List.fromList([1, 2.5]),
      rgb: Uint8List.fromList([1, 2, 3]),
      gear: Gear.drive,
      seat: const Position(row: 1, seat: 2),
    );

Vehicle sampleVehicle() => Vehicle(
      id: const MbrUuid(1, 2, 3, 0xffffffff),
      driven: 1 << 40,
      built: DateTime.utc(2024, 2, 29),
      tags: const {'b', 'a'},
      trips: const {9: Duration(seconds: 1)},
      owners: const {'x': [MbrUuid.nil]},
      last: const EventOdd(null),
      parts: const [],
    );

Numbers sampleNumbers() => Numbers(
      a: -128,
      b: -32768,
      c: -2147483648,
      d: -1,
      e: 255,
      f: 65535,
      g: 4294967295,
      h: (BigInt.one << 64) - BigInt.one,
      small: 5,
      int: 1.5,
      double: -0.0,
      class_: true,
      other: Uint8List.fromList([9]),
      writer: 7,
    );

Lists sampleLists() => Lists(
      names: const ['a', 'é'],
      readings: [sampleReading()],
      modes: const [Mode.manual, Mode.off],
      maybe: const [1, null],
      nested: [
        Int32List.fromList([1]),
        Int32List.fromList([2, 3])
      ],
      wide: [BigInt.two],
      shares: Float64List.fromList([0.5]),
      seats: const [Position(row: 1, seat: 1), Position(row: 1, seat: 2)],
      optional: const [climate.Duration(seconds: 4)],
    );
