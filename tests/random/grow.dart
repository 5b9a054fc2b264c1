/// Grows a random contract, a valid one. Knows nothing of how it is written.
library;

import 'dice.dart';
import 'schema.dart';
import 'words.dart';

/// Where a type stands: only what can be a key may be one, and only behind an optional, a list or a map, or
/// in an arm, may a type lead back to itself.
enum _Place { key, direct, indirect }

/// Where types of this weight stood within others by value, sizes would multiply.
const int _heavy = 30;

/// The namespaces of a contract, each before those that use it.
List<Space> growContract(Dice dice) {
  final (user, used) = dice.pick(spaceNames);
  final spaces = [if (dice.oneIn(2)) Space(used), Space(user)];
  final known = <Decl>[];
  for (final space in spaces) {
    _Grower(dice, space, known).grow(spaces.length == 1 ? 26 : 13);
  }
  _boundDepth(dice, known);
  return spaces;
}

/// A cycle of several types needs some depth for its smallest value already.
void _boundDepth(Dice dice, List<Decl> decls) {
  final cycles = Cycles(decls);
  for (final decl in decls.whereType<Composite>()) {
    decl.isRecursive = cycles.isRecursive(decl);
    if (!decl.isRecursive || dice.oneIn(3)) continue;
    final least = cycles.cycleOf(decl).length == 1 ? 1 : 32;
    decl.maxDepth = least + dice.below(dice.oneIn(2) ? 4 : 80);
  }
}

final class _Grower {
  _Grower(this.dice, this.space, this.known);

  final Dice dice;
  final Space space;

  /// Declarations of all namespaces that are complete.
  final List<Decl> known;

  /// Structs and unions of this namespace, complete or not.
  final List<Composite> promised = [];

  /// The one whose fields are made.
  Composite? _current;

  /// About how many values one value of a type holds, those of lists apart.
  final Map<Decl, int> _weights = {};

  int _weight(Type type) => switch (type.plain) {
        Optional(:final item) => _weight(item),
        Array(:final item, :final count) => count * _weight(item),
        Tuple(:final members) => members.fold(0, (sum, member) => sum + _weight(member)),
        Named(:final decl) => _weights[decl] ?? 1,
        _ => 1,
      };

  void grow(int count) {
    for (final name in dice.several(memberNames, 3)) {
      space.constants['${name}_max'] = dice.between(1, 9);
    }
    final names = dice.several(typeNames, count);
    String next() => names.removeLast();
    for (var i = 0; i < count ~/ 4; i++) {
      _declare(_enum(next()));
    }
    for (var i = 0; i < count ~/ 6; i++) {
      _declare(Alias(space, next(), _aliased()));
    }
    for (var i = 0; i < 2; i++) {
      final struct = Struct(space, next(), isKey: true);
      struct.fields = _fields(dice.below(4), _Place.key);
      _declare(struct);
    }
    promised.addAll([for (final name in names) _promise(name)]);
    for (final composite in promised) {
      _current = composite;
      switch (composite) {
        case Struct():
          final most = dice.oneIn(12) ? 60 : dice.oneIn(12) ? 0 : 8;
          composite.fields = _fields(dice.between(most > 0 ? 1 : 0, most), _Place.direct);
        case Union():
          composite.arms = _arms();
      }
      _declare(composite);
    }
    _current = null;
    _addMethods();
  }

  void _declare(Decl decl) {
    space.decls.add(decl);
    _weights[decl] = decl.types.fold(1, (sum, type) => sum + _weight(type));
    known.add(decl);
  }

  Composite _promise(String name) => dice.oneIn(3)
      ? Union(space, name, isError: dice.oneIn(3))
      : Struct(space, name, isKey: false);

  // Enums and flags.

  Enum _enum(String name) {
    final names = dice.several(memberNames, dice.between(1, 6));
    return switch (dice.below(5)) {
      0 => Enum(space, name, 'enum', null, names),
      1 => Enum(space, name, 'open enum', null, names),
      2 => _typed(name, 'enum', names),
      3 => _typed(name, 'open enum', names),
      _ => _flags(name, names),
    };
  }

  /// Some members count on from the one before, which must not be the largest.
  Enum _typed(String name, String kind, List<String> names) {
    final type = dice.pick(const ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64']);
    final least = leastOf(type), most = mostOf(type);
    final numbers = {
      ...[least, most, most - BigInt.one],
      for (final small in const [0, 5, 15, 25]) BigInt.from(small),
    };
    final free = dice.several(numbers.toList(), names.length);
    final members = <String>[];
    BigInt? last;
    for (final member in names) {
      final next = last == null ? BigInt.zero : last + BigInt.one;
      if (dice.oneIn(2) && next <= most && numbers.add(next)) {
        members.add(member);
        last = next;
      } else if (free.isNotEmpty) {
        last = free.removeLast();
        members.add('$member = ${_integer(last)}');
      }
    }
    return Enum(space, name, kind, type, members.isEmpty ? ['${names.first} = 1'] : members);
  }

  Enum _flags(String name, List<String> names) {
    final type = dice.pick(const ['u8', 'u16', 'u32', 'u64']);
    final top = BigInt.one << (bitsOf(type) - 1);
    // A getter `hasX` of each flag takes no other one's name: none begins with `has`.
    return Enum(space, name, 'flags', type, [
      ...names.take(5),
      if (names.length == 6) '${names.last} = ${_integer(top)}',
    ]);
  }

  String _integer(BigInt number) => number.isNegative || dice.oneIn(2)
      ? '$number'
      : dice.oneIn(4)
          ? '0b${number.toRadixString(2)}'
          : '0x${number.toRadixString(16)}';

  // Types.

  /// An alias of a type, mostly of a number with a range.
  Type _aliased() {
    if (dice.oneIn(3)) return _type(_Place.direct, 2);
    final number = _number();
    _limit(number);
    return number;
  }

  Scalar _number() => Scalar(dice.pick(
      const ['i8', 'i16', 'i32', 'i64', 'i128', 'u8', 'u16', 'u32', 'u64', 'u64', 'u128', 'f32', 'f64']));

  Type _scalar(_Place place) => switch (dice.below(8)) {
        0 => Text('string', _bound(12)),
        1 when place != _Place.key => Text('bytes', _bound(12)),
        2 => Scalar(dice.pick(const ['bool', 'char', 'uuid', 'timestamp', 'duration'])),
        _ when place == _Place.key => _hashable(),
        _ => _number(),
      };

  Scalar _hashable() {
    final scalar = _number();
    return scalar.isFloat ? Scalar('bool') : scalar;
  }

  int? _bound(int most) => dice.oneIn(2) ? dice.between(1, most) : null;

  Type _type(_Place place, int depth) {
    if (depth == 0) return dice.oneIn(2) ? _scalar(place) : _named(place);
    final inside = place == _Place.key ? place : _Place.indirect;
    return switch (dice.below(14)) {
      0 || 1 => _optional(inside, depth),
      2 => _tuple(place, depth),
      3 || 4 when place != _Place.key => Collection('list', _type(inside, depth - 1), bound: _bound(6)),
      5 when place != _Place.key => Collection('set', _type(_Place.key, depth - 1), bound: _bound(6)),
      6 when place != _Place.key => Collection('map', _type(inside, depth - 1),
          key: _type(_Place.key, depth - 1), bound: _bound(6)),
      7 when place != _Place.key => _array(_type(place, depth - 1)),
      8 when place != _Place.key => _numbers(),
      9 || 10 || 11 => _named(place),
      _ => _scalar(place),
    };
  }

  Type _array(Type item) =>
      _weight(item) < _heavy ? Array(item, dice.between(1, 4)) : Collection('list', item);

  /// A list or an array of numbers, which targets hold and copy in one piece.
  Type _numbers() => dice.oneIn(3)
      ? Array(_number(), dice.between(1, 12))
      : Collection('list', _number(), bound: _bound(40));

  Type _optional(_Place inside, int depth) {
    final item = _type(inside, depth - 1);
    return item.plain is Optional ? item : Optional(item);
  }

  Tuple _tuple(_Place place, int depth) =>
      Tuple([for (var i = dice.between(1, 4); i > 0; i--) _type(place, depth - 1)]);

  Type _named(_Place place) {
    final current = _current;
    if (place == _Place.indirect && current != null && dice.oneIn(4)) return Named(current);
    final choice = place == _Place.indirect && dice.oneIn(4)
        ? promised
        : known.where((decl) => place == _Place.key ? _isHashable(Named(decl)) : _isLight(decl)).toList();
    return choice.isEmpty ? _scalar(place) : Named(dice.pick(choice));
  }

  bool _isLight(Decl decl) => (_weights[decl] ?? 1) < _heavy;

  bool _isHashable(Type type) => switch (type.plain) {
        Scalar(:final isFloat) => !isFloat,
        Text(:final kind) => kind == 'string',
        Optional(:final item) => _isHashable(item),
        Tuple(:final members) => members.every(_isHashable),
        Named(:final decl) => decl is Enum || (decl is Struct && decl.isKey),
        _ => false,
      };

  /// Gives a number a range, or has it be an int in Dart.
  void _limit(Scalar number) {
    if (number.kind == 'u64' && dice.oneIn(2)) {
      number.isDartInt = true;
    } else if (number.isFloat) {
      final low = dice.pick(const ['-1.5', '0.1', '-40', '-1e30', '0.0']);
      final high = dice.pick(const ['0.1', '85.25', '1e30', '0.7', '3']);
      number.min = dice.oneIn(4) ? null : low;
      number.max = number.min == null || dice.oneIn(2) ? high : null;
    } else {
      final least = leastOf(number.kind), most = mostOf(number.kind);
      final low = dice.pick([least, least + BigInt.one, BigInt.zero, BigInt.from(3)]);
      final high = dice.pick([most, most - BigInt.one, BigInt.from(100), BigInt.from(3)]);
      number.min = dice.oneIn(4) ? null : '$low';
      number.max = number.min == null || dice.oneIn(2) ? _integer(high) : null;
    }
  }

  // Fields and arms.

  List<Field> _fields(int count, _Place place) =>
      [for (final name in dice.several(fieldNames, count)) _field(name, _type(place, 3))];

  Field _field(Name name, Type type) {
    final number = numberIn(type);
    if (number != null && dice.oneIn(3)) _limit(number);
    return Field(name, type, dice.oneIn(3) ? _default(type) : null);
  }

  String? _default(Type type) => switch (type.plain) {
        Optional(:final item) => dice.oneIn(2) ? 'none' : _default(item),
        Collection() || Text(kind: 'bytes') => '[]',
        Text(bound: final bound?) when bound < 8 => '"x"',
        Text() => r'"a$\"\u{e9}\n"',
        Scalar(kind: 'bool') => dice.pick(const ['true', 'false']),
        Scalar(kind: 'char') => r'"\u{1f600}"',
        Scalar(kind: 'timestamp') => '-8640000000000000000',
        Scalar(kind: 'duration') => dice.pick(const ['500ms', '2s', '1min', '0ms']),
        Scalar(kind: 'uuid') => null,
        final Scalar number => number.min ?? number.max ?? _plainNumber(number),
        Named(decl: Enum(:final name, :final memberNames, :final space)) =>
          space == this.space && dice.oneIn(2) ? '$name.${dice.pick(memberNames)}' : dice.pick(memberNames),
        _ => null,
      };

  String _plainNumber(Scalar number) => number.isInteger && dice.oneIn(2) && !number.isDartInt
      ? '${mostOf(number.kind)}'
      : number.isInteger
          ? dice.pick(space.constants.keys.toList())
          : dice.pick(const ['0.1', '-2.5', '1e20', '7']);

  /// C has `X_size` and `X_tag` already.
  static final List<Name> _armNames = [
    for (final name in fieldNames) if (name.mbr != 'size' && name.mbr != 'tag') name,
  ];

  List<Arm> _arms() {
    final names = dice.several(_armNames, dice.between(1, 7));
    // The first arm is the one that ends a recursion.
    final first = dice.oneIn(2) ? Arm(names.first) : Arm(names.first, type: _scalar(_Place.direct));
    return [first, for (final name in names.skip(1)) _arm(name)];
  }

  Arm _arm(Name name) => switch (dice.below(4)) {
        0 => Arm(name),
        1 => Arm(name, fields: _fields(dice.below(4), _Place.indirect)),
        _ => Arm(name, type: _type(_Place.indirect, 2)),
      };

  // Services: only that what is generated for them compiles.

  void _addMethods() {
    final errors = [for (final decl in known) if (decl is Union && decl.isError) decl];
    for (final name in dice.several(memberNames, dice.below(5))) {
      final isOneway = dice.oneIn(4);
      final isStream = dice.oneIn(3);
      final hasResult = !isOneway && (isStream || !dice.oneIn(4));
      space.methods.add(Method(
        isOneway ? 'oneway ' : '',
        name,
        _fields(dice.below(5), _Place.direct),
        hasResult ? (isStream ? 'stream ' : '', _type(_Place.direct, 2)) : null,
        isOneway || errors.isEmpty || dice.oneIn(2) ? null : dice.pick(errors),
      ));
    }
  }
}
