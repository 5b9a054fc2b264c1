/// Sync methods: plain functions of scalars, and calls on this thread.
library;

import 'dart:async';

import 'package:calls/calls.dart';

import '../dart/harness.dart';

final DirectApi _direct = DirectApi();

final BigInt _most64 = (BigInt.one << 64) - BigInt.one;

final Map<String, FutureOr<void> Function()> direct = {
  'row 3: a synchronous call of scalars, leaf or not': () {
    checkEqual(_direct.add(a: -2, b: 5), 3);
    checkEqual(_direct.addLeaf(a: 0x7fffffff, b: 0), 0x7fffffff);
    _direct.poke();
  },
  'row 3: a synchronous call with a list of 100 structs': () {
    final points = [for (var i = 0; i < 100; i++) Point(x: i, y: -i)];
    checkEqual(_direct.mirror(points: points), points);
    final many = [for (var i = 0; i < 100000; i++) Point(x: i, y: -i)];
    checkEqual(_direct.mirror(points: many), many);
  },
  'scalars of every width arrive': () {
    checkEqual(
        _direct.widths(a: true, b: -1, c: -2, d: -3, e: 4, f: 5, g: 6, h: _most64, i: 1.5, j: 7.25),
        BigInt.from(1 - 1 - 2 - 3 + 4 + 5 + 6 - 1 + 1 + 7));
    checkEqual(_direct.wide(value: 0x7ffffffffffffffe), 0x7fffffffffffffff);
    checkEqual(_direct.letter(letter: '🚗'), '🚗');
    checkEqual(_direct.half(value: -9), -4.5);
    final at = DateTime.utc(2026, 11, 21, 12, 30, 15, 123, 456);
    const span = Duration(hours: 30);
    checkEqual(_direct.moment(at: at, span: -span), at.subtract(span));
  },
  'row 10: enums, open enums and flags as scalars': () {
    final gear = _direct.colour(
        colour: Colour.green, doors: Doors.left | Doors.right, level: Level.high, gear: Gear.reverse);
    checkEqual(gear, Gear.drive);
    final none = _direct.colour(
        colour: Colour.red, doors: const Doors(), level: const Level(9), gear: Gear.drive);
    checkEqual(none, Gear.park);
  },
  'what a scalar cannot hold is refused, with its place': () async {
    Future<void> refused(Object? Function() call, MbrStatus status, String path) async {
      final error = await checkThrows<MbrCodecException>(call);
      checkEqual((error.status, error.path), (status, path));
    }

    await refused(() => _direct.add(a: 0x80000000, b: 0), MbrStatus.badRange, 'Direct.add.a');
    await refused(() => _direct.add(a: 0, b: -0x80000001), MbrStatus.badRange, 'Direct.add.b');
    await refused(() => _direct.letter(letter: 'ab'), MbrStatus.badChar, 'Direct.letter.letter');
    await refused(() => _direct.letter(letter: '\ud800'), MbrStatus.badChar, 'Direct.letter.letter');
    await refused(() => _direct.half(value: 11), MbrStatus.badRange, 'Direct.half.value');
    await refused(() => _direct.half(value: double.nan), MbrStatus.badRange, 'Direct.half.value');
    await refused(() => _direct.wide(value: -1), MbrStatus.badRange, 'Direct.wide.value');
    await refused(() => _direct.wide(value: 0x7fffffffffffffff), MbrStatus.badRange, 'Direct.wide');
    await refused(
        () => _direct.colour(colour: Colour.red, doors: const Doors(256), level: Level.low, gear: Gear.park),
        MbrStatus.badRange,
        'Direct.colour.doors');
    await refused(_direct.badColour, MbrStatus.badEnum, 'Direct.badColour');
  },
  'errors and faults are thrown at once': () async {
    final error = await checkThrows<CallErrorRefused>(() => _direct.refuse(limit: 5));
    checkEqual(error, const CallErrorRefused(why: 'at once', limit: 5));
    checkEqual(_direct.count(value: 3), 2);
    await checkThrows<CallErrorGone>(() => _direct.count(value: 0));
    checkEqual((await checkThrows<MbrFault>(() => _direct.missing(text: ''))).code, MbrStatus.unimplemented);
    checkEqual((await checkThrows<MbrFault>(() => _direct.forget(text: ''))).code, MbrStatus.dropped);
  },
  'sync calls work while others are open, and in between': () async {
    final later = EndingsApi().later(value: 3);
    checkEqual(_direct.add(a: 1, b: 1), 2);
    checkEqual(_direct.mirror(points: const []), const <Point>[]);
    checkEqual(await later, 3);
  },
};
