/// A contract as text: one file a namespace. Knows nothing of targets.
///
/// A *lax* contract is the same without limits: no bounds, no ranges, and as much depth as anyone wants. Its
/// types are laid out in C as those of the contract, so that values come to be there which that one forbids.
library;

import 'schema.dart';

String contractText(Space space, Iterable<Space> imports, {required bool isLax}) {
  final writer = _Writer(space, isLax: isLax);
  return [
    'namespace ${isLax ? 'lax.' : ''}${space.name};',
    for (final other in imports) 'import "${isLax ? 'lax_' : ''}${other.symbol}.mbr";',
    for (final MapEntry(:key, :value) in space.constants.entries) 'const $key: u8 = $value;',
    for (final decl in space.decls) writer.decl(decl),
    if (space.methods.isNotEmpty && !isLax) writer.service(),
    '',
  ].join('\n');
}

const int _anyDepth = 1000;

final class _Writer {
  _Writer(this.space, {required this.isLax});

  final Space space;
  final bool isLax;

  String decl(Decl decl) => switch (decl) {
        Enum(:final kind, :final type, :final members) =>
          '$kind ${decl.name}${type == null ? '' : ': $type'} { ${members.join(', ')} }',
        Alias(:final type) => '${_limits(type)}type ${decl.name} = ${this.type(type)};',
        Struct(:final fields) => '${_depth(decl)}struct ${decl.name} {${_fields(fields)} }',
        Union(:final arms, :final isError) =>
          '${_depth(decl)}${isError ? 'error' : 'union'} ${decl.name} {\n  ${arms.map(_arm).join('\n  ')}\n}',
      };

  String service() => 'service Api {\n  ${space.methods.map(_method).join('\n  ')}\n}';

  String _method(Method method) {
    final result = method.result;
    return [
      '${method.kind}${method.name}(${method.params.map(_field).join(', ')})',
      if (result != null) '-> ${result.$1}${type(result.$2)}',
      if (method.error case final error?) 'throws ${_reference(error)}',
    ].join(' ') + ';';
  }

  String _depth(Composite decl) {
    final depth = isLax && decl.isRecursive ? _anyDepth : decl.maxDepth;
    return depth == null ? '' : '@max_depth($depth) ';
  }

  String _fields(List<Field> fields) => [for (final field in fields) '\n  ${_field(field)};'].join();

  String _field(Field field) => '${_limits(field.type)}${field.name.mbr}: ${type(field.type)}'
      '${field.value == null ? '' : ' = ${field.value}'}';

  String _arm(Arm arm) => switch (arm) {
        Arm(:final type?) => '${arm.name.mbr}: ${this.type(type)};',
        Arm(:final fields?) => '${arm.name.mbr} {${_fields(fields)} }',
        _ => '${arm.name.mbr};',
      };

  /// The attributes of a number in a type: they stand in front of what is of that type.
  String _limits(Type type) {
    final number = numberIn(type);
    final ends = [
      if (number?.min case final min?) 'min = $min',
      if (number?.max case final max?) 'max = $max',
    ];
    return [
      if (ends.isNotEmpty && !isLax) '@range(${ends.join(', ')}) ',
      if (number != null && number.isDartInt) '@dart(int) ',
    ].join();
  }

  String type(Type type) => switch (type) {
        Scalar(:final kind) => kind,
        Text(:final kind, :final bound) => bound == null || isLax ? kind : '$kind<$bound>',
        Optional(:final item) => '${this.type(item)}?',
        Collection(:final kind, :final key, :final item, :final bound) => '$kind<${[
            if (key != null) this.type(key),
            this.type(item),
            if (bound != null && !isLax) _bound(bound),
          ].join(', ')}>',
        Array(:final item, :final count) => 'array<${this.type(item)}, ${_bound(count)}>',
        Tuple(:final members) => '(${members.map(this.type).join(', ')})',
        Named(:final decl) => _reference(decl),
      };

  /// By a constant, where there is one of that value.
  String _bound(int bound) => [
        for (final MapEntry(:key, :value) in space.constants.entries) if (value == bound) key,
        '$bound',
      ].first;

  String _reference(Decl decl) =>
      decl.space == space ? decl.name : '${isLax ? 'lax.' : ''}${decl.space.name}.${decl.name}';
}
