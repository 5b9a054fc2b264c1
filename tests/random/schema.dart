/// A contract as the generator thinks of it: declarations and their types, and what follows from them alone.
/// Knows neither how they are written nor how they come about.
library;

/// The Dart class of a list of each kind of number that has one.
const Map<String, String> typedLists = {
  'i8': 'Int8List',
  'i16': 'Int16List',
  'i32': 'Int32List',
  'i64': 'Int64List',
  'u8': 'Uint8List',
  'u16': 'Uint16List',
  'u32': 'Uint32List',
  'f32': 'Float32List',
  'f64': 'Float64List',
};

/// Bits of the integer type [kind]; 0 for any other type.
int bitsOf(String kind) => int.tryParse(kind.substring(1)) == null || kind.startsWith('f')
    ? 0
    : int.parse(kind.substring(1));

bool isSigned(String kind) => kind.startsWith('i');

BigInt leastOf(String kind) => isSigned(kind) ? -(BigInt.one << (bitsOf(kind) - 1)) : BigInt.zero;

BigInt mostOf(String kind) => (BigInt.one << (bitsOf(kind) - (isSigned(kind) ? 1 : 0))) - BigInt.one;

sealed class Type {
  const Type();

  /// The type itself, where this is an alias of it.
  Type get plain => this;

  /// Types that this one consists of.
  List<Type> get parts => const [];
}

/// A built-in type without parts. Numbers may have a range, in the words of the contract.
final class Scalar extends Type {
  Scalar(this.kind);

  final String kind;
  String? min, max;

  /// `@dart(int)`, of a u64.
  bool isDartInt = false;

  bool get isInteger => bitsOf(kind) > 0;
  bool get isFloat => kind == 'f32' || kind == 'f64';

  /// Is its class in Dart BigInt?
  bool get isBig => bitsOf(kind) == 128 || (kind == 'u64' && !isDartInt);
}

/// `string` or `bytes`.
final class Text extends Type {
  const Text(this.kind, this.bound);

  final String kind;
  final int? bound;
}

final class Optional extends Type {
  const Optional(this.item);

  final Type item;

  @override
  List<Type> get parts => [item];
}

/// `list` or `set`, or with a [key] `map`.
final class Collection extends Type {
  const Collection(this.kind, this.item, {this.key, this.bound});

  final String kind;
  final Type item;
  final Type? key;
  final int? bound;

  @override
  List<Type> get parts => [if (key case final key?) key, item];
}

final class Array extends Type {
  const Array(this.item, this.count);

  final Type item;
  final int count;

  @override
  List<Type> get parts => [item];
}

final class Tuple extends Type {
  const Tuple(this.members);

  final List<Type> members;

  @override
  List<Type> get parts => members;
}

final class Named extends Type {
  const Named(this.decl);

  final Decl decl;

  @override
  Type get plain => switch (decl) { Alias(:final type) => type.plain, _ => this };

  @override
  List<Type> get parts => [if (decl case Alias(:final type)) type];
}

/// The number that an attribute on something of [type] is about.
Scalar? numberIn(Type type) => switch (type) {
      Scalar(isInteger: true) || Scalar(isFloat: true) => type as Scalar,
      Optional(:final item) || Array(:final item) => numberIn(item),
      Collection(kind: 'list', :final item) => numberIn(item),
      _ => null,
    };

/// The Dart class that holds items of [item] in a list, where it is not List.
String? typedListOf(Type item) => switch (item.plain) {
      Scalar(kind: 'u64', isDartInt: true) => 'Int64List',
      Scalar(:final kind) => typedLists[kind],
      _ => null,
    };

/// A word of the contract and what becomes of it in Dart.
typedef Name = ({String mbr, String dart});

final class Field {
  const Field(this.name, this.type, this.value);

  final Name name;
  final Type type;

  /// The default, as the contract writes it.
  final String? value;
}

/// Where targets do not just split a name at its capital letters.
const Map<String, ({String dart, String c})> _oddNames = {
  'Function': (dart: 'Function_', c: 'function'),
  'HVACUnit': (dart: 'HvacUnit', c: 'hvac_unit'),
  'Axis_7_5': (dart: 'Axis7_5', c: 'axis_7_5'),
  'Size_t': (dart: 'SizeT', c: 'size_t'),
};

sealed class Decl {
  Decl(this.space, this.name);

  final Space space;
  final String name;

  /// The names of the targets: the class in Dart, and in C what follows the namespace.
  String get dartName => _oddNames[name]?.dart ?? name;
  String get cName =>
      _oddNames[name]?.c ??
      name.replaceAllMapped(RegExp('(?<!^)[A-Z]'), (word) => '_${word[0]}').toLowerCase();

  List<Type> get types => const [];
}

final class Enum extends Decl {
  Enum(super.space, super.name, this.kind, this.type, this.members);

  /// `enum`, `open enum` or `flags`.
  final String kind;
  final String? type;
  final List<String> members;

  List<String> get memberNames => [for (final member in members) member.split(' ').first];
}

final class Alias extends Decl {
  Alias(super.space, super.name, this.type);

  final Type type;

  @override
  List<Type> get types => [type];
}

sealed class Composite extends Decl {
  Composite(super.space, super.name);

  bool isRecursive = false;
  int? maxDepth;
}

final class Struct extends Composite {
  Struct(super.space, super.name, {required this.isKey});

  /// Can it be a key?
  final bool isKey;
  List<Field> fields = const [];

  @override
  List<Type> get types => [for (final field in fields) field.type];
}

/// With a type, with fields, or with neither.
final class Arm {
  const Arm(this.name, {this.type, this.fields});

  final Name name;
  final Type? type;
  final List<Field>? fields;

  /// What the name of its class in Dart ends with.
  String get dartSuffix {
    final word = name.dart.replaceFirst(RegExp(r'_$'), '');
    return word[0].toUpperCase() + word.substring(1);
  }
}

final class Union extends Composite {
  Union(super.space, super.name, {required this.isError});

  final bool isError;
  List<Arm> arms = const [];

  @override
  List<Type> get types => [
        for (final Arm(:type, :fields) in arms) ...[
          if (type != null) type,
          for (final field in fields ?? const <Field>[]) field.type,
        ],
      ];
}

final class Method {
  const Method(this.kind, this.name, this.params, this.result, this.error);

  /// Nothing, or `oneway`.
  final String kind;
  final String name;
  final List<Field> params;

  /// As it stands behind the arrow.
  final (String, Type)? result;
  final Union? error;
}

/// A namespace.
final class Space {
  Space(this.name);

  final String name;
  final Map<String, int> constants = {};
  final List<Decl> decls = [];
  final List<Method> methods = [];

  /// Of its C names, and of its Dart files.
  String get symbol => name.replaceAll('.', '_');
}

/// Which declarations lead back to themselves, and with which others.
final class Cycles {
  Cycles(Iterable<Decl> decls) {
    for (final decl in decls) {
      _collect(decl.types, _reached[decl] = {});
    }
  }

  final Map<Decl, Set<Decl>> _reached = {};

  void _collect(List<Type> types, Set<Decl> found) {
    for (final type in types) {
      if (type case Named(:final decl) when found.add(decl)) _collect(decl.types, found);
      _collect(type.parts, found);
    }
  }

  bool isRecursive(Decl decl) => _reached[decl]!.contains(decl);

  /// The declarations that [decl] is recursive with, itself included.
  List<Decl> cycleOf(Decl decl) =>
      [for (final other in _reached[decl]!) if (_reached[other]!.contains(decl)) other];
}
