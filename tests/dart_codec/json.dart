/// Values as JSON: what they look like, that they come back, and what is no value.
library;

import 'dart:convert';
import 'dart:typed_data';

import 'package:marks/marks.dart';
import 'package:shapes/shapes.dart' as shapes;
import 'package:vectors/vectors.dart' as vectors;

import '../dart/harness.dart';

final id = MbrUuid.parse('00112233-4455-6677-8899-aabbccddeeff');

Object? throughText(Object? value) => jsonDecode(jsonEncode(value));

void comesBack<T>(T value, String text, T Function(Object? json) fromJson) {
  checkEqual(jsonEncode(value), text);
  checkEqual(fromJson(jsonDecode(text)), value);
}

void forms() {
  comesBack(
      Marks(
          doors: const Doors(0x41),
          bits: const Bits(-1),
          token: const Token(-2),
          id: id,
          state: const State(7)),
      '{"doors":["front_left",64],"bits":["low","pair","top","9223372036854775804"],"country":"germany",'
      '"state":7,"token":"18446744073709551614","id":"00112233-4455-6677-8899-aabbccddeeff","parent":null}',
      Marks.fromJson);
  comesBack(
      Counters(
          total: 0x20000000000000,
          some: Int64List.fromList([0x20000000000001]),
          few: Int64List(2),
          named: const {'a': 5},
          holes: const [null]),
      '{"total":9007199254740992,"some":["9007199254740993"],"few":[0,0],"maybe":null,"big":5,'
      '"named":{"a":5},"holes":[null]}',
      Counters.fromJson);
  comesBack(
      Keys(
          doors: {Doors.tail: 1},
          countries: {Country.germany, const Country(9)},
          ids: {id: 'x'},
          flags: const []),
      '{"doors":[[["tail"],1]],"countries":["germany",9],'
      '"ids":[["00112233-4455-6677-8899-aabbccddeeff","x"]],"flags":[]}',
      Keys.fromJson);
  comesBack(const Single(value: -double.infinity, values: [1.5, null], ranged: 0),
      '{"value":"-Infinity","values":[1.5,null],"ranged":0.0}', Single.fromJson);
  comesBack<shapes.Shape>(
      const shapes.ShapeGroup([shapes.ShapeNone(), shapes.ShapePolygon(corners: [shapes.Point(x: 1, y: 2)])]),
      '{"group":["none",{"polygon":{"corners":[{"x":1,"y":2}],"closed":true}}]}',
      shapes.Shape.fromJson);
  comesBack(vectors.Delta.minusTwo, '"minus_two"', vectors.Delta.fromJson);
  comesBack(
      vectors.Times(at: DateTime.utc(2020, 2, 29, 1, 2, 3, 4, 5), took: const Duration(microseconds: -7)),
      '{"at":"2020-02-29T01:02:03.004005Z","took":-7}',
      vectors.Times.fromJson);
  comesBack(vectors.Blob(blob: Uint8List.fromList([1, 2, 255])), '{"blob":"AQL/"}', vectors.Blob.fromJson);
}

void wideShapes() {
  final value = shapes.Shapes(
    span: (DateTime.utc(1), const Duration(hours: 1)),
    named: const [('a', 1)],
    deep: (Uint8List(1), (true, ['x'])),
    tags: const {'b', 'a'},
    points: {const shapes.Point(x: 1, y: 2)},
    counts: const {'one': 1},
    grids: {1: Float32List(2)},
    small: -(BigInt.one << 127),
    large: (BigInt.one << 128) - BigInt.one,
    level: shapes.Level.high,
    sign: shapes.Signed.minus,
    cubes: const [
      [
        [1, null],
        null,
      ],
    ],
    since: DateTime.utc(-5),
    big: BigInt.from(10),
    masks: const [true, false],
  );
  checkEqual(shapes.Shapes.fromJson(throughText(value)), value);
}

/// A change to the JSON of a value, and the place and words of the complaint.
Future<void> refuses<T>(T Function(Object? json) fromJson, Object? json, String path, String words) async {
  // Each package has an exception of its own; they have this in common.
  final error = await checkThrows<FormatException>(() => fromJson(json));
  check('$error'.startsWith('MbrJsonException: $path: '), '$error');
  check(error.message.contains(words), '$path: ${error.message}');
}

Future<void> refusals() async {
  final typed = await checkThrows<MbrJsonException>(() => Leaf.fromJson(const {'total': 300}));
  checkEqual((typed.path, typed.source), ('Leaf.total', 300));
  Map<String, Object?> leaf([Map<String, Object?> changes = const {}]) =>
      {'total': 1, 'mode': 'bits', 'text': '', 'doors': <Object?>[], ...changes};
  final good = leaf();
  checkEqual(Leaf.fromJson(good).mode, Words.bits_);
  await refuses(Leaf.fromJson, null, 'Leaf', 'an object is missing');
  await refuses(Leaf.fromJson, 5, 'Leaf', 'not an object');
  await refuses(Leaf.fromJson, leaf({'more': 1}), 'Leaf.more', 'no such field');
  await refuses(Leaf.fromJson, {...good}..remove('total'), 'Leaf.total', 'is missing');
  await refuses(Leaf.fromJson, leaf({'total': 256}), 'Leaf.total', 'from 0 to 255');
  await refuses(Leaf.fromJson, leaf({'total': 1.5}), 'Leaf.total', 'whole number');
  await refuses(Leaf.fromJson, leaf({'total': '1'}), 'Leaf.total', 'whole number');
  await refuses(Leaf.fromJson, leaf({'mode': 'Bits'}), 'Leaf.mode', 'a name');
  await refuses(Leaf.fromJson, leaf({'text': 'xyz'}), 'Leaf.text', '2 bytes');
  await refuses(Leaf.fromJson, leaf({'text': '\ud800'}), 'Leaf.text', 'surrogate');
  await refuses(Leaf.fromJson, leaf({'doors': ['germany', 'gemany']}), 'Leaf.doors[1]', 'whole number');
  await refuses(Leaf.fromJson, leaf({'doors': [65536]}), 'Leaf.doors[0]', '65535');
  await refuses(
      Branch.fromJson, {'left': good, 'right': leaf({'total': -1})}, 'Branch.right.total', 'from 0');
  await refuses(Twig.fromJson, 'leaf', 'Twig.leaf', 'not an object');
  await refuses(Twig.fromJson, {'bare': null}, 'Twig.bare', 'holds nothing');
  await refuses(Twig.fromJson, {'leaf': good, 'bare': null}, 'Twig', 'an object of one');
  await refuses(Twig.fromJson, 'twig', 'Twig', 'no such arm');
  await refuses(Twig.fromJson, {'pair': [good]}, 'Twig.pair', '2 items');
  await refuses(Twig.fromJson, {'grown': {'by': {'left': 1}}}, 'Twig.grown.by.left', 'object');
  await refuses(Doors.fromJson, ['front_left', 256], 'Doors[1]', '255');
  await refuses(Bits.fromJson, ['18446744073709551616'], 'Bits[0]', '18446744073709551615');
  const single = {'value': 0, 'values': <Object?>[], 'ranged': 0};
  await refuses(Single.fromJson, {...single, 'value': 1e39}, 'Single.value', 'single');
  await refuses(Single.fromJson, {...single, 'ranged': 'NaN'}, 'Single.ranged', 'from 0');
  await refuses(vectors.Arms.fromJson, 'maybe', 'Arms.maybe', 'whole number');
  const keys = {'doors': <Object?>[], 'countries': <Object?>[], 'ids': <Object?>[], 'flags': <Object?>[]};
  await refuses(Keys.fromJson, {...keys, 'countries': ['germany', 276]}, 'Keys.countries[1]', 'twice');
  await refuses(Keys.fromJson, {...keys, 'doors': [[[], 1], [[0], 2]]}, 'Keys.doors[1]', 'twice');
  await refuses(Keys.fromJson, {...keys, 'doors': [[[]]]}, 'Keys.doors[0]', 'a key and its value');
  await refuses(Keys.fromJson, {...keys, 'ids': [['x', 'y']]}, 'Keys.ids[0][0]', 'UUID');
  await refuses(Keys.fromJson, {...keys, 'flags': [[], [], []]}, 'Keys.flags', 'more than 2');
  const times = ['2020-13-01T00:00:00Z', '2020-01-01', '2020-01-01T00:00:00', '2020-01-01 00:00:00Z', '', 5];
  for (final time in times) {
    await refuses(vectors.Times.fromJson, {'at': time, 'took': 0}, 'Times.at', 'time');
  }
  await refuses(vectors.Blob.fromJson, {'blob': '*'}, 'Blob.blob', 'base64');
  await refuses(vectors.Letter.fromJson, {'letter': 'ab', 'tail': 0}, 'Letter.letter', 'character');
  await refuses(vectors.Letter.fromJson, {'letter': '\udfff', 'tail': 0}, 'Letter.letter', 'surrogate');
}

void main() => runCases({
      'forms': forms,
      'values of every shape come back': wideShapes,
      'what is no value is refused, and where': refusals,
    });
