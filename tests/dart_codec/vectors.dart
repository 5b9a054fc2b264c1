/// The byte vectors of tests/vectors, which another implementation of the wire made: each good one comes
/// back byte by byte, and through JSON as well; each bad one is refused for its reason, at its place.
library;

import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:vectors/src/mbr/exceptions.dart';
import 'package:vectors/src/mbr/wire.dart';
import 'package:vectors_table/table.dart';

import '../dart/harness.dart';

Uint8List bytesOf(String hex) => hex == '-'
    ? Uint8List(0)
    : Uint8List.fromList([
        for (var i = 0; i < hex.length; i += 2) int.parse(hex.substring(i, i + 2), radix: 16),
      ]);

/// Lines of a file, in words; a name may carry a label behind a slash.
Iterable<(Codec<Object?>, List<String>)> linesOf(String name) sync* {
  for (final line in File.fromUri(Platform.script.resolve('../vectors/$name')).readAsLinesSync()) {
    final words = line.split(' ');
    yield (codecs[words.first.split('/').first] ?? (throw StateError('no type for: $line')), words);
  }
}

Object? decode(Codec<Object?> codec, Uint8List bytes) {
  final reader = MbrReader(ByteData.sublistView(bytes), 0, bytes.length);
  final value = codec.decode(reader);
  reader.finish();
  return value;
}

void good() {
  var count = 0;
  for (final (codec, [name, hex, ...]) in linesOf('vectors.txt')) {
    final bytes = bytesOf(hex);
    final value = decode(codec, bytes);
    checkEqual(codec.bytes(value), bytes, name);
    final again = codec.fromJson(jsonDecode(jsonEncode(value)));
    // A NaN equals nothing, itself included, and JSON does not keep its sign.
    if ('$value'.contains('NaN')) {
      checkEqual('$again', '$value', '$name as JSON');
    } else {
      checkEqual(again, value, '$name as JSON');
      checkEqual(again.hashCode, value.hashCode, '$name: hash code');
      checkEqual(codec.bytes(again), bytes, '$name as JSON');
    }
    count++;
  }
  check(count > 500, 'only $count vectors');
}

void bad() {
  var count = 0;
  for (final (codec, [name, hex, status, offset]) in linesOf('bad.txt')) {
    try {
      final value = decode(codec, bytesOf(hex));
      throw StateError('$name $hex is to be $status and became $value');
    } on MbrCodecException catch (error) {
      final is_ = error.status.name.toLowerCase();
      checkEqual(is_, status.replaceAll('_', '').toLowerCase(), '$name $hex');
      final limit = int.parse(offset);
      // A decoder may find out about several fields at once that they are not there.
      final isPlace = status == 'TRUNCATED' ? error.offset <= limit : error.offset == limit;
      check(isPlace, '$name $hex: at ${error.offset}, not $offset');
      check(status == 'TRAILING' || error.path.split(RegExp(r'[.\[]')).first == name.split('/').first ||
          error.path.startsWith(name), '$name $hex: path ${error.path}');
    }
    count++;
  }
  check(count > 500, 'only $count vectors');
}

void main() => runCases({
      'good vectors come back': good,
      'bad vectors are refused': bad,
    });
