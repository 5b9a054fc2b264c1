/// Writes random contracts and what exchanges their values: generate.dart FOLDER FIRST_SEED COUNT
/// FOLDER/SEED will hold a contract, one file a namespace, and values.dart and subjects.c.
library;

import 'dart:io';

import 'contract.dart';
import 'dice.dart';
import 'grow.dart';
import 'schema.dart';
import 'tables.dart';

void main(List<String> arguments) {
  final [folder, first, count] = arguments;
  for (var i = 0; i < int.parse(count); i++) {
    final seed = int.parse(first) + i;
    _write(growContract(Dice([seed])), Directory('$folder/$seed')..createSync(recursive: true));
  }
}

void _write(List<Space> spaces, Directory folder) {
  void write(String name, String text) => File('${folder.path}/$name').writeAsStringSync(text);
  for (final (index, space) in spaces.indexed) {
    write('${space.symbol}.mbr', contractText(space, spaces.take(index), isLax: false));
    write('lax_${space.symbol}.mbr', contractText(space, spaces.take(index), isLax: true));
  }
  write('values.dart', dartTable(spaces));
  write('subjects.c', cTable(spaces));
}
