/// A contract of very many declarations loads, and its values travel.
library;

import 'dart:convert';

import 'package:many/many.dart';
import 'package:many/src/many_codec.dart';
import 'package:many/src/mbr/wire.dart';

import '../dart/harness.dart';

Any copied(Any value) {
  final writer = MbrWriter.onHeap(1);
  encodeAny(writer, value);
  final reader = MbrReader(writer.data, 0, writer.offset);
  final copy = decodeAny(reader);
  reader.finish();
  checkEqual(copy, value);
  checkEqual(Any.fromJson(jsonDecode(jsonEncode(value))), value);
  return copy;
}

void travels() {
  const zero = S0(nothing: Nothing());
  const one = S1(number: 1, inner: zero, nothing: [Nothing(), Nothing()]);
  copied(const AnyA0());
  copied(const AnyA1(one));
  copied(const AnyA299(member: Member.m299));
  copied(AnyA4(S4(number: 2, inner: S2(number: 3, inner: one, nothing: const []), nothing: const [])));
  checkEqual(Member.values.length, 300);
}

void main() => runCases({'values travel': travels});
