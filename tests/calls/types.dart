/// Types of every kind on their way to C and back.
library;

import 'dart:async';
import 'dart:typed_data';

import 'package:calls/calls.dart';
import 'package:calls/calls_other.dart' as other;

import '../dart/harness.dart';

final TypesApi _types = TypesApi();

BigInt _power(int exponent) => BigInt.one << exponent;

Scalars _scalars({required bool isLow}) => Scalars(
      a: !isLow,
      b: isLow ? -0x80 : 0x7f,
      c: isLow ? -0x8000 : 0x7fff,
      d: isLow ? -0x80000000 : 0x7fffffff,
      e: isLow ? -0x8000000000000000 : 0x7fffffffffffffff,
      f: isLow ? -_power(127) : _power(127) - BigInt.one,
      g: isLow ? 0 : 0xff,
      h: isLow ? 0 : 0xffff,
      i: isLow ? 0 : 0xffffffff,
      j: isLow ? BigInt.zero : _power(64) - BigInt.one,
      k: isLow ? BigInt.zero : _power(128) - BigInt.one,
      l: isLow ? -3.4028234663852886e38 : 3.4028234663852886e38,
      m: isLow ? -double.maxFinite : double.minPositive,
      n: isLow ? '\u0000' : '\u{10ffff}',
      text: isLow ? '' : 'Grüße, 世界, 🚗',
      data: isLow ? Uint8List(0) : Uint8List.fromList([0, 0xff, 0x80]),
      id: isLow ? MbrUuid.nil : MbrUuid.parse('ffffffff-ffff-ffff-ffff-ffffffffffff'),
      at: isLow ? DateTime.utc(-9999) : DateTime.utc(9999, 12, 31, 23, 59, 59, 999, 999),
      span: Duration(microseconds: isLow ? -0x8000000000000000 : 0x7fffffffffffffff),
    );

Lists _lists() => Lists(
      structs: const [Point(x: 1, y: -1), Point(x: 0, y: 0)],
      strings: const ['', 'ü', '🚗'],
      bools: const [true, false],
      i8s: Int8List.fromList([-128, 127]),
      i16s: Int16List.fromList([-32768, 32767]),
      i32s: Int32List.fromList([-0x80000000, 0x7fffffff]),
      i64s: Int64List.fromList([-0x8000000000000000, 0x7fffffffffffffff]),
      u8s: Uint8List.fromList([255]),
      u16s: Uint16List.fromList([65535]),
      u32s: Uint32List.fromList([0xffffffff]),
      u64s: [_power(64) - BigInt.one],
      i128s: [-_power(127), _power(127) - BigInt.one],
      u128s: [_power(128) - BigInt.one, BigInt.zero],
      f32s: Float32List.fromList([1.5, -0.0]),
      f64s: Float64List.fromList([double.infinity, double.minPositive]),
      lists: const [
        [],
        ['a', 'b'],
      ],
      maybeStructs: const [null, Point(x: 1, y: 2)],
      maybeStrings: const ['a', null],
      maybeBools: const [true, null, false],
      maybeLists: const [
        null,
        [],
        ['a'],
      ],
      maybeI8s: const [null, -0x80, 0x7f],
      maybeI16s: const [-0x8000, null, 0x7fff],
      maybeI32s: const [-0x80000000, 0x7fffffff, null],
      maybeI64s: const [null, 0x7fffffffffffffff, -0x8000000000000000],
      maybeI128s: [null, -_power(127), _power(127) - BigInt.one],
      maybeU8s: const [0xff, null, 0],
      maybeU16s: const [null, 0xffff],
      maybeU32s: const [0xffffffff, null],
      maybeU64s: [null, _power(64) - BigInt.one, BigInt.zero],
      maybeU128s: [_power(128) - BigInt.one, null],
      maybeF32s: const [null, 1.5, -3.4028234663852886e38],
      maybeF64s: const [double.maxFinite, null, double.minPositive],
      deep: const [
        [],
        [
          null,
          [],
          [null, 1],
        ],
      ],
    );

/// Built anew each time, as what is const and the same is equal without being compared. [last] is the number
/// deepest in the field that [at] names; it is 9 in the others.
Nest _nest([String at = '', int last = 9]) {
  int of(String field) => field == at ? last : 9;
  Point point(String field) => Point(x: 1, y: of(field));
  Shape shape(String field) => ShapeGroup([const ShapeNothing(), ShapeLabel(text: 'ü', at: point(field))]);
  return Nest(
    lists: [
      [],
      [
        [],
        [point('lists')],
      ],
    ],
    maps: {
      'ü': [
        {1: null, 2: point('maps')},
        {},
      ],
      '': [],
    },
    sets: {
      (1, Gear.park): {'a', '${of('sets')}'},
      (1, Gear.drive): {},
    },
    tuples: [(0, null), (1, ('b', shape('tuples')))],
    arrays: [
      [],
      [point('arrays')],
    ],
    shape: shape('shape'),
    blobs: [
      Uint8List(0),
      Uint8List.fromList([1, of('blobs')]),
    ],
    scalars: _scalars(isLow: false).copyWith(g: of('scalars')),
    gears: {Gear.reverse, if (of('gears') == 9) Gear.drive},
    level: Level(of('level')),
    doors: of('doors') == 9 ? Doors.left : Doors.right,
    row: Position(row: of('row')),
  );
}

/// Copies with one field of another, by its name.
final Map<String, Nest Function(Nest nest, Nest other)> _copies = {
  'lists': (nest, other) => nest.copyWith(lists: other.lists),
  'maps': (nest, other) => nest.copyWith(maps: other.maps),
  'sets': (nest, other) => nest.copyWith(sets: other.sets),
  'tuples': (nest, other) => nest.copyWith(tuples: other.tuples),
  'arrays': (nest, other) => nest.copyWith(arrays: other.arrays),
  'shape': (nest, other) => nest.copyWith(shape: other.shape),
  'blobs': (nest, other) => nest.copyWith(blobs: other.blobs),
  'scalars': (nest, other) => nest.copyWith(scalars: other.scalars),
  'gears': (nest, other) => nest.copyWith(gears: other.gears),
  'level': (nest, other) => nest.copyWith(level: other.level),
  'doors': (nest, other) => nest.copyWith(doors: other.doors),
  'row': (nest, other) => nest.copyWith(row: other.row),
};

final Map<String, FutureOr<void> Function()> types = {
  'row 4: names that are keywords': () async {
    const words = Words(type: 1, class_: 'x', switch_: true);
    final changed = await _types.words(type: 7, class_: 'c', switch_: words);
    checkEqual(changed, words.copyWith(type: 7, class_: 'c'));
  },
  'row 5: optional arguments, absent, low and high': () async {
    checkEqual(await _types.optional(), (null, null, null));
    const low = (-0x8000000000000000, double.minPositive, Position(row: 0));
    checkEqual(await _types.optional(a: low.$1, b: low.$2, position: low.$3), low);
    const high = (0x7fffffffffffffff, double.maxFinite, Position(row: 255, column: 255));
    checkEqual(await _types.optional(a: high.$1, b: high.$2, position: high.$3), high);
  },
  'row 6: results of every width': () async {
    checkEqual(await _types.aBool(), true);
    checkEqual([await _types.anI8(), await _types.anI16(), await _types.anI32(), await _types.anI64()],
        [-0x80, -0x8000, -0x80000000, -0x8000000000000000]);
    checkEqual([await _types.aU8(), await _types.aU16(), await _types.aU32()], [0xff, 0xffff, 0xffffffff]);
    checkEqual([await _types.anI128(), await _types.aU64(), await _types.aU128()],
        [-_power(127), _power(64) - BigInt.one, _power(128) - BigInt.one]);
    checkEqual([await _types.anF32(), await _types.anF64()], [3.4028234663852886e38, double.maxFinite]);
    checkEqual(await _types.aChar(), '🚗');
    await EndingsApi().nothing();
  },
  'row 8: 3,000 items inside a struct': () async {
    final many = await _types.many(count: 3000);
    final points = [for (var i = 0; i < 3000; i++) Point(x: i, y: -i)];
    checkEqual(many, Many(items: points, total: BigInt.from(3000)));
  },
  'row 8: every scalar at its extremes': () async {
    for (final isLow in [true, false]) {
      checkEqual(await _types.scalars(value: _scalars(isLow: isLow)), _scalars(isLow: isLow));
    }
  },
  'row 8: bytes, few and many, written in place': () async {
    for (final size in [0, 1, 1000, 5000000]) {
      final data = await _types.blob(size: size);
      checkEqual(data.length, size);
      for (var i = 0; i < size; i += 1 + size ~/ 1000) {
        checkEqual(data[i], (i * 7) & 0xff);
      }
    }
  },
  'row 9: lists of everything': () async => checkEqual(await _types.lists(value: _lists()), _lists()),
  'row 10: enums, optional or not': () async {
    checkEqual(await _types.colour(), Colour.blue);
    for (final colour in Colour.values) {
      checkEqual(await _types.colour(colour: colour), colour);
    }
  },
  'row 10: a recursive union with arms of structs': () async {
    const shape = ShapeGroup([
      ShapeDot(Point(x: 1, y: 2)),
      ShapeGroup([ShapeNothing(), ShapeLabel(text: 'here', at: Point(x: 3, y: 4))]),
      ShapeLabel(text: ''),
    ]);
    checkEqual(await _types.shape(shape: shape), shape);
  },
  'row 10: tuples inside lists': () async {
    const pairs = [(0, ''), (255, 'last')];
    checkEqual(await _types.pairs(pairs: pairs), pairs);
  },
  'row 11: types of another namespace, used by two at once': () async {
    const position = Position(row: 3);
    final moved = await other.TypesApi().place(position: position, colour: Colour.green);
    checkEqual(moved, const Position(row: 3, column: 1));
    final (_, _, again) = await _types.optional(position: moved);
    checkEqual(again, moved);
  },
  'row 16: ==, hashCode, copyWith and toString of what came back': () async {
    final lists = await _types.lists(value: _lists());
    checkEqual(lists.hashCode, _lists().hashCode);
    checkEqual('$lists', '${_lists()}');
    final changed = lists.copyWith(strings: ['other']);
    check(changed != lists && changed.copyWith(strings: lists.strings) == lists, 'copyWith');
    final scalars = await _types.scalars(value: _scalars(isLow: true));
    checkEqual(scalars.hashCode, _scalars(isLow: true).hashCode);
  },
  'row 16: the same of maps, sets, unions and tuples, deep within each other': () async {
    final nest = await _types.nest(value: _nest());
    checkEqual(nest, _nest());
    checkEqual(nest.hashCode, _nest().hashCode);
    checkEqual('$nest', '${_nest()}');
    for (final MapEntry(key: field, value: copy) in _copies.entries) {
      final other = await _types.nest(value: _nest(field, 1));
      check(other != nest && nest != other, '$field: ==');
      check(other.hashCode != nest.hashCode, '$field: hashCode');
      check('$other' != '$nest', '$field: toString');
      checkEqual(copy(nest, other), _nest(field, 1), '$field: copyWith');
    }
    checkEqual(nest.copyWith(scalars: null).scalars, null);
  },
};
