/// Types of every kind over a real connection: generated Dart, generated C, and back. usage: echo.dart LIBRARY
library;

import 'dart:typed_data';

import 'package:echo/echo.dart';

import '../dart/harness.dart';

Future<void> main(List<String> arguments) async {
  EchoLibrary.path = arguments.single;
  final echo = EchoApi();

  final shapes = <Shape>[
    const ShapeDot(),
    const ShapeCircle(1.5),
    const ShapeBox(low: Point(x: -1, y: 0x7fffffff), high: Point(x: -0x80000000, y: 2)),
    const ShapeMany([ShapeDot(), ShapeMany([]), ShapeCircle(double.infinity)]),
  ];

  await runCases({
    'scalars arrive with their values': () async {
      checkEqual(
          await echo.scalars(
            a: true,
            b: -128,
            c: -32768,
            d: -2147483648,
            e: -0x8000000000000000,
            f: 255,
            g: 65535,
            h: 4294967295,
            i: (BigInt.one << 64) - BigInt.one,
            j: -1.5,
            k: 2.5e300,
            l: '🚗',
          ),
          '1 -128 -32768 -2147483648 -9223372036854775808 255 65535 4294967295 18446744073709551615 '
          '-1.5 2.5e+300 U+1F697');
    },
    'wide integers, exact': () async {
      for (final value in [BigInt.zero, BigInt.one << 63, (BigInt.one << 64) - BigInt.one]) {
        checkEqual(await echo.numberU64(value: value), value);
      }
      for (final value in [-(BigInt.one << 127), -BigInt.one, (BigInt.one << 127) - BigInt.one]) {
        checkEqual(await echo.numberI128(value: value), value);
      }
      checkEqual(await echo.numberU128(value: (BigInt.one << 128) - BigInt.one), (BigInt.one << 128) - BigInt.one);
      checkEqual((await checkThrows<MbrCodecException>(() => echo.numberU64(value: -BigInt.one))).status,
          MbrStatus.badRange);
    },
    'doubles at their extremes': () async {
      for (final value in [double.minPositive, double.maxFinite, -0.0, double.negativeInfinity]) {
        final answer = await echo.numberF64(value: value);
        checkEqual(answer, value);
        checkEqual(answer.isNegative, value.isNegative);
      }
      check((await echo.numberF64(value: double.nan)).isNaN, 'a NaN stays one');
    },
    'text, characters and bytes': () async {
      for (final value in ['', 'plain', 'Grüße, 世界, 🚗', 'nul \u0000 inside', 'x' * 100000]) {
        checkEqual(await echo.text(value: value), value);
      }
      for (final value in ['a', 'é', '世', '🚗', '\u{10ffff}']) {
        checkEqual(await echo.letter(value: value), value);
      }
      final bytes = Uint8List.fromList([for (var i = 0; i < 300; i++) i & 0xff]);
      checkEqual(await echo.data(value: bytes), bytes);
      checkEqual((await checkThrows<MbrCodecException>(() => echo.text(value: '\ud800'))).status, MbrStatus.badUtf8);
    },
    'uuid, timestamp, duration': () async {
      final id = MbrUuid.parse('123e4567-e89b-12d3-a456-426614174000');
      checkEqual(await echo.identity(value: id), id);
      final moment = DateTime.utc(2026, 11, 21, 12, 30, 15, 123, 456);
      checkEqual(await echo.moment(value: moment), moment);
      const span = Duration(days: -3, microseconds: 1);
      checkEqual(await echo.span(value: span), span);
    },
    'enums, open enums and flags': () async {
      for (final value in Colour.values) {
        checkEqual(await echo.colour(value: value), value);
      }
      checkEqual(await echo.level(value: Level.high), Level.high);
      final unknown = await echo.level(value: const Level(77));
      checkEqual(unknown.value, 77);
      check(!unknown.isKnown, 'a value without a member is kept, and known as such');
      checkEqual(await echo.doors(value: Doors.frontLeft | Doors.tail), Doors.frontLeft | Doors.tail);
      checkEqual((await echo.doors(value: const Doors(0xf0))).bits, 0xf0);
    },
    'optional arguments: none, low and high': () async {
      checkEqual(await echo.optional(), (null, null, null, null, null, null));
      final (a, b, c, d, e, f) = await echo.optional(
        a: -0x8000000000000000,
        b: double.minPositive,
        c: '',
        d: Colour.blue,
        e: const Point(x: 1, y: -1),
        f: Uint8List(0),
      );
      checkEqual([a, b, c, d, e], [-0x8000000000000000, double.minPositive, '', Colour.blue, const Point(x: 1, y: -1)]);
      checkEqual(f, Uint8List(0));
      final (high, _, _, _, _, _) = await echo.optional(a: 0x7fffffffffffffff);
      checkEqual(high, 0x7fffffffffffffff);
    },
    'lists of lists of optionals': () async {
      final value = <List<List<int?>?>>[
        [],
        [null, [], [null, 1, -1]],
        [
          [0x7fffffffffffffff],
        ],
      ];
      checkEqual(await echo.nested(value: value), value);
    },
    'a map of lists of unions': () async {
      final value = {'all': shapes, '': <Shape>[], 'ü': [const ShapeDot()]};
      final answer = await echo.tree(value: value);
      checkEqual(answer.keys.toList(), value.keys.toList());
      checkEqual(answer.values.toList(), value.values.toList());
    },
    'a recursive union, and one inside a declared error': () async {
      checkEqual(await echo.shape(value: shapes[2]), shapes[2]);
      final error = await checkThrows<EchoErrorRefused>(() => echo.shape(value: shapes[3]));
      checkEqual(error, EchoErrorRefused(why: 'too many', shape: shapes[3]));
    },
    'deeper than a recursive type may be': () async {
      Shape shape = const ShapeDot();
      for (var depth = 0; depth < 100; depth++) {
        shape = ShapeMany([shape]);
      }
      checkEqual((await checkThrows<MbrCodecException>(() => echo.shape(value: shape))).status, MbrStatus.tooDeep);
    },
    'tuples in lists, tuples and sets in maps': () async {
      final tuples = [(1, 'one', const Point(x: 1, y: 1)), (255, '', const Point(x: 0, y: 0))];
      checkEqual(await echo.tuples(value: tuples), tuples);
      final keys = {
        (1, Colour.red): {1, -1},
        (1, Colour.blue): <int>{},
      };
      final answer = await echo.keys(value: keys);
      checkEqual(answer.keys.toList(), keys.keys.toList());
      checkEqual([for (final set in answer.values) set.toList()], [for (final set in keys.values) set.toList()]);
    },
    'arrays and lists of numbers, structs, and nothing': () async {
      checkEqual(await echo.fixed(value: Float32List.fromList([1, -2.5, 0])), Float32List.fromList([1, -2.5, 0]));
      check(
          (await checkThrows<MbrCodecException>(() => echo.fixed(value: Float32List(2)))).status ==
              MbrStatus.badLength,
          'an array of another length is refused');
      final doubles = Float64List.fromList([for (var i = 0; i < 10000; i++) i / 3]);
      checkEqual(await echo.doubles(value: doubles), doubles);
      final points = [for (var i = 0; i < 3000; i++) Point(x: i, y: -i)];
      checkEqual(await echo.points(value: points), points);
      checkEqual(await echo.nothing(value: const Nothing()), const Nothing());
    },
    'a stream of unions': () async => checkEqual(await echo.shapes(value: shapes).toList(), shapes),
  });
}
