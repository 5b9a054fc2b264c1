/// Flags, open enums, u64 as int and UUIDs: their classes, their bytes, and what is refused.
library;

import 'dart:typed_data';

import 'package:marks/marks.dart';
import 'package:marks/src/marks_codec.dart';
import 'package:marks/src/mbr/wire.dart';

import '../dart/harness.dart';

Uint8List bytesOf(void Function(MbrWriter writer) write) {
  final writer = MbrWriter.onHeap(1);
  write(writer);
  return Uint8List.fromList(writer.written);
}

MbrReader readerOf(List<int> bytes) =>
    MbrReader(ByteData.sublistView(Uint8List.fromList(bytes)), 0, bytes.length);

final id = MbrUuid.parse('00112233-4455-6677-8899-aabbccddeeff');

Marks marks() => Marks(
    bits: Bits.low, state: State.busy, token: Token.largest, id: id, country: const Country(7), parent: null);

Counters counters() => Counters(
      some: Int64List.fromList([0, 0x7fffffffffffffff]),
      few: Int64List.fromList([1, 9]),
      named: const {'a': 1},
      holes: const [1, null],
      maybe: 3,
    );

void flags() {
  const both = Doors(0x81);
  checkEqual(Doors.frontLeft | Doors.tail, both);
  checkEqual(both.hashCode, (Doors.tail | Doors.frontLeft).hashCode, 'hash code');
  checkEqual((both.hasFrontLeft, both.hasFrontRight, both.hasTail), (true, false, true));
  check(both.contains(Doors.tail) && !both.contains(Doors.tail | Doors.frontRight), 'contains');
  checkEqual(both & Doors.tail, Doors.tail);
  checkEqual(both.without(Doors.tail), Doors.frontLeft);
  checkEqual(const Doors(), const Doors(0));
  checkEqual('${const Doors(0xc1)} ${const Doors()}', 'Doors(front_left, tail, 64) Doors()');
  checkEqual('${const Bits(-1)}', 'Bits(low, pair, top, 9223372036854775804)');
  checkEqual(Names.bits_.bits | Names.value_.bits, 0x21);
  checkEqual(front, Doors.frontLeft);
  // Bits without a name are kept.
  checkEqual(decodeDoors(readerOf([0x7f])).bits, 0x7f);
  checkEqual(bytesOf((w) => encodeDoors(w, const Doors(0x7f))), [0x7f]);
  checkEqual(bytesOf((w) => encodeBits(w, const Bits(-2))), [0xfe, ...List.filled(7, 0xff)]);
}

void openEnums() {
  checkEqual(Country.values.length, 3);
  check(Country.germany.isKnown && !const Country(7).isKnown, 'isKnown');
  checkEqual('${Country.isKnown_} ${const Country(7)}', 'Country(is_known) Country(7)');
  checkEqual('${Token.largest} ${const Token(-2)}', 'Token(largest) Token(18446744073709551614)');
  final name = switch (decodeCountry(readerOf([20, 1]))) {
    Country.germany => 'germany',
    Country(isKnown: false, :final value) => '$value',
    _ => 'other',
  };
  checkEqual(name, 'germany');
  checkEqual(bytesOf((w) => encodeCountry(w, const Country(7))), [7, 0]);
  checkEqual(decodeToken(readerOf(List.filled(8, 0xff))), Token.largest);
  checkEqual(decodeState(readerOf([9, 0, 0, 0])), const State(9));
}

void defaults() {
  final value = Marks(bits: Bits.low, token: Token.nothing, id: MbrUuid.nil);
  checkEqual((value.doors, value.country), (Doors.tail, Country.germany));
  checkEqual((value.state, value.parent), (null, null));
  checkEqual(counters().total, 0x7fffffffffffffff);
  checkEqual(counters().big, 5);
}

Future<void> uuids() async {
  checkEqual(id.bytes, [for (var i = 0; i < 16; i++) 0x11 * i]);
  checkEqual('$id', '00112233-4455-6677-8899-aabbccddeeff');
  checkEqual(MbrUuid.fromBytes(id.bytes), id);
  checkEqual(MbrUuid.parse('00112233-4455-6677-8899-AABBCCDDEEFF'), id);
  checkEqual(MbrUuid.parse('$id').hashCode, id.hashCode, 'hash code');
  check(MbrUuid.nil != id, 'different ones differ');
  for (final text in ['', '00112233445566778899aabbccddeeff', '$id ', '{$id}', '$id'.replaceAll('0', 'g')]) {
    checkEqual(MbrUuid.tryParse(text), null, text);
    await checkThrows<FormatException>(() => MbrUuid.parse(text));
  }
  await checkThrows<ArgumentError>(() => MbrUuid.fromBytes([1, 2]));
}

void roundTrips() {
  void copied<T>(T value, void Function(MbrWriter writer, T value) encode, T Function(MbrReader) decode) {
    final bytes = bytesOf((writer) => encode(writer, value));
    final copy = decode(readerOf(bytes));
    checkEqual(copy, value);
    checkEqual(copy.hashCode, value.hashCode, 'hash code');
    checkEqual(bytesOf((writer) => encode(writer, copy)), bytes, 'bytes');
  }

  copied(marks(), encodeMarks, decodeMarks);
  copied(marks().copyWith(parent: id, state: null), encodeMarks, decodeMarks);
  copied(counters(), encodeCounters, decodeCounters);
  // Sets and maps keep the order they have.
  copied(
      Keys(
        doors: {const Doors(9): 1, Doors.tail: 2, const Doors(): 3},
        countries: {const Country(9), const Country(8), const Country(10)},
        ids: {id: 'a', MbrUuid.nil: 'b'},
        flags: const [Doors.tail],
      ),
      encodeKeys,
      decodeKeys);
}

Future<void> refusals() async {
  Future<void> refuses(MbrStatus status, String path, Object? Function() body, {int? offset}) async {
    final error = await checkThrows<MbrCodecException>(body);
    checkEqual((error.status, error.path), (status, path));
    if (offset != null) checkEqual(error.offset, offset, 'offset');
  }

  void writeMarks(Marks value) => bytesOf((w) => encodeMarks(w, value));
  void writeCounters(Counters value) => bytesOf((w) => encodeCounters(w, value));
  await refuses(MbrStatus.badRange, 'Marks.doors',
      () => writeMarks(marks().copyWith(doors: const Doors(256))));
  await refuses(MbrStatus.badRange, 'Marks.country',
      () => writeMarks(marks().copyWith(country: const Country(-1))));
  await refuses(MbrStatus.badRange, 'Marks.state',
      () => writeMarks(marks().copyWith(state: const State(-1))));
  await refuses(MbrStatus.badRange, 'Counters.total', () => writeCounters(counters().copyWith(total: -1)));
  await refuses(MbrStatus.badRange, 'Counters.some[1]',
      () => writeCounters(counters().copyWith(some: Int64List.fromList([1, -1]))));
  await refuses(MbrStatus.badRange, 'Counters.few[0]',
      () => writeCounters(counters().copyWith(few: Int64List.fromList([10, 1]))));
  await refuses(MbrStatus.badRange, 'Counters.big', () => writeCounters(counters().copyWith(big: 4)));
  await refuses(MbrStatus.badRange, 'Counters.holes[0]',
      () => writeCounters(counters().copyWith(holes: [-1])));
  await refuses(MbrStatus.badRange, 'Keys.flags[1]', () => bytesOf((w) => encodeKeys(
      w, const Keys(doors: {}, countries: {}, ids: {}, flags: [Doors.tail, Doors(-1)]))));
  // A u64 above 2^63 - 1, where an int was asked for.
  final bytes = bytesOf((w) => encodeCounters(w, counters()));
  await refuses(MbrStatus.badRange, 'Counters.total', offset: 0,
      () => decodeCounters(readerOf(Uint8List.fromList(bytes)..[7] = 0x80)));
  await refuses(MbrStatus.badRange, 'Counters.some[0]', offset: 16,
      () => decodeCounters(readerOf(Uint8List.fromList(bytes)..[23] = 0x80)));
  await refuses(MbrStatus.badRange, 'Counters.few[1]', offset: 40,
      () => decodeCounters(readerOf(Uint8List.fromList(bytes)..[40] = 10)));
}

Future<void> single() async {
  const largest = 3.4028234663852886e38, half = 3.4028235677973366e38;
  Single value(double x, [double? y, double z = 0]) => Single(value: x, values: [1, y], ranged: z);
  double travels(double x) => decodeSingle(readerOf(bytesOf((w) => encodeSingle(w, value(x))))).value;
  checkEqual(travels(largest), largest);
  checkEqual(travels(3.4028235e38), largest);
  checkEqual(travels(-double.infinity), -double.infinity);
  check(travels(double.nan).isNaN, 'NaN');
  for (final (value, path) in [
    (value(half), 'Single.value'),
    (value(-half), 'Single.value'),
    (value(0, 1e300), 'Single.values[1]'),
    (value(0, 0, 1e39), 'Single.ranged'),
  ]) {
    final error = await checkThrows<MbrCodecException>(() => bytesOf((w) => encodeSingle(w, value)));
    checkEqual((error.status, error.path), (MbrStatus.badRange, path));
  }
}

void main() => runCases({
      'flags': flags,
      'open enums': openEnums,
      'defaults': defaults,
      'UUIDs': uuids,
      'values come back': roundTrips,
      'refusals': refusals,
      'finite numbers stay finite': single,
    });
