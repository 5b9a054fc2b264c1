#!/bin/sh
# Writes the table of all types of a namespace for vectors.dart: table.sh PACKAGE NAMESPACE CODEC_FILE
# CODEC_FILE is the generated codec: its decoders are the list of types.
set -eu

cat <<END
import 'dart:typed_data';

import 'package:$1/$1.dart';
import 'package:$1/src/${2}_codec.dart';
import 'package:$1/src/mbr/wire.dart';

final class Codec<T> {
  const Codec(this.encode, this.decode, this.fromJson);

  final void Function(MbrWriter writer, T value) encode;
  final T Function(MbrReader reader) decode;
  final T Function(Object? json) fromJson;

  Uint8List bytes(Object? value) {
    final writer = MbrWriter.onHeap(1);
    encode(writer, value as T);
    return Uint8List.fromList(writer.written);
  }
}

const Map<String, Codec<Object?>> codecs = {
END
sed -n 's/^\([A-Za-z0-9_]*\) decode\([A-Za-z0-9_]*\)(MbrReader reader.*/  "\2": Codec<\1>(encode\2, decode\2, \1.fromJson),/p' "$3"
echo '};'
