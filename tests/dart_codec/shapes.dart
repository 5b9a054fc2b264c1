/// Unions, tuples, sets, maps, times, wide numbers and recursion: equality, round trips, refusals.
library;

import 'dart:typed_data';

import 'package:shapes/shapes.dart';
import 'package:shapes/src/mbr/wire.dart';
import 'package:shapes/src/shapes_codec.dart';

import '../dart/harness.dart';

Shapes sample() => Shapes(
      span: (DateTime.utc(2020), const Duration(seconds: 1)),
      named: const [('a', 1), ('b', 2)],
      deep: (Uint8List.fromList([1, 2]), (true, ['x'])),
      tags: const {'b', 'a'},
      points: {const Point(x: 1, y: 2), const Point(x: -1, y: 0)},
      counts: const {'one': 1, 'two': 2},
      grids: {
        1: Float32List.fromList([1, 2])
      },
      small: -BigInt.one,
      large: (BigInt.one << 128) - BigInt.one,
      level: Level.high,
      sign: Signed.minus,
      cubes: const [
        [
          [1, null],
          null,
        ],
        [],
      ],
      since: DateTime.utc(1970),
      pair: (7, Uint8List.fromList([8])),
      big: BigInt.from(10),
      masks: const [true, false],
    );

T copied<T>(T value, void Function(MbrWriter writer, T value) encode, T Function(MbrReader reader) decode) {
  final writer = MbrWriter.onHeap(1);
  encode(writer, value);
  final reader = MbrReader(writer.data, 0, writer.offset);
  final copy = decode(reader);
  reader.finish();
  checkEqual(copy, value);
  checkEqual(copy.hashCode, value.hashCode, 'hash code');
  return copy;
}

void roundTrips() {
  final copy = copied(sample(), encodeShapes, decodeShapes);
  checkEqual((copy.letter, copy.wait), (r'$', const Duration(milliseconds: 500)));
  copied(sample().copyWith(deep: (Uint8List(0), null), pair: null), encodeShapes, decodeShapes);
  for (final shape in [
    const ShapeNone(),
    const ShapePoint(Point(x: 1, y: 2)),
    const ShapePolygon(corners: [Point(x: 0, y: 0)]),
    const ShapeGroup([ShapeNone(), ShapeGroup([]), ShapeLabel('é')]),
  ]) {
    copied<Shape>(shape, encodeShape, decodeShape);
  }
  for (final level in Level.values) {
    copied(level, encodeLevel, decodeLevel);
  }
  copied(Signed.minus, encodeSigned, decodeSigned);
}

void equality() {
  final changes = <Shapes Function(Shapes shapes)>[
    (s) => s.copyWith(span: (DateTime.utc(2021), const Duration(seconds: 1))),
    (s) => s.copyWith(named: const [('a', 1), ('b', 3)]),
    (s) => s.copyWith(deep: (Uint8List.fromList([1, 3]), (true, ['x']))),
    (s) => s.copyWith(deep: (Uint8List.fromList([1, 2]), (true, ['y']))),
    (s) => s.copyWith(deep: (Uint8List.fromList([1, 2]), null)),
    (s) => s.copyWith(tags: const {'b'}),
    (s) => s.copyWith(points: {const Point(x: 1, y: 2), const Point(x: -1, y: 1)}),
    (s) => s.copyWith(counts: const {'one': 1, 'two': 3}),
    (s) => s.copyWith(grids: {1: Float32List(2)}),
    (s) => s.copyWith(cubes: const []),
    (s) => s.copyWith(pair: null),
    (s) => s.copyWith(pair: (7, Uint8List.fromList([9]))),
    (s) => s.copyWith(masks: const [true, true]),
  ];
  checkEqual(sample(), sample());
  checkEqual(sample().hashCode, sample().hashCode, 'hash code');
  checkEqual(sample().copyWith(tags: const {'a', 'b'}), sample(), 'the order of a set');
  for (final (index, change) in changes.indexed) {
    check(change(sample()) != sample(), 'change $index takes part in ==');
  }
}

void arms() {
  String name(Shape shape) => switch (shape) {
        ShapeNone() => 'none',
        ShapePoint(:final point) => 'point ${point.x}',
        ShapePolygon(:final corners, :final closed) => 'polygon ${corners.length} $closed',
        ShapeGroup(:final group) => 'group of ${group.map(name).join(' and ')}',
        ShapeLabel(:final label) => label,
      };
  checkEqual(name(const ShapeGroup([ShapePoint(Point(x: 3, y: 0)), ShapePolygon(corners: [])])),
      'group of point 3 and polygon 0 true');
  checkEqual('${const ShapePoint(Point(x: 3, y: 0))}', 'ShapePoint(point: Point(x: 3, y: 0))');
  checkEqual(const ShapeLabel('a').copyWith(label: 'b'), const ShapeLabel('b'));
}

Future<void> refusals() async {
  Future<void> refuses(MbrStatus status, String path, Object? Function() body) async {
    final error = await checkThrows<MbrCodecException>(body);
    checkEqual((error.status, error.path), (status, path));
  }

  void encode(Shapes value) => encodeShapes(MbrWriter.onHeap(), value);
  Shape decode(List<int> bytes) =>
      decodeShape(MbrReader(ByteData.sublistView(Uint8List.fromList(bytes)), 0, bytes.length));
  await refuses(MbrStatus.badRange, 'Shapes.big', () => encode(sample().copyWith(big: BigInt.two)));
  await refuses(MbrStatus.badChar, 'Shapes.letter', () => encode(sample().copyWith(letter: 'ab')));
  await refuses(MbrStatus.badRange, 'Shapes.named[0]', () => encode(sample().copyWith(named: [('a', -1)])));
  await refuses(MbrStatus.badRange, 'Shapes.counts[1]', () =>
      encode(sample().copyWith(counts: {'a': 1, 'b': -1})));
  await refuses(MbrStatus.badLength, 'ShapeLabel.label',
      () => encodeShape(MbrWriter.onHeap(), const ShapeLabel('123456789')));
  await refuses(MbrStatus.badArm, 'Shape', () => decode([5, 0, 0, 0]));
}

Future<void> depth() async {
  Node chain(int length) => Node(name: '$length', children: length == 1 ? const [] : [chain(length - 1)]);
  copied(chain(3), encodeNode, decodeNode);
  final error = await checkThrows<MbrCodecException>(() => encodeNode(MbrWriter.onHeap(), chain(4)));
  checkEqual(error.status, MbrStatus.tooDeep);
  // By hand, what an encoder refuses to write.
  final writer = MbrWriter.onHeap();
  for (var i = 0; i < 4; i++) {
    writer
      ..writeString('n', '')
      ..writeLength(i < 3 ? 1 : 0, '');
  }
  final refused = await checkThrows<MbrCodecException>(() =>
      decodeNode(MbrReader(writer.data, 0, writer.offset)));
  checkEqual(refused.status, MbrStatus.tooDeep);
  // A failure leaves nothing behind: the same writer goes on at full depth.
  final again = MbrWriter.onHeap();
  await checkThrows<MbrCodecException>(() => encodeNode(again, chain(4)));
  encodeNode(again..offset = 0, chain(3));
}

void main() => runCases({
      'values come back': roundTrips,
      'equality is deep': equality,
      'unions are sealed': arms,
      'refusals': refusals,
      'depth is bounded': depth,
    });
