/// Random values of the built-in types, extremes first of all, for the makers that tables.dart writes. Knows
/// no contract.
library;

import 'dart:typed_data';

import 'package:contract/src/mbr/uuid.dart';

import 'dice.dart';

/// A value of a recursive type would be nested too deeply; whoever could do without it does.
final class _TooDeep implements Exception {
  const _TooDeep();
}

/// How a value branches: few parts, many, or one path far down.
enum _Shape { bare, bushy, deep }

final class Maker {
  /// The value keeps the limits that its maker tells, unless it is to break one: the one at [brokenLimit].
  Maker(this._dice, {int? brokenLimit})
      : _brokenLimit = brokenLimit,
        _shape = _dice.pick(const [_Shape.bare, _Shape.bushy, _Shape.bushy, _Shape.deep]),
        _rest = 40 << _dice.below(5);

  final Dice _dice;
  final _Shape _shape;

  /// How many parts the value may still have before it is brought to an end.
  int _rest;

  /// How many values of the types of a cycle are open.
  final Map<String, int> _depths = {};

  final int? _brokenLimit;

  /// How many limits the value has kept so far, which it could have broken.
  int limits = 0;

  bool get _breaks => limits++ == _brokenLimit;

  /// Is there a NaN in the value, which equals nothing?
  bool hasNan = false;

  bool oneIn(int many) => _dice.oneIn(many);

  T pick<T>(List<T> items) => _dice.pick(items);

  // What holds others.

  bool get _isOver => _rest-- <= 0;

  T nest<T>(String cycle, int maxDepth, T Function() make) {
    final depth = _depths[cycle] ?? 0;
    if (depth >= maxDepth && !_breaks) throw const _TooDeep();
    _depths[cycle] = depth + 1;
    try {
      return make();
    } finally {
      _depths[cycle] = depth;
    }
  }

  T? optional<T extends Object>(T Function() make) {
    final isThere = switch (_shape) {
      _Shape.bare => oneIn(4),
      _Shape.bushy => oneIn(2),
      _Shape.deep => !oneIn(8),
    };
    if (_isOver || !isThere) return null;
    try {
      return make();
    } on _TooDeep {
      return null;
    }
  }

  /// The first arm, a small one, ends a recursion.
  T arm<T>(List<T Function()> arms) {
    final choice = _isOver ? arms.first : pick(arms);
    try {
      return choice();
    } on _TooDeep {
      return arms.first();
    }
  }

  int _count(int? bound) {
    if (bound != null && _breaks) return bound + 1;
    if (_isOver) return 0;
    final wanted = switch (_shape) {
      _Shape.bare => _dice.below(2),
      _Shape.bushy => oneIn(8) ? _dice.below(40) : _dice.below(5),
      _Shape.deep => oneIn(6) ? 2 : 1,
    };
    final isFull = bound != null && bound <= _rest && oneIn(4);
    return isFull || (bound != null && wanted > bound) ? bound : wanted;
  }

  List<T> array<T>(int count, T Function() make) => [for (var i = 0; i < count; i++) make()];

  /// Calls [add] so many times as a list may have items, or until there is no way further down.
  void _repeat(int? bound, void Function() add) {
    try {
      for (var i = _count(bound); i > 0; i--) {
        _rest--;
        add();
      }
    } on _TooDeep {
      // What there is is enough.
    }
  }

  List<T> list<T>(int? bound, T Function() make) {
    final items = <T>[];
    _repeat(bound, () => items.add(make()));
    return items;
  }

  Set<T> set<T>(int? bound, T Function() make) {
    final items = <T>{};
    _repeat(bound, () => items.add(make()));
    return items;
  }

  Map<K, V> map<K, V>(int? bound, K Function() makeKey, V Function() makeValue) {
    final items = <K, V>{};
    _repeat(bound, () {
      final key = makeKey();
      items[key] = makeValue();
    });
    return items;
  }

  // Numbers.

  bool boolean() => oneIn(2);

  /// Of the numbers [outside] of the limits one breaks them.
  int integer(int min, int max, {List<int> outside = const []}) {
    if (outside.isNotEmpty && _breaks) return pick(outside);
    final wanted = switch (_dice.below(8)) {
      0 => min,
      1 => max,
      2 => 0,
      3 => _dice.between(-3, 16),
      4 => (1 << _dice.below(64)) - _dice.below(2),
      5 => -(1 << _dice.below(64)),
      _ => _dice.next64(),
    };
    if (wanted >= min && wanted <= max) return wanted;
    final positive = wanted & 0x7fffffffffffffff;
    final span = max - min + 1;
    // A span that is no int is wider than any positive number.
    return min + (span > 0 ? positive % span : positive);
  }

  BigInt big(String first, String last, {List<String> outside = const []}) {
    if (outside.isNotEmpty && _breaks) return BigInt.parse(pick(outside));
    final min = BigInt.parse(first), max = BigInt.parse(last);
    final wanted = switch (_dice.below(8)) {
      0 => min,
      1 => max,
      2 => BigInt.zero,
      3 => BigInt.from(_dice.between(-3, 16)),
      4 => (BigInt.one << _dice.below(129)) - BigInt.from(_dice.below(2)),
      5 => -(BigInt.one << _dice.below(128)),
      _ => BigInt.from(_dice.next64()) << 64 | BigInt.from(_dice.next64()).toUnsigned(64),
    };
    return wanted >= min && wanted <= max ? wanted : min + wanted % (max - min + BigInt.one);
  }

  double f32({double? min, double? max}) {
    final wanted = _real(const [1.401298464324817e-45, 1.1754943508222875e-38, 3.4028234663852886e38],
        _single(_dice.next32()), min, max);
    return (Float32List(1)..[0] = wanted)[0];
  }

  double f64({double? min, double? max}) => _real(
      const [5e-324, 2.2250738585072014e-308, 1.7976931348623157e308],
      (ByteData(8)..setInt64(0, _dice.next64())).getFloat64(0),
      min,
      max);

  double _single(int bits) => (ByteData(4)..setUint32(0, bits)).getFloat32(0);

  double _real(List<double> extremes, double random, double? min, double? max) {
    if ((min != null || max != null) && _breaks) {
      return pick([double.nan, if (max != null) double.infinity, if (min != null) double.negativeInfinity]);
    }
    final wanted = switch (_dice.below(8)) {
      0 => min ?? double.negativeInfinity,
      1 => max ?? double.infinity,
      2 => pick(const [0.0, -0.0, 1.0, -1.5, double.infinity, double.nan]),
      3 => (oneIn(2) ? 1.0 : -1.0) * pick(extremes),
      4 => _dice.between(-1000, 1000) / 8,
      _ => random,
    };
    final isIn = (min == null || wanted >= min) && (max == null || wanted <= max);
    final value = isIn ? wanted : min ?? max!;
    if (value.isNaN) hasNan = true;
    return value;
  }

  DateTime timestamp() => DateTime.fromMicrosecondsSinceEpoch(
      integer(-8640000000000000000, 8640000000000000000),
      isUtc: true);

  Duration duration() => Duration(microseconds: integer(-0x8000000000000000, 0x7fffffffffffffff));

  // Text and bytes.

  int _rune() {
    const edges = [0, 0x24, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xffff, 0x10000, 0x10ffff];
    final rune = switch (_dice.below(6)) {
      0 => pick(edges),
      1 => _dice.below(0x110000),
      2 => _dice.below(0x800),
      _ => _dice.between(0x20, 0x7e),
    };
    return rune & 0x1ff800 == 0xd800 ? 0xfffd : rune;
  }

  String char() => String.fromCharCode(_rune());

  int _size(int? bound) {
    if (bound != null && _breaks) return bound + 1;
    return bound != null && oneIn(3) ? bound : _dice.below((bound ?? 20) + 1);
  }

  String string([int? bound]) {
    final runes = <int>[];
    for (var rest = _size(bound); rest > 0;) {
      final rune = _rune();
      final size = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
      runes.add(size <= rest ? rune : 0x61);
      rest -= size <= rest ? size : 1;
    }
    return String.fromCharCodes(runes);
  }

  MbrUuid uuid() => oneIn(4) ? MbrUuid.nil : MbrUuid.fromBytes(array(16, () => _dice.below(256)));

  Uint8List bytes([int? bound]) => Uint8List.fromList(array(_size(bound), () => _dice.below(256)));
}
