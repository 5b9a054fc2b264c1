/// The tables that go with a contract: in Dart a maker of random values of every struct and union, in C
/// their codecs, and both for the lax contract too. Knows how mbrc names things in either.
library;

import 'schema.dart';

/// The structs and unions of a contract, by which a number in a file of values tells types.
List<Composite> subjectsOf(List<Space> spaces) =>
    [for (final space in spaces) ...space.decls.whereType<Composite>()];

String cTable(List<Space> spaces) {
  final names = [for (final decl in subjectsOf(spaces)) '${decl.space.symbol}_${decl.cName}'];
  return '''
#include "exchange.h"

${[for (final space in spaces) '#include "${space.symbol}.h"\n#include "lax_${space.symbol}.h"'].join('\n')}

${[for (final name in names) 'CODEC($name);\nCROSSED($name);'].join('\n')}

const codec *const subjects[] = {
${[for (final name in names) '  &${name}_codec,'].join('\n')}
${[for (final name in names) '  &${name}_crossed,'].join('\n')}
};
const size_t subject_count = sizeof subjects / sizeof subjects[0];
''';
}

String dartTable(List<Space> spaces) {
  final cycles = Cycles([for (final space in spaces) ...space.decls]);
  final writer = _Writer(cycles, ''), lax = _Writer(cycles, 'lax_');
  return '''
import 'dart:typed_data';

import 'package:random/exchange.dart';
import 'package:random/maker.dart';
${[
    for (final space in spaces)
      for (final symbol in [space.symbol, 'lax_${space.symbol}']) ...[
        "import 'package:contract/$symbol.dart' as $symbol;",
        "import 'package:contract/src/${symbol}_codec.dart' as ${symbol}_codec;",
      ]
  ].join('\n')}

void main(List<String> arguments) => exchange(arguments, [
${subjectsOf(spaces).map(writer.subject).join()}    ], [
${subjectsOf(spaces).map(lax.subject).join()}    ]);

${subjectsOf(spaces).expand((decl) => [writer.maker(decl), lax.maker(decl)]).join('\n')}''';
}

final class _Writer {
  _Writer(this.cycles, this.prefix);

  final Cycles cycles;

  /// Of the symbols of namespaces.
  final String prefix;

  String _symbol(Decl decl) => '$prefix${decl.space.symbol}';

  String _class(Decl decl) => '${_symbol(decl)}.${decl.dartName}';

  String _maker(Decl decl) => 'make_${_symbol(decl)}_${decl.dartName}';

  String subject(Composite decl) {
    final codec = '${_symbol(decl)}_codec';
    final name = decl.dartName;
    return "      Subject<${_class(decl)}>('${decl.space.name}.${decl.name}', $codec.encode$name, "
        '$codec.decode$name, ${_class(decl)}.fromJson, ${_maker(decl)}),\n';
  }

  String maker(Composite decl) {
    final value = switch (decl) {
      Struct(:final fields) => _construct(_class(decl), fields),
      Union(:final arms) => 'm.arm<${_class(decl)}>([\n${[
          for (final arm in arms) '  () => ${_arm(decl, arm)},\n',
        ].join()}])',
    };
    return '${_class(decl)} ${_maker(decl)}(Maker m) => ${_nest(decl, value)};\n';
  }

  /// Values of the types of one cycle are counted together.
  String _nest(Composite decl, String value) {
    if (!cycles.isRecursive(decl)) return value;
    final names = cycles.cycleOf(decl).map(_maker).toList()..sort();
    return "m.nest('${names.first}', ${decl.maxDepth ?? 64}, () => $value)";
  }

  String _arm(Union union, Arm arm) {
    final name = '${_symbol(union)}.${union.dartName.replaceFirst(RegExp(r'_$'), '')}${arm.dartSuffix}';
    if (arm.type case final type?) return '$name(${make(type)})';
    return _construct(name, arm.fields ?? const []);
  }

  /// Now and then with what the contract says by default.
  String _construct(String name, List<Field> fields) {
    final all = '$name(${fields.map(_argument).join(', ')})';
    final needed = [for (final field in fields) if (!_canLeaveOut(field)) field];
    if (needed.length == fields.length) return all;
    return 'm.oneIn(6) ? $name(${needed.map(_argument).join(', ')}) : $all';
  }

  String _argument(Field field) => '${field.name.dart}: ${make(field.type)}';

  /// Where null is a value, it does not stand for a default that is no constant in Dart.
  bool _canLeaveOut(Field field) =>
      field.value != null &&
      switch (field.type.plain) {
        Optional(:final item) => field.value == 'none' || _isConstant(item.plain),
        _ => true,
      };

  bool _isConstant(Type type) => switch (type) {
        Scalar(:final kind, :final isBig) => kind != 'timestamp' && !isBig,
        Text(:final kind) => kind == 'string',
        Collection(kind: 'list', :final item) => typedListOf(item) == null,
        _ => true,
      };

  /// An expression for a random value of [type].
  String make(Type type) => switch (type.plain) {
        final Scalar scalar => _scalar(scalar),
        Text(:final kind, :final bound) => 'm.$kind(${bound ?? ''})',
        Optional(:final item) => 'm.optional(() => ${make(item)})',
        Tuple(:final members) => '(${members.map(make).join(', ')}${members.length == 1 ? ',' : ''})',
        Array(:final item, :final count) => _list(item, 'm.array($count, () => ${make(item)})'),
        Collection(kind: 'list', :final item, :final bound) =>
          _list(item, 'm.list($bound, () => ${make(item)})'),
        Collection(:final key?, :final item, :final bound) =>
          'm.map($bound, () => ${make(key)}, () => ${make(item)})',
        Collection(:final item, :final bound) => 'm.set($bound, () => ${make(item)})',
        Named(decl: final Enum decl) => _enum(decl),
        Named(:final decl) => '${_maker(decl)}(m)',
      };

  String _list(Type item, String list) => switch (typedListOf(item)) {
        final name? => '$name.fromList($list)',
        null => list,
      };

  String _scalar(Scalar scalar) {
    if (scalar.isInteger) return _integer(scalar.kind, scalar.isBig, _whole(scalar.min), _whole(scalar.max));
    final range = [
      if (scalar.min case final min?) 'min: $min',
      if (scalar.max case final max?) 'max: $max',
    ];
    return 'm.${scalar.kind == 'bool' ? 'boolean' : scalar.kind}(${range.join(', ')})';
  }

  BigInt? _whole(String? literal) => switch (literal) {
        null => null,
        _ when literal.startsWith('0b') => BigInt.parse(literal.substring(2), radix: 2),
        _ => BigInt.parse(literal),
      };

  String _integer(String kind, bool isBig, BigInt? min, BigInt? max) {
    final first = min ?? leastOf(kind);
    final most = kind == 'u64' && !isBig ? mostOf('i64') : mostOf(kind);
    final last = max ?? most;
    final least = leastOf(kind);
    final outside = {
      if (first > least) ...[least, first - BigInt.one],
      if (last < most) ...[last + BigInt.one, most],
    }.map((number) => isBig ? "'$number'" : '$number').join(', ');
    final limits = isBig ? "'$first', '$last'" : '$first, $last';
    return 'm.${isBig ? 'big' : 'integer'}($limits${outside.isEmpty ? '' : ', outside: const [$outside]'})';
  }

  /// What a u64 is in Dart: the int of the same bits.
  String _bits(String kind) => _integer(kind == 'u64' ? 'i64' : kind, false, null, null);

  String _enum(Enum decl) => switch (decl.kind) {
        'enum' => 'm.pick(${_class(decl)}.values)',
        'flags' => '${_class(decl)}(${_bits(decl.type!)})',
        _ => 'm.oneIn(2) ? m.pick(${_class(decl)}.values) : ${_class(decl)}(${_bits(decl.type ?? 'u32')})',
      };
}
