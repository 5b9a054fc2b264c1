/// The templates wire.dart and equality.dart by themselves.
library;

import 'dart:collection';
import 'dart:typed_data';

import '../../dart_templates/equality.dart';
import '../../dart_templates/exceptions.dart';
import '../../dart_templates/wire.dart';
import '../dart/harness.dart';

Uint8List write(void Function(MbrWriter writer) encode) {
  // Smaller than any value, so that every write has to grow.
  final writer = MbrWriter.onHeap(1);
  encode(writer);
  return Uint8List.fromList(writer.written);
}

MbrReader reader(List<int> bytes) {
  // Not at the start of its memory, and not aligned.
  final memory = Uint8List(bytes.length + 3)..setAll(1, bytes);
  return MbrReader(ByteData.sublistView(memory), 1, 1 + bytes.length);
}

Future<void> refuses(MbrStatus status, Object? Function() body, {String? path, int? offset}) async {
  final error = await checkThrows<MbrCodecException>(body);
  checkEqual(error.status, status, 'status');
  if (path != null) checkEqual(error.path, path, 'path');
  if (offset != null) checkEqual(error.offset, offset, 'offset');
}

/// The value comes back, its bytes are these, and no shorter input passes.
Future<void> travels<T>(T value, void Function(MbrWriter writer, T value) encode,
    T Function(MbrReader reader) decode, List<int> bytes) async {
  checkEqual(write((writer) => encode(writer, value)), bytes, 'bytes of $value');
  final input = reader(bytes);
  checkEqual(decode(input), value, 'value');
  input.finish();
  for (var size = 0; size < bytes.length; size++) {
    final error = await checkThrows<MbrCodecException>(() => decode(reader(bytes.sublist(0, size))));
    check(error.status == MbrStatus.truncated || error.status == MbrStatus.badLength,
        '$value cut to $size bytes: ${error.status}');
  }
}

List<int> sized(List<int> bytes) => [bytes.length, 0, 0, 0, 0, 0, 0, 0, ...bytes];

Future<void> scalars() async {
  await travels(true, (w, v) => w.writeBool(v), (r) => r.readBool(), [1]);
  await travels(-128, (w, v) => w.writeI8(v), (r) => r.readI8(), [0x80]);
  await travels(-2, (w, v) => w.writeI16(v), (r) => r.readI16(), [0xfe, 0xff]);
  await travels(-0x80000000, (w, v) => w.writeI32(v), (r) => r.readI32(), [0, 0, 0, 0x80]);
  await travels(0x7fffffffffffffff, (w, v) => w.writeI64(v), (r) => r.readI64(),
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
  await travels(255, (w, v) => w.writeU8(v), (r) => r.readU8(), [0xff]);
  await travels(0x1234, (w, v) => w.writeU16(v), (r) => r.readU16(), [0x34, 0x12]);
  await travels(0xffffffff, (w, v) => w.writeU32(v), (r) => r.readU32(), [0xff, 0xff, 0xff, 0xff]);
  await travels(1.5, (w, v) => w.writeF32(v), (r) => r.readF32(), [0, 0, 0xc0, 0x3f]);
  await travels(-0.0, (w, v) => w.writeF64(v), (r) => r.readF64(), [0, 0, 0, 0, 0, 0, 0, 0x80]);
  check(reader(write((w) => w.writeF64(double.nan))).readF64().isNaN, 'NaN travels');
}

Future<void> wideNumbers() async {
  final u64 = (BigInt.one << 64) - BigInt.one;
  await travels(u64, (w, v) => w.writeU64(v), (r) => r.readU64(), List.filled(8, 0xff));
  await travels(BigInt.from(5), (w, v) => w.writeU64(v), (r) => r.readU64(), [5, 0, 0, 0, 0, 0, 0, 0]);
  await travels(7, (w, v) => w.writeU64Int(v), (r) => r.readU64Int(), [7, 0, 0, 0, 0, 0, 0, 0]);
  await travels(-(BigInt.one << 127), (w, v) => w.writeI128(v), (r) => r.readI128(),
      [...List.filled(15, 0), 0x80]);
  await travels((BigInt.one << 128) - BigInt.one, (w, v) => w.writeU128(v), (r) => r.readU128(),
      List.filled(16, 0xff));
  await travels(BigInt.one << 64, (w, v) => w.writeU128(v), (r) => r.readU128(),
      [...List.filled(8, 0), 1, ...List.filled(7, 0)]);
  await refuses(MbrStatus.badRange, () => write((w) => w.writeU64(u64 + BigInt.one)));
  await refuses(MbrStatus.badRange, () => write((w) => w.writeU64(-BigInt.one)));
  await refuses(MbrStatus.badRange, () => write((w) => w.writeU64Int(-1)));
  await refuses(MbrStatus.badRange, () => reader(List.filled(8, 0xff)).readU64Int('T.n'), path: 'T.n',
      offset: 1);
  await refuses(MbrStatus.badRange, () => write((w) => w.writeI128(BigInt.one << 127)));
  await refuses(MbrStatus.badRange, () => write((w) => w.writeU128(BigInt.one << 128)));
}

Future<void> narrowNumbers() async {
  for (final (low, high, writeIt) in <(int, int, void Function(MbrWriter, int))>[
    (-0x80, 0x7f, (w, v) => w.writeI8(v, 'T.n')),
    (-0x8000, 0x7fff, (w, v) => w.writeI16(v, 'T.n')),
    (-0x80000000, 0x7fffffff, (w, v) => w.writeI32(v, 'T.n')),
    (0, 0xff, (w, v) => w.writeU8(v, 'T.n')),
    (0, 0xffff, (w, v) => w.writeU16(v, 'T.n')),
    (0, 0xffffffff, (w, v) => w.writeU32(v, 'T.n')),
  ]) {
    write((w) => writeIt(w, low));
    write((w) => writeIt(w, high));
    await refuses(MbrStatus.badRange, () => write((w) => writeIt(w, low - 1)), path: 'T.n');
    await refuses(MbrStatus.badRange, () => write((w) => writeIt(w, high + 1)), path: 'T.n');
  }
}

Future<void> times() async {
  final moment = DateTime.utc(2024, 2, 29, 12, 30, 1, 2, 3);
  final bytes = write((w) => w.writeI64(moment.microsecondsSinceEpoch));
  await travels(moment, (w, v) => w.writeTimestamp(v), (r) => r.readTimestamp(), bytes);
  check(reader(bytes).readTimestamp().isUtc, 'a timestamp is UTC');
  checkEqual(write((w) => w.writeTimestamp(moment.toLocal())), bytes, 'a local time is the same moment');
  await travels(const Duration(microseconds: -3), (w, v) => w.writeDuration(v), (r) => r.readDuration(),
      [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  const last = 8640000000000000000;
  checkEqual(reader(write((w) => w.writeI64(last))).readTimestamp().microsecondsSinceEpoch, last);
  await refuses(MbrStatus.badTime, () => reader(write((w) => w.writeI64(last + 1))).readTimestamp());
  await refuses(MbrStatus.badTime, () => reader(write((w) => w.writeI64(-last - 1))).readTimestamp());
}

Future<void> text() async {
  Future<void> string(String value, List<int> utf8) =>
      travels(value, (w, v) => w.writeString(v, ''), (r) => r.readString(''), sized(utf8));
  await string('', []);
  await string('plain', 'plain'.codeUnits);
  await string('é', [0xc3, 0xa9]);
  await string('a€', [0x61, 0xe2, 0x82, 0xac]);
  await string('😀x', [0xf0, 0x9f, 0x98, 0x80, 0x78]);
  await string('\u0000\u007f\u0080\u07ff\u0800\uffff',
      [0, 0x7f, 0xc2, 0x80, 0xdf, 0xbf, 0xe0, 0xa0, 0x80, 0xef, 0xbf, 0xbf]);
  // A byte order mark is a character like any other.
  await string('\ufeff', [0xef, 0xbb, 0xbf]);
  await string('\ufeff\ufeffx', [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0x78]);
  await string('x\ufeff', [0x78, 0xef, 0xbb, 0xbf]);
}

Future<void> malformedText() async {
  for (final bytes in [
    [0x80], // a continuation alone
    [0xc0, 0x80], // overlong
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80], // a surrogate
    [0xf4, 0x90, 0x80, 0x80], // above U+10FFFF
    [0xe2, 0x82], // cut
    [0x61, 0xff],
  ]) {
    await refuses(MbrStatus.badUtf8, () => reader(sized(bytes)).readString('T.s'), path: 'T.s', offset: 9);
  }
  for (final value in ['\ud800', 'a\udc00', '\ud800x', '\udc00\ud800', 'ok\ud83d']) {
    await refuses(MbrStatus.badUtf8, () => write((w) => w.writeString(value, 'T.s')), path: 'T.s');
  }
}

Future<void> characters() async {
  for (final (value, bytes) in [
    ('a', [0x61]),
    ('é', [0xc3, 0xa9]),
    ('€', [0xe2, 0x82, 0xac]),
    ('\ufeff', [0xef, 0xbb, 0xbf]),
    ('😀', [0xf0, 0x9f, 0x98, 0x80]),
  ]) {
    await travels(value, (w, v) => w.writeChar(v), (r) => r.readChar(), bytes);
  }
  for (final value in ['', 'ab', '\ud800']) {
    await refuses(MbrStatus.badChar, () => write((w) => w.writeChar(value, 'T.c')), path: 'T.c');
  }
  for (final bytes in [
    [0x80], // complete as it is, so not cut
    [0xbf],
    [0x80, 0x80],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf8, 0x80, 0x80, 0x80],
    [0xc3, 0x28],
  ]) {
    await refuses(MbrStatus.badChar, () => reader(bytes).readChar('T.c'), path: 'T.c', offset: 1);
  }
}

Future<void> strictness() async {
  await refuses(MbrStatus.badBool, () => reader([2]).readBool('T.b'), path: 'T.b', offset: 1);
  await refuses(MbrStatus.badOption, () => reader([0xff]).readOption('T.o'), path: 'T.o', offset: 1);
  await refuses(MbrStatus.badEnum, () => reader([3, 0, 0, 0]).readIndex('E', [1, 2, 3]), offset: 1);
  await refuses(MbrStatus.trailing, () => (reader([1, 2])..readU8()).finish(), offset: 2);
  await refuses(MbrStatus.noSpace, () => MbrWriter(ByteData(7)).writeI64(1));
}

Future<void> lengths() async {
  await refuses(MbrStatus.badLength, () => reader(sized([1, 2, 3])).readBytes('T.b', max: 2), path: 'T.b',
      offset: 1);
  await refuses(MbrStatus.badLength, () => write((w) => w.writeBytes(Uint8List(3), 'T.b', max: 2)),
      path: 'T.b');
  await refuses(MbrStatus.badLength, () => write((w) => w.writeString('é', 'T.s', max: 1)), path: 'T.s');
  // More than the input holds, and more than 32 bits hold: no memory is taken for it.
  for (final length in [1, 3]) {
    final list = _Miscounted(length);
    await refuses(MbrStatus.badLength,
        () => write((w) => w.writeList(list, 'T.l', (w, item) => w.writeU8(item))), path: 'T.l');
    await refuses(MbrStatus.badLength,
        () => write((w) => w.writeArray(list, 'T.a', length, (w, item) => w.writeU8(item))), path: 'T.a');
  }
  await refuses(MbrStatus.badLength, () => reader([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).readF64List('T.l'));
  await refuses(MbrStatus.badLength, () => reader([1, 0, 0, 0, 1, 0, 0, 0, 9]).readBytes('T.b'));
  await refuses(MbrStatus.badLength, () => reader([3, 0, 0, 0, 0, 0, 0, 0, 9, 9]).readU8List('T.l'));
}

/// Nothing in the input pays for them, so all lists of a value share one limit.
Future<void> itemsWithoutBytes() async {
  const most = 65536;
  List<int> readOne(MbrReader reader) => reader.readList('T.l', (reader) => 0, minSize: 0);
  void writeOne(MbrWriter writer, int count) =>
      writer.writeList(List.filled(count, 0), 'T.l', (writer, item) {}, minSize: 0);

  final bytes = write((w) => [most - 2, 0, 1, 1, 0].forEach((count) => writeOne(w, count)));
  final input = reader([...bytes, 1, 0, 0, 0, 0, 0, 0, 0]);
  checkEqual([for (var i = 0; i < 5; i++) readOne(input).length], [most - 2, 0, 1, 1, 0]);
  await refuses(MbrStatus.badLength, () => readOne(input), path: 'T.l', offset: 1 + bytes.length);
  await refuses(MbrStatus.badLength, () => write((w) => writeOne(w, most + 1)), path: 'T.l');
  await refuses(MbrStatus.badLength, () => write((w) => [most, 1].forEach((count) => writeOne(w, count))));
  // Another value begins: it has a limit of its own.
  final again = MbrReader(ByteData(16)..setUint32(0, most, Endian.little), 0, 16);
  checkEqual(readOne(again).length, most);
  again.offset = 0;
  checkEqual(readOne(again).length, most);
  final writer = MbrWriter.onHeap();
  writeOne(writer, most);
  writer.offset = 0;
  writeOne(writer, most);
}

Future<void> numberLists() async {
  Future<void> list<L extends TypedData>(L value, L Function(MbrReader reader) read, List<int> bytes) async {
    await travels(value, (w, v) => w.writeNumbers(v, ''), read,
        [bytes.length ~/ value.elementSizeInBytes, 0, 0, 0, 0, 0, 0, 0, ...bytes]);
    // A view into the middle of other memory.
    final larger = Uint8List(value.lengthInBytes + 16)..setAll(8, value.buffer.asUint8List());
    checkEqual(write((w) =>
        w.writeNumberArray(larger.buffer.asUint8List(8, value.lengthInBytes), '', value.lengthInBytes)),
        bytes);
  }

  await list(Int8List.fromList([-1, 2]), (r) => r.readI8List(''), [0xff, 2]);
  await list(Uint8List.fromList([255, 2]), (r) => r.readU8List(''), [0xff, 2]);
  await list(Int16List.fromList([-2, 1]), (r) => r.readI16List(''), [0xfe, 0xff, 1, 0]);
  await list(Uint16List.fromList([0x1234]), (r) => r.readU16List(''), [0x34, 0x12]);
  await list(Int32List.fromList([-2]), (r) => r.readI32List(''), [0xfe, 0xff, 0xff, 0xff]);
  await list(Uint32List.fromList([0x01020304]), (r) => r.readU32List(''), [4, 3, 2, 1]);
  await list(Int64List.fromList([-2]), (r) => r.readI64List(''), [0xfe, ...List.filled(7, 0xff)]);
  await list(Float32List.fromList([1.5]), (r) => r.readF32List(''), [0, 0, 0xc0, 0x3f]);
  await list(Float64List.fromList([1.5]), (r) => r.readF64List(''), [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
}

/// Short lists are copied one by one, long ones at once: both are the same bytes.
void longNumberLists() {
  for (final count in [0, 7, 8, 9, 1000]) {
    void same<L extends TypedData>(L value, L Function(MbrReader reader) read) {
      final input = reader(write((w) => w.writeNumbers(value, '')));
      checkEqual(read(input), value, '$count numbers');
      input.finish();
    }

    int at(int i) => i * 1103515245 + 12345;
    same(Int16List.fromList(List.generate(count, at)), (r) => r.readI16List(''));
    same(Uint16List.fromList(List.generate(count, at)), (r) => r.readU16List(''));
    same(Int32List.fromList(List.generate(count, at)), (r) => r.readI32List(''));
    same(Uint32List.fromList(List.generate(count, at)), (r) => r.readU32List(''));
    same(Int64List.fromList(List.generate(count, at)), (r) => r.readI64List(''));
    same(Float32List.fromList(List.generate(count, (i) => i / 3)), (r) => r.readF32List(''));
    same(Float64List.fromList(List.generate(count, (i) => i / 3)), (r) => r.readF64List(''));
  }
}

Future<void> listsOfItems() async {
  final bytes = write((w) => w.writeList(['a', 'bc'], 'T.l', (w, item) => w.writeString(item, '')));
  final items = reader(bytes).readList('T.l', (r) => r.readString(''), minSize: 8);
  checkEqual(items, ['a', 'bc']);
  await checkThrows<UnsupportedError>(() => items.add('x'));
  await checkThrows<UnsupportedError>(() => items[0] = 'x');
  final numbers = reader(write((w) => w.writeBytes(Uint8List(2), ''))).readBytes('');
  await checkThrows<UnsupportedError>(() => numbers[0] = 1);
  await refuses(MbrStatus.badLength,
      () => write((w) => w.writeArray([1], 'T.a', 2, (w, item) => w.writeU8(item))), path: 'T.a');
}

/// Errors inside lists carry the index, at every level.
Future<void> places() async {
  await refuses(MbrStatus.badRange,
      () => write((w) => w.writeList([1, 300], 'T.l', (w, item) => w.writeU8(item))), path: 'T.l[1]');
  await refuses(
      MbrStatus.badRange,
      () => write((w) => w.writeList([
            [1],
            [2, 256]
          ], 'T.l', (w, item) => w.writeList(item, '', (w, item) => w.writeU8(item)))),
      path: 'T.l[1][1]');
  await refuses(MbrStatus.badRange,
      () => write((w) => w.writeList([0], 'T.l', (w, item) => w.writeU8(-1, 'Item.field'))),
          path: 'T.l[0].field');
  final bytes = [2, 0, 0, 0, 0, 0, 0, 0, 1, 2];
  await refuses(MbrStatus.badBool, () => reader(bytes).readList('T.l', (r) => r.readBool(), minSize: 1),
      path: 'T.l[1]', offset: 10);
  await refuses(MbrStatus.badEnum, () =>
      reader([9, 0, 0, 0]).readArray('T.a', 1, (r) => r.readIndex('Mode', [1])),
      path: 'T.a[0]');
}

Future<void> setsAndMaps() async {
  final set = {3, 1, 2};
  final setBytes = write((w) => w.writeSet(set, 'T.s', (w, item) => w.writeU8(item)));
  check(MbrEquality.sets(reader(setBytes).readSet('T.s', (r) => r.readU8(), minSize: 1), set), 'set');
  await refuses(MbrStatus.duplicate, () =>
      reader(sized([1, 2, 1])).readSet('T.s', (r) => r.readU8(), minSize: 1),
      path: 'T.s[2]', offset: 11);
  final map = {'a': 1, 'b': 2};
  final mapBytes = write((w) =>
      w.writeMap(map, 'T.m', (w, key) => w.writeString(key, ''), (w, value) => w.writeU8(value)));
  Map<String, int> readIt(List<int> bytes) =>
      reader(bytes).readMap('T.m', (r) => r.readString(''), (r) => r.readU8(), minSize: 9);
  check(MbrEquality.maps(readIt(mapBytes), map), 'map');
  await refuses(MbrStatus.duplicate, () =>
      readIt([2, 0, 0, 0, 0, 0, 0, 0, ...sized([97]), 1, ...sized([97]), 2]),
      path: 'T.m[1]');
}

Future<void> ranges() async {
  final w = MbrWriter.onHeap();
  checkEqual(w.checkInt(5, '', min: 5, max: 5), 5);
  await refuses(MbrStatus.badRange, () => w.checkInt(4, 'T.n', min: 5), path: 'T.n');
  await refuses(MbrStatus.badRange, () => w.checkInt(6, 'T.n', max: 5), path: 'T.n');
  await refuses(MbrStatus.badRange, () => w.checkDouble(double.nan, '', min: 0));
  await refuses(MbrStatus.badRange, () => w.checkDouble(double.nan, '', max: 0));
  checkEqual(w.checkDouble(double.infinity, '', min: 0), double.infinity);
  // A limit is rounded to single precision, and so is what is compared with it.
  final limit = Float32List.fromList([30.1])[0];
  w.checkSingle(30.1, '', min: limit, max: limit);
  await refuses(MbrStatus.badRange, () => w.checkDouble(30.1, '', min: limit));
  await refuses(MbrStatus.badRange, () => w.checkBigInt(BigInt.two, '', max: BigInt.one));
  await refuses(MbrStatus.badRange, () => w.checkDoubles(Float32List.fromList([1, 9]), 'T.l', max: 5),
      path: 'T.l[1]');
  final r = reader([1, 9, 1])..take(3);
  await refuses(MbrStatus.badRange, () => r.checkInts(1, Uint8List.fromList([1, 9, 1]), 'T.l', max: 5),
      path: 'T.l[1]', offset: 2);
  await refuses(MbrStatus.badRange, () => reader([0, 9]).checkInt(1, 9, 'T.n', max: 5), path: 'T.n');
}

Future<void> depth() async {
  int descend(MbrReader reader) => reader.readBool() ? 1 + reader.nest('tests.Node', 3, 'Node', descend) : 0;
  checkEqual(reader([1, 1, 0]).nest('tests.Node', 3, 'Node', descend), 2);
  await refuses(MbrStatus.tooDeep, () => reader([1, 1, 1, 0]).nest('tests.Node', 3, 'Node', descend), path: 'Node');
  // Within another cycle the count begins anew, and goes on where it was behind it.
  int other(MbrReader reader) => reader.nest('tests.Other', 1, 'Other', (reader) => reader.readU8());
  int both(MbrReader reader) {
    if (!reader.readBool()) return other(reader);
    return other(reader) + reader.nest('tests.Node', 3, 'Node', both);
  }

  checkEqual(reader([1, 5, 1, 6, 0, 7]).nest('tests.Node', 3, 'Node', both), 18);
  await refuses(MbrStatus.tooDeep, () => reader([1, 5, 1, 6, 1, 7, 0, 8]).nest('tests.Node', 3, 'Node', both),
      path: 'Node');
}

void equality() {
  check(MbrEquality.lists([1, 2], [1, 2]) && !MbrEquality.lists([1, 2], [2, 1]), 'lists');
  check(!MbrEquality.lists([1], [1, 2]), 'lengths');
  check(MbrEquality.lists(null, null) && !MbrEquality.lists(null, <int>[]), 'null lists');
  check(!MbrEquality.lists([double.nan], [double.nan]), 'NaN');
  check(MbrEquality.lists([0.0], [-0.0]), 'zeros');
  checkEqual(MbrEquality.hashList([0.0]), MbrEquality.hashList([-0.0]), 'hash of zeros');
  check(
      MbrEquality.lists([
        [1]
      ], [
        [1]
      ], MbrEquality.lists),
      'nested lists');
  check(MbrEquality.maps({1: null}, {1: null}) && !MbrEquality.maps({1: null}, {2: null}), 'null values');
  checkEqual(MbrEquality.hashMap({1: 2, 3: 4}), MbrEquality.hashMap({3: 4, 1: 2}), 'order of a map');
  checkEqual(MbrEquality.hashSet({1, 2}), MbrEquality.hashSet({2, 1}), 'order of a set');
}

void main() => runCases({
      'scalars travel as their bytes': scalars,
      'numbers wider than an int': wideNumbers,
      'numbers that do not fit are refused': narrowNumbers,
      'times': times,
      'text is UTF-8': text,
      'malformed text is refused both ways': malformedText,
      'characters': characters,
      'decoding is strict': strictness,
      'lengths are checked before they are believed': lengths,
      'items without bytes are limited together': itemsWithoutBytes,
      'lists of numbers': numberLists,
      'short and long lists of numbers': longNumberLists,
      'lists of items are unmodifiable': listsOfItems,
      'an error says where': places,
      'sets and maps': setsAndMaps,
      'ranges': ranges,
      'depth is bounded': depth,
      'equality of collections': equality,
    });

/// A list whose length is not the count of its two items.
final class _Miscounted extends ListBase<int> {
  _Miscounted(this.length);

  @override
  int length;

  @override
  Iterator<int> get iterator => [7, 8].iterator;

  @override
  int operator [](int index) => 7;

  @override
  void operator []=(int index, int value) => throw UnsupportedError('[]=');
}
