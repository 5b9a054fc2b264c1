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
      f32s: Float32List.fromList([1.5, -0.0]),
      f64s: Float64List.fromList([double.infinity, double.minPositive]),
      lists: const [
        [],
        ['a', 'b'],
      ],
      maybeStructs: const [null, Point(x: 1, y: 2)],
      maybeStrings: const ['a', null],
      maybeNumbers: const [null, 0x7fffffffffffffff, -0x8000000000000000],
      deep: const [
        [],
        [
          null,
          [],
          [null, 1],
        ],
      ],
    );

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
};
