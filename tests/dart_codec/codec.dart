/// The codecs of the showcase: exact bytes, round trips, and what they refuse on either side.
library;

import 'dart:typed_data';

import 'package:cabin/cabin.dart' hide Duration;
import 'package:cabin/src/cabin_climate_codec.dart';
import 'package:cabin/src/cabin_shared_codec.dart';
import 'package:cabin/src/mbr/wire.dart';

import '../dart/harness.dart';
import 'samples.dart';

typedef Encode<T> = void Function(MbrWriter writer, T value);
typedef Decode<T> = T Function(MbrReader reader);

Uint8List bytesOf<T>(Encode<T> encode, T value) {
  final writer = MbrWriter.onHeap(1);
  encode(writer, value);
  return Uint8List.fromList(writer.written);
}

T valueOf<T>(Decode<T> decode, Uint8List bytes) {
  final reader = MbrReader(ByteData.sublistView(bytes), 0, bytes.length);
  final value = decode(reader);
  reader.finish();
  return value;
}

/// The value comes back, and no shorter input passes.
Future<void> travels<T>(Encode<T> encode, Decode<T> decode, T value) async {
  final bytes = bytesOf(encode, value);
  checkEqual(valueOf(decode, bytes), value);
  for (var size = 0; size < bytes.length; size++) {
    await checkThrows<MbrCodecException>(() => valueOf(decode, bytes.sublist(0, size)));
  }
  final longer = Uint8List(bytes.length + 1)..setAll(0, bytes);
  final error = await checkThrows<MbrCodecException>(() => valueOf(decode, longer));
  checkEqual(error.status, MbrStatus.trailing);
}

Future<void> roundTrips() async {
  await travels(encodeReading, decodeReading, sampleReading());
  await travels(encodeReading, decodeReading, sampleReading().copyWith(label: null));
  await travels(encodeNumbers, decodeNumbers, sampleNumbers());
  await travels(encodeNumbers, decodeNumbers,
      sampleNumbers().copyWith(writer: null, small: 0x7fffffffffffffff));
  await travels(encodeLists, decodeLists, sampleLists());
  await travels(encodeLists, decodeLists, sampleLists().copyWith(optional: null, names: [], nested: []));
  await travels(encodeVehicle, decodeVehicle, sampleVehicle());
  await travels(encodeVehicle, decodeVehicle, sampleVehicle().copyWith(
      span: (DateTime.utc(1), const Duration(days: 1)),
      last: EventOdd((Mode.auto, Uint8List(2))),
      parts: [sampleVehicle()]));
  await travels(encodeEmpty, decodeEmpty, const Empty());
  for (final error in const [ClimateErrorNotReady(), ClimateErrorLimit(maxCelsius: 30)]) {
    await travels<ClimateError>(encodeClimateError, decodeClimateError, error);
  }
  await travels<Refusal>(encodeRefusal, decodeRefusal, const RefusalLimit(min: -1, max: 1));
  for (final mode in Mode.values) {
    await travels(encodeMode, decodeMode, mode);
  }
  for (final gear in Gear.values) {
    await travels(encodeGear, decodeGear, gear);
  }
}

/// As bincode writes them.
void exactBytes() {
  checkEqual(bytesOf(encodeReading, sampleReading()), [
    1, // zone
    0, 0, 0xac, 0x41, // celsius
    1, 5, 0, 0, 0, 0, 0, 0, 0, 0x66, 0x72, 0x6f, 0x6e, 0x74, // label
    2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0x40, // history
    1, 2, 3, // rgb
    0, // previous
    1, 0, 0, 0, // mode
    8, // gear
    1, 2, // seat
  ]);
  checkEqual(bytesOf(encodeClimateError, const ClimateErrorLimit(maxCelsius: 1)),
      [1, 0, 0, 0, 0, 0, 0x80, 0x3f]);
}

Future<void> refuses(MbrStatus status, String path, Object? Function() body) async {
  final error = await checkThrows<MbrCodecException>(body);
  checkEqual((error.status, error.path), (status, path));
}

Future<void> encoding() async {
  void reading(Reading Function(Reading reading) change) => bytesOf(encodeReading, change(sampleReading()));
  void lists(Lists Function(Lists lists) change) => bytesOf(encodeLists, change(sampleLists()));
  await refuses(MbrStatus.badRange, 'Reading.zone', () => reading((r) => r.copyWith(zone: 256)));
  await refuses(MbrStatus.badRange, 'Reading.celsius', () => reading((r) => r.copyWith(celsius: 85.1)));
  await refuses(MbrStatus.badRange, 'Reading.celsius', () => reading((r) => r.copyWith(celsius: double.nan)));
  await refuses(MbrStatus.badLength, 'Reading.label', () => reading((r) => r.copyWith(label: 'é' * 17)));
  await refuses(MbrStatus.badUtf8, 'Reading.label', () => reading((r) => r.copyWith(label: '\ud800')));
  await refuses(MbrStatus.badLength, 'Reading.history', () =>
      reading((r) => r.copyWith(history: Float32List(65))));
  await refuses(MbrStatus.badLength, 'Reading.rgb', () => reading((r) => r.copyWith(rgb: Uint8List(4))));
  await refuses(MbrStatus.badRange, 'Reading.seat.row',
      () => reading((r) => r.copyWith(seat: const Position(row: -1, seat: 0))));
  await refuses(MbrStatus.badLength, 'Lists.names[1]', () =>
      lists((l) => l.copyWith(names: ['a', '123456789'])));
  await refuses(MbrStatus.badLength, 'Lists.names', () =>
      lists((l) => l.copyWith(names: List.filled(5, ''))));
  await refuses(MbrStatus.badLength, 'Lists.seats', () => lists((l) => l.copyWith(seats: const [])));
  await refuses(MbrStatus.badRange, 'Lists.maybe[0]', () => lists((l) => l.copyWith(maybe: [65536])));
  await refuses(MbrStatus.badRange, 'Lists.wide[0]', () => lists((l) => l.copyWith(wide: [BigInt.from(-1)])));
  await refuses(MbrStatus.badRange, 'Lists.readings[1].zone',
      () => lists((l) => l.copyWith(readings: [sampleReading(), sampleReading().copyWith(zone: -1)])));
  await refuses(MbrStatus.badRange, 'Lists.shares[1]',
      () => lists((l) => l.copyWith(shares: Float64List.fromList([0, -1]))));
  await refuses(MbrStatus.badRange, 'Numbers.h',
      () => bytesOf(encodeNumbers, sampleNumbers().copyWith(h: BigInt.one << 64)));
  await refuses(MbrStatus.badRange, 'Numbers.small',
      () => bytesOf(encodeNumbers, sampleNumbers().copyWith(small: -1)));
}

Future<void> decoding() async {
  final good = bytesOf(encodeReading, sampleReading());
  Reading change(int at, List<int> bytes) =>
      valueOf(decodeReading, Uint8List.fromList(good)..setAll(at, bytes));
  checkEqual(change(0, [9]).zone, 9);
  await refuses(MbrStatus.badRange, 'Reading.celsius', () => change(1, [0, 0, 0xc0, 0x7f])); // NaN
  await refuses(MbrStatus.badRange, 'Reading.celsius', () => change(1, [0, 0, 0xac, 0x42])); // 86
  await refuses(MbrStatus.badOption, 'Reading.label', () => change(5, [2]));
  await refuses(MbrStatus.badLength, 'Reading.label', () => change(6, [33]));
  await refuses(MbrStatus.badUtf8, 'Reading.label', () => change(14, [0xff]));
  await refuses(MbrStatus.badLength, 'Reading.history', () => change(19, [65]));
  await refuses(MbrStatus.badEnum, 'Reading.mode', () => change(39, [3]));
  await refuses(MbrStatus.badEnum, 'Reading.gear', () => change(43, [2]));
  await refuses(MbrStatus.badArm, 'ClimateError', () =>
      valueOf(decodeClimateError, Uint8List.fromList([2, 0, 0, 0])));
  await refuses(MbrStatus.badRange, 'Numbers.small', () {
    final bytes = bytesOf(encodeNumbers, sampleNumbers());
    return valueOf(decodeNumbers, bytes..[37] = 0xff);
  });
}

/// Nothing decoded changes when the memory it came from is used again.
void copies() {
  final bytes = bytesOf(encodeLists, sampleLists());
  final value = valueOf(decodeLists, bytes);
  bytes.fillRange(0, bytes.length, 0xaa);
  checkEqual(value, sampleLists());
}

void main() => runCases({
      'values come back': roundTrips,
      'bytes are exact': exactBytes,
      'encoding refuses what the contract forbids, and says where': encoding,
      'decoding refuses what is no value, and says where': decoding,
      'decoded values own their data': copies,
    });
