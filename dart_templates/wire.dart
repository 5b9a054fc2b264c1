/// Reading and writing values as bytes: bincode 1.3 with fixed-width integers, little endian.
///
/// Knows no schema, no frames and no dart:ffi. Generated codecs are built from the methods here. The
/// argument `at` names the place that an error is reported at, as in `Reading.history`. An error inside of
/// an item of a list, or of a struct, passes through the methods that read or write those on its way out,
/// and each puts the place it knows in front: nothing is kept track of as long as all is well.
library;

import 'dart:collection' show UnmodifiableMapView, UnmodifiableSetView;
import 'dart:convert' show utf8;
import 'dart:typed_data';

import 'exceptions.dart';
import 'uuid.dart';

/// As the bound of text, bytes or a list: the schema sets none.
const int _unbounded = 0x7fffffff;

/// The most items without bytes (empty structs) in one value, all of its lists together: nothing in the input
/// pays for them.
const int _emptyItemsMax = 65536;

/// Microseconds on either side of 1970 that a [DateTime] can hold.
const int _timestampMax = 8640000000000000000;

/// From here on a finite [double] is infinite when it is rounded to single precision.
const double _singleEnd = 3.4028235677973366e38;

/// Lists of up to this many numbers are copied one by one: that costs less than two views of the memory.
const int _shortList = 8;

/// Reads values from [data] between [offset] and [end]. What it returns never aliases [data], and cannot be
/// modified: lists of numbers are copies behind a view, which costs a few nanoseconds.
///
/// Throws [MbrCodecException] for bytes that are not a value of the type asked for.
final class MbrReader {
  MbrReader(this.data, this._offset, this.end);

  final ByteData data;

  int _offset;

  /// Where the next value starts. Setting it begins one: what is counted over a whole value starts anew.
  int get offset => _offset;
  set offset(int start) {
    _offset = start;
    _emptyItems = 0;
  }

  /// Where the value as a whole ends.
  int end;

  int _emptyItems = 0;
  String? _cycle;
  int _depth = 0;

  late final Uint8List _bytes = data.buffer.asUint8List(data.offsetInBytes, data.lengthInBytes);

  Never fail(MbrStatus status, String at) => throw MbrCodecException(status, _offset, at);

  /// Fails at the start of the last [size] bytes.
  Never failAt(int size, MbrStatus status, String at) {
    _offset -= size;
    fail(status, at);
  }

  /// Moves past [size] bytes and returns where they start.
  int take(int size, [String at = '']) {
    final start = _offset;
    if (size > end - start) fail(MbrStatus.truncated, at);
    _offset = start + size;
    return start;
  }

  /// Refuses bytes that are left after the last value.
  void finish() {
    if (_offset != end) fail(MbrStatus.trailing, '');
  }

  /// The decoder of nothing: for methods without a result.
  static void nothing(MbrReader reader) {}

  bool readBool([String at = '']) {
    final byte = readU8(at);
    if (byte > 1) failAt(1, MbrStatus.badBool, at);
    return byte == 1;
  }

  /// Whether a value follows.
  bool readOption([String at = '']) {
    final byte = readU8(at);
    if (byte > 1) failAt(1, MbrStatus.badOption, at);
    return byte == 1;
  }

  int readI8([String at = '']) => data.getInt8(take(1, at));
  int readI16([String at = '']) => data.getInt16(take(2, at), Endian.little);
  int readI32([String at = '']) => data.getInt32(take(4, at), Endian.little);
  int readI64([String at = '']) => data.getInt64(take(8, at), Endian.little);
  int readU8([String at = '']) => data.getUint8(take(1, at));
  int readU16([String at = '']) => data.getUint16(take(2, at), Endian.little);
  int readU32([String at = '']) => data.getUint32(take(4, at), Endian.little);
  double readF32([String at = '']) => data.getFloat32(take(4, at), Endian.little);
  double readF64([String at = '']) => data.getFloat64(take(8, at), Endian.little);

  BigInt readU64([String at = '']) => BigInt.from(readI64(at)).toUnsigned(64);

  /// An unsigned number of 64 bits that is to fit an [int].
  int readU64Int([String at = '']) {
    final value = readI64(at);
    if (value < 0) failAt(8, MbrStatus.badRange, at);
    return value;
  }

  BigInt readI128([String at = '']) {
    final start = take(16, at);
    final low = BigInt.from(data.getInt64(start, Endian.little)).toUnsigned(64);
    return low | (BigInt.from(data.getInt64(start + 8, Endian.little)) << 64);
  }

  BigInt readU128([String at = '']) => readI128(at).toUnsigned(128);

  MbrUuid readUuid([String at = '']) {
    final start = take(16, at);
    return MbrUuid(data.getUint32(start), data.getUint32(start + 4), data.getUint32(start + 8),
        data.getUint32(start + 12));
  }

  DateTime readTimestamp([String at = '']) {
    final value = readI64(at);
    if (value < -_timestampMax || value > _timestampMax) failAt(8, MbrStatus.badTime, at);
    return DateTime.fromMicrosecondsSinceEpoch(value, isUtc: true);
  }

  Duration readDuration([String at = '']) => Duration(microseconds: readI64(at));

  /// One code point.
  String readChar([String at = '']) {
    final start = _offset;
    final first = readU8(at);
    final size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    _offset = start;
    take(size, at);
    try {
      final text = _decodeUtf8(start, _offset);
      if (text.runes.length == 1) return text;
    } on FormatException {
      // Reported below.
    }
    _offset = start;
    fail(MbrStatus.badChar, at);
  }

  /// The count before text, bytes or items, checked against [max] and against what the rest of the input
  /// can hold when each item takes at least [minItemSize] bytes.
  int readLength(int minItemSize, String at, {int max = _unbounded}) {
    final start = take(8, at);
    final count = data.getUint32(start, Endian.little);
    // A product, as a division costs more than all of the rest; neither factor has more than 32 bits.
    if (count > max ||
        data.getUint32(start + 4, Endian.little) != 0 ||
        count * minItemSize > end - _offset ||
        (minItemSize == 0 && (_emptyItems += count) > _emptyItemsMax)) {
      failAt(8, MbrStatus.badLength, at);
    }
    return count;
  }

  String readString(String at, {int max = _unbounded}) {
    final start = take(readLength(1, at, max: max), at);
    final end = _offset;
    var i = start;
    for (; i + 4 <= end; i += 4) {
      if (data.getUint32(i, Endian.little) & 0x80808080 != 0) return _readNonAscii(start, at);
    }
    for (; i < end; i++) {
      if (data.getUint8(i) >= 0x80) return _readNonAscii(start, at);
    }
    return String.fromCharCodes(_bytes, start, end);
  }

  Uint8List readBytes(String at, {int max = _unbounded}) => readU8Array(at, readLength(1, at, max: max));

  Int8List readI8List(String at, {int max = _unbounded}) => readI8Array(at, readLength(1, at, max: max));
  Int16List readI16List(String at, {int max = _unbounded}) => readI16Array(at, readLength(2, at, max: max));
  Int32List readI32List(String at, {int max = _unbounded}) => readI32Array(at, readLength(4, at, max: max));
  Int64List readI64List(String at, {int max = _unbounded}) => readI64Array(at, readLength(8, at, max: max));
  Uint8List readU8List(String at, {int max = _unbounded}) => readU8Array(at, readLength(1, at, max: max));
  Uint16List readU16List(String at, {int max = _unbounded}) => readU16Array(at, readLength(2, at, max: max));
  Uint32List readU32List(String at, {int max = _unbounded}) => readU32Array(at, readLength(4, at, max: max));
  Float32List readF32List(String at, {int max = _unbounded}) => readF32Array(at, readLength(4, at, max: max));
  Float64List readF64List(String at, {int max = _unbounded}) => readF64Array(at, readLength(8, at, max: max));

  Int8List readI8Array(String at, int count) {
    final start = take(count, at);
    final list = Int8List(count);
    list.buffer.asUint8List().setRange(0, count, _bytes, start);
    return list.asUnmodifiableView();
  }

  Uint8List readU8Array(String at, int count) {
    final start = take(count, at);
    final list = Uint8List(count)..setRange(0, count, _bytes, start);
    return list.asUnmodifiableView();
  }

  Int16List readI16Array(String at, int count) {
    final start = take(2 * count, at);
    final list = Int16List(count);
    if (count > _shortList) {
      _copy(list, start);
    } else {
      for (var i = 0; i < count; i++) {
        list[i] = data.getInt16(start + 2 * i, Endian.little);
      }
    }
    return list.asUnmodifiableView();
  }

  Uint16List readU16Array(String at, int count) {
    final start = take(2 * count, at);
    final list = Uint16List(count);
    if (count > _shortList) {
      _copy(list, start);
    } else {
      for (var i = 0; i < count; i++) {
        list[i] = data.getUint16(start + 2 * i, Endian.little);
      }
    }
    return list.asUnmodifiableView();
  }

  Int32List readI32Array(String at, int count) {
    final start = take(4 * count, at);
    final list = Int32List(count);
    if (count > _shortList) {
      _copy(list, start);
    } else {
      for (var i = 0; i < count; i++) {
        list[i] = data.getInt32(start + 4 * i, Endian.little);
      }
    }
    return list.asUnmodifiableView();
  }

  Uint32List readU32Array(String at, int count) {
    final start = take(4 * count, at);
    final list = Uint32List(count);
    if (count > _shortList) {
      _copy(list, start);
    } else {
      for (var i = 0; i < count; i++) {
        list[i] = data.getUint32(start + 4 * i, Endian.little);
      }
    }
    return list.asUnmodifiableView();
  }

  Int64List readI64Array(String at, int count) {
    final start = take(8 * count, at);
    final list = Int64List(count);
    if (count > _shortList) {
      _copy(list, start);
    } else {
      for (var i = 0; i < count; i++) {
        list[i] = data.getInt64(start + 8 * i, Endian.little);
      }
    }
    return list.asUnmodifiableView();
  }

  Float32List readF32Array(String at, int count) {
    final start = take(4 * count, at);
    final list = Float32List(count);
    if (count > _shortList) {
      _copy(list, start);
    } else {
      for (var i = 0; i < count; i++) {
        list[i] = data.getFloat32(start + 4 * i, Endian.little);
      }
    }
    return list.asUnmodifiableView();
  }

  Float64List readF64Array(String at, int count) {
    final start = take(8 * count, at);
    final list = Float64List(count);
    if (count > _shortList) {
      _copy(list, start);
    } else {
      for (var i = 0; i < count; i++) {
        list[i] = data.getFloat64(start + 8 * i, Endian.little);
      }
    }
    return list.asUnmodifiableView();
  }

  /// An unmodifiable list of up to [max] items of at least [minSize] bytes each.
  List<T> readList<T>(String at, T Function(MbrReader reader) readItem,
          {required int minSize, int max = _unbounded}) =>
      readArray(at, readLength(minSize, at, max: max), readItem);

  /// An unmodifiable list of exactly [count] items, without a count in front.
  List<T> readArray<T>(String at, int count, T Function(MbrReader reader) readItem) {
    var index = 0;
    try {
      return List.unmodifiable(List<T>.generate(count, (i) {
        index = i;
        return readItem(this);
      }, growable: false));
    } on MbrCodecException catch (error, trace) {
      _rethrowAt(error, trace, '$at[$index]');
    }
  }

  /// An unmodifiable set, in the order of the input; an item that occurs twice is an error.
  Set<T> readSet<T>(String at, T Function(MbrReader reader) readItem,
      {required int minSize, int max = _unbounded}) {
    final count = readLength(minSize, at, max: max);
    final items = <T>{};
    var index = 0;
    try {
      for (; index < count; index++) {
        final start = _offset;
        if (!items.add(readItem(this))) throw MbrCodecException(MbrStatus.duplicate, start);
      }
    } on MbrCodecException catch (error, trace) {
      _rethrowAt(error, trace, '$at[$index]');
    }
    return UnmodifiableSetView(items);
  }

  /// An unmodifiable map, in the order of the input; a key that occurs twice is an error.
  Map<K, V> readMap<K, V>(
      String at, K Function(MbrReader reader) readKey, V Function(MbrReader reader) readValue,
      {required int minSize, int max = _unbounded}) {
    final count = readLength(minSize, at, max: max);
    final entries = <K, V>{};
    var index = 0;
    try {
      for (; index < count; index++) {
        final start = _offset;
        final key = readKey(this);
        if (entries.containsKey(key)) throw MbrCodecException(MbrStatus.duplicate, start);
        entries[key] = readValue(this);
      }
    } on MbrCodecException catch (error, trace) {
      _rethrowAt(error, trace, '$at[$index]');
    }
    return UnmodifiableMapView(entries);
  }

  /// A struct or union that is part of a larger value.
  T readStruct<T>(String at, T Function(MbrReader reader) readValue) {
    try {
      return readValue(this);
    } on MbrCodecException catch (error, trace) {
      _rethrowAt(error, trace, at);
    }
  }

  /// A member of an enum that travels as its index.
  T readIndex<T>(String at, List<T> members) {
    final index = readU32(at);
    if (index >= members.length) failAt(4, MbrStatus.badEnum, at);
    return members[index];
  }

  /// Reads a value of a recursive type. At most [maxDepth] values of one [cycle], the types that contain
  /// each other, stand within each other; within another cycle the count begins anew.
  T nest<T>(String cycle, int maxDepth, String at, T Function(MbrReader reader) readValue) {
    final outer = _cycle;
    final depth = _depth;
    if (cycle != outer) {
      _cycle = cycle;
      _depth = 0;
    }
    if (_depth >= maxDepth) fail(MbrStatus.tooDeep, at);
    _depth++;
    final value = readValue(this);
    _cycle = outer;
    _depth = depth;
    return value;
  }

  /// Returns [value], the last [size] bytes read, which must not be below [min] or above [max].
  int checkInt(int size, int value, String at, {int? min, int? max}) {
    if ((min != null && value < min) || (max != null && value > max)) failAt(size, MbrStatus.badRange, at);
    return value;
  }

  /// As [checkInt]. NaN is in no range.
  double checkDouble(int size, double value, String at, {double? min, double? max}) {
    if (!_isWithin(value, min, max)) failAt(size, MbrStatus.badRange, at);
    return value;
  }

  /// As [checkInt].
  BigInt checkBigInt(int size, BigInt value, String at, {BigInt? min, BigInt? max}) {
    if ((min != null && value < min) || (max != null && value > max)) failAt(size, MbrStatus.badRange, at);
    return value;
  }

  /// Returns [values], each the last but so many [size] bytes, when [checkInt] holds for each.
  L checkInts<L extends List<int>>(int size, L values, String at, {int? min, int? max}) {
    for (var i = 0; i < values.length; i++) {
      final value = values[i];
      if ((min != null && value < min) || (max != null && value > max)) {
        failAt(size * (values.length - i), MbrStatus.badRange, '$at[$i]');
      }
    }
    return values;
  }

  /// Returns [values] when [checkDouble] holds for each.
  L checkDoubles<L extends List<double>>(int size, L values, String at, {double? min, double? max}) {
    for (var i = 0; i < values.length; i++) {
      if (!_isWithin(values[i], min, max)) {
        failAt(size * (values.length - i), MbrStatus.badRange, '$at[$i]');
      }
    }
    return values;
  }

  String _readNonAscii(int start, String at) {
    try {
      return _decodeUtf8(start, _offset);
    } on FormatException {
      _offset = start;
      fail(MbrStatus.badUtf8, at);
    }
  }

  /// Strict. The decoder swallows a byte order mark in front, which is a character like any other here.
  String _decodeUtf8(int start, int end) {
    final text = utf8.decoder.convert(_bytes, start, end);
    final hasMark =
        end - start >= 3 && _bytes[start] == 0xef && _bytes[start + 1] == 0xbb && _bytes[start + 2] == 0xbf;
    return hasMark ? '\ufeff$text' : text;
  }

  /// Fills [list] with the bytes at [start]: one copy, as every platform of Dart is little endian.
  void _copy(TypedData list, int start) =>
      list.buffer.asUint8List().setRange(0, list.lengthInBytes, _bytes, start);
}

/// Writes values to [data] from [offset] on.
///
/// Throws [MbrCodecException] for a value that its type cannot hold, and when [data] is full and there is
/// no way to make it larger.
final class MbrWriter {
  /// [grow] is asked for at least that many bytes in all and answers memory that starts with the
  /// bytes already written.
  MbrWriter(ByteData data, {ByteData Function(int neededSize)? grow})
      : _data = data,
        _grow = grow;

  /// Writes to memory of its own, which grows as needed.
  factory MbrWriter.onHeap([int size = 256]) {
    late final MbrWriter writer;
    return writer = MbrWriter(ByteData(size), grow: (neededSize) {
      final larger = Uint8List(neededSize + neededSize ~/ 2)..setRange(0, writer.offset, writer._bytes);
      return ByteData.sublistView(larger);
    });
  }

  int _offset = 0;

  /// Bytes written. Setting it begins a value there: what is counted over a whole value starts anew.
  int get offset => _offset;
  set offset(int start) {
    _offset = start;
    _emptyItems = 0;
  }

  int _emptyItems = 0;
  String? _cycle;
  int _depth = 0;

  ByteData _data;
  final ByteData Function(int neededSize)? _grow;
  late Uint8List _bytes = _bytesOf(_data);

  static Uint8List _bytesOf(ByteData data) => data.buffer.asUint8List(data.offsetInBytes, data.lengthInBytes);

  ByteData get data => _data;

  /// What was written, as a view.
  Uint8List get written => Uint8List.sublistView(_data, 0, _offset);

  Never fail(MbrStatus status, String at) => throw MbrCodecException(status, _offset, at);

  /// Makes room for [size] bytes, moves past them and returns where they start. Afterwards [data] may be
  /// another view than before.
  int take(int size) {
    final start = _offset;
    if (size > _data.lengthInBytes - start) _makeRoom(size);
    _offset = start + size;
    return start;
  }

  /// The encoder of nothing: for methods without parameters.
  static void nothing(MbrWriter writer) {}

  void writeBool(bool value) {
    final start = take(1);
    _data.setUint8(start, value ? 1 : 0);
  }

  /// Writes whether a value follows, and returns it.
  T? writeOption<T extends Object>(T? value) {
    writeBool(value != null);
    return value;
  }

  void writeI8(int value, [String at = '']) {
    if (value < -0x80 || value > 0x7f) fail(MbrStatus.badRange, at);
    final start = take(1);
    _data.setInt8(start, value);
  }

  void writeI16(int value, [String at = '']) {
    if (value < -0x8000 || value > 0x7fff) fail(MbrStatus.badRange, at);
    final start = take(2);
    _data.setInt16(start, value, Endian.little);
  }

  void writeI32(int value, [String at = '']) {
    if (value < -0x80000000 || value > 0x7fffffff) fail(MbrStatus.badRange, at);
    final start = take(4);
    _data.setInt32(start, value, Endian.little);
  }

  void writeI64(int value, [String at = '']) {
    final start = take(8);
    _data.setInt64(start, value, Endian.little);
  }

  void writeU8(int value, [String at = '']) {
    if (value < 0 || value > 0xff) fail(MbrStatus.badRange, at);
    final start = take(1);
    _data.setUint8(start, value);
  }

  void writeU16(int value, [String at = '']) {
    if (value < 0 || value > 0xffff) fail(MbrStatus.badRange, at);
    final start = take(2);
    _data.setUint16(start, value, Endian.little);
  }

  void writeU32(int value, [String at = '']) {
    if (value < 0 || value > 0xffffffff) fail(MbrStatus.badRange, at);
    final start = take(4);
    _data.setUint32(start, value, Endian.little);
  }

  /// A finite number that single precision has no room for is an error, not infinity.
  void writeF32(double value, [String at = '']) {
    if (value.abs() >= _singleEnd && value.isFinite) fail(MbrStatus.badRange, at);
    final start = take(4);
    _data.setFloat32(start, value, Endian.little);
  }

  void writeF64(double value) {
    final start = take(8);
    _data.setFloat64(start, value, Endian.little);
  }

  void writeU64(BigInt value, [String at = '']) {
    if (value.isNegative || value.bitLength > 64) fail(MbrStatus.badRange, at);
    final start = take(8);
    _data.setInt64(start, value.toSigned(64).toInt(), Endian.little);
  }

  /// An unsigned number of 64 bits that is an [int] here.
  void writeU64Int(int value, [String at = '']) {
    if (value < 0) fail(MbrStatus.badRange, at);
    final start = take(8);
    _data.setInt64(start, value, Endian.little);
  }

  void writeI128(BigInt value, [String at = '']) {
    if (value.bitLength > 127) fail(MbrStatus.badRange, at);
    _write128(value);
  }

  void writeU128(BigInt value, [String at = '']) {
    if (value.isNegative || value.bitLength > 128) fail(MbrStatus.badRange, at);
    _write128(value);
  }

  void _write128(BigInt value) {
    writeI64(value.toSigned(64).toInt());
    writeI64((value >> 64).toSigned(64).toInt());
  }

  void writeUuid(MbrUuid value) {
    final (a, b, c, d) = value.parts;
    final start = take(16);
    _data
      ..setUint32(start, a)
      ..setUint32(start + 4, b)
      ..setUint32(start + 8, c)
      ..setUint32(start + 12, d);
  }

  void writeTimestamp(DateTime value) => writeI64(value.microsecondsSinceEpoch);

  void writeDuration(Duration value) => writeI64(value.inMicroseconds);

  /// One code point.
  void writeChar(String value, [String at = '']) {
    if (value.runes.length != 1) fail(MbrStatus.badChar, at);
    _writeUtf8(value, at, MbrStatus.badChar);
  }

  /// The count before items, which are at most [max] and take at least [minItemSize] bytes each.
  void writeLength(int count, String at, {int minItemSize = 1, int max = _unbounded}) {
    if (count > max || (minItemSize == 0 && (_emptyItems += count) > _emptyItemsMax)) {
      fail(MbrStatus.badLength, at);
    }
    final start = take(8);
    _data.setUint32(start, count, Endian.little);
    _data.setUint32(start + 4, 0, Endian.little);
  }

  void writeString(String value, String at, {int max = _unbounded}) {
    final start = take(8);
    _writeUtf8(value, at, MbrStatus.badUtf8);
    final size = _offset - start - 8;
    if (size > max) {
      _offset = start;
      fail(MbrStatus.badLength, at);
    }
    _data.setUint32(start, size, Endian.little);
    _data.setUint32(start + 4, 0, Endian.little);
  }

  void writeBytes(Uint8List value, String at, {int max = _unbounded}) {
    writeLength(value.length, at, max: max);
    final start = take(value.length);
    _bytes.setRange(start, _offset, value);
  }

  /// A list of numbers, as long as its elements are as wide as on the wire.
  void writeNumbers(TypedData value, String at, {int max = _unbounded}) {
    writeLength(value.lengthInBytes ~/ value.elementSizeInBytes, at, max: max);
    _writeRaw(value);
  }

  /// Exactly [count] numbers, without a count in front.
  void writeNumberArray(TypedData value, String at, int count) {
    if (value.lengthInBytes ~/ value.elementSizeInBytes != count) fail(MbrStatus.badLength, at);
    _writeRaw(value);
  }

  void writeList<T>(List<T> value, String at, void Function(MbrWriter writer, T item) writeItem,
      {int minSize = 1, int max = _unbounded}) {
    final count = value.length;
    writeLength(count, at, minItemSize: minSize, max: max);
    _writeItems(value, at, count, writeItem);
  }

  /// Exactly [count] items, without a count in front.
  void writeArray<T>(
      List<T> value, String at, int count, void Function(MbrWriter writer, T item) writeItem) {
    if (value.length != count) fail(MbrStatus.badLength, at);
    _writeItems(value, at, count, writeItem);
  }

  void writeSet<T>(Set<T> value, String at, void Function(MbrWriter writer, T item) writeItem,
      {int minSize = 1, int max = _unbounded}) {
    final count = value.length;
    writeLength(count, at, minItemSize: minSize, max: max);
    _writeItems(value, at, count, writeItem);
  }

  void writeMap<K, V>(Map<K, V> value, String at, void Function(MbrWriter writer, K key) writeKey,
      void Function(MbrWriter writer, V value) writeValue,
      {int minSize = 1, int max = _unbounded}) {
    final count = value.length;
    writeLength(count, at, minItemSize: minSize, max: max);
    _writeItems(value.entries, at, count, (writer, MapEntry<K, V> entry) {
      writeKey(writer, entry.key);
      writeValue(writer, entry.value);
    });
  }

  /// A struct or union that is part of a larger value.
  void writeStruct<T>(T value, String at, void Function(MbrWriter writer, T value) writeValue) {
    try {
      writeValue(this, value);
    } on MbrCodecException catch (error, trace) {
      _rethrowAt(error, trace, at);
    }
  }

  /// Writes a value of a recursive type. At most [maxDepth] values of one [cycle], the types that contain
  /// each other, stand within each other; within another cycle the count begins anew.
  void nest<T>(
      String cycle, int maxDepth, String at, T value, void Function(MbrWriter writer, T value) writeValue) {
    final outer = _cycle;
    final depth = _depth;
    if (cycle != outer) {
      _cycle = cycle;
      _depth = 0;
    }
    try {
      if (_depth >= maxDepth) fail(MbrStatus.tooDeep, at);
      _depth++;
      writeValue(this, value);
    } finally {
      _cycle = outer;
      _depth = depth;
    }
  }

  /// Returns [value], which must not be below [min] or above [max].
  int checkInt(int value, String at, {int? min, int? max}) {
    if ((min != null && value < min) || (max != null && value > max)) fail(MbrStatus.badRange, at);
    return value;
  }

  /// As [checkInt]. NaN is in no range.
  double checkDouble(double value, String at, {double? min, double? max}) {
    if (!_isWithin(value, min, max)) fail(MbrStatus.badRange, at);
    return value;
  }

  /// As [checkDouble], for a value that travels with single precision: it is rounded first.
  double checkSingle(double value, String at, {double? min, double? max}) {
    _single[0] = value;
    checkDouble(_single[0], at, min: min, max: max);
    return value;
  }

  static final Float32List _single = Float32List(1);

  /// As [checkInt].
  BigInt checkBigInt(BigInt value, String at, {BigInt? min, BigInt? max}) {
    if ((min != null && value < min) || (max != null && value > max)) fail(MbrStatus.badRange, at);
    return value;
  }

  /// Returns [values] when [checkInt] holds for each.
  L checkInts<L extends List<int>>(L values, String at, {int? min, int? max}) {
    for (var i = 0; i < values.length; i++) {
      final value = values[i];
      if ((min != null && value < min) || (max != null && value > max)) fail(MbrStatus.badRange, '$at[$i]');
    }
    return values;
  }

  /// Returns [values] when [checkDouble] holds for each.
  L checkDoubles<L extends List<double>>(L values, String at, {double? min, double? max}) {
    for (var i = 0; i < values.length; i++) {
      if (!_isWithin(values[i], min, max)) fail(MbrStatus.badRange, '$at[$i]');
    }
    return values;
  }

  void _makeRoom(int size) {
    final grow = _grow;
    if (grow == null) fail(MbrStatus.noSpace, '');
    _data = grow(_offset + size);
    _bytes = _bytesOf(_data);
  }

  /// Writes [items], which must be [count]: they may come from code that is not ours.
  void _writeItems<T>(
      Iterable<T> items, String at, int count, void Function(MbrWriter writer, T item) writeItem) {
    var index = 0;
    try {
      for (final item in items) {
        writeItem(this, item);
        index++;
      }
    } on MbrCodecException catch (error, trace) {
      _rethrowAt(error, trace, '$at[$index]');
    }
    if (index != count) fail(MbrStatus.badLength, at);
  }

  void _writeRaw(TypedData value) {
    final size = value.lengthInBytes;
    final start = take(size);
    _bytes.setRange(start, _offset, value.buffer.asUint8List(value.offsetInBytes, size));
  }

  void _writeUtf8(String value, String at, MbrStatus malformed) {
    final length = value.length;
    final start = take(length);
    final bytes = _bytes;
    for (var i = 0; i < length; i++) {
      final unit = value.codeUnitAt(i);
      if (unit >= 0x80) {
        _offset = start + i;
        return _writeNonAscii(value, i, at, malformed);
      }
      bytes[start + i] = unit;
    }
  }

  void _writeNonAscii(String value, int from, String at, MbrStatus malformed) {
    var next = take(3 * (value.length - from));
    final bytes = _bytes;
    for (var i = from; i < value.length; i++) {
      final unit = value.codeUnitAt(i);
      if (unit < 0x80) {
        bytes[next++] = unit;
      } else if (unit < 0x800) {
        bytes[next++] = 0xc0 | (unit >> 6);
        bytes[next++] = 0x80 | (unit & 0x3f);
      } else if (unit & 0xf800 != 0xd800) {
        bytes[next++] = 0xe0 | (unit >> 12);
        bytes[next++] = 0x80 | ((unit >> 6) & 0x3f);
        bytes[next++] = 0x80 | (unit & 0x3f);
      } else {
        final low = ++i < value.length ? value.codeUnitAt(i) : 0;
        if (unit >= 0xdc00 || low & 0xfc00 != 0xdc00) {
          _offset = next;
          fail(malformed, at);
        }
        final rune = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
        bytes[next++] = 0xf0 | (rune >> 18);
        bytes[next++] = 0x80 | ((rune >> 12) & 0x3f);
        bytes[next++] = 0x80 | ((rune >> 6) & 0x3f);
        bytes[next++] = 0x80 | (rune & 0x3f);
      }
    }
    _offset = next;
  }
}

bool _isWithin(double value, double? min, double? max) =>
    (min == null ? !value.isNaN : value >= min) && (max == null || value <= max);

/// Throws [error] anew, as one inside of what stands at [at].
Never _rethrowAt(MbrCodecException error, StackTrace trace, String at) {
  final inner = error.path;
  // What comes from inside is nothing, `[index]…` of a list in a list, or `Type.field…`.
  final dot = inner.indexOf('.');
  final rest = inner.startsWith('[') ? inner : dot < 0 ? '' : inner.substring(dot);
  Error.throwWithStackTrace(MbrCodecException(error.status, error.offset, '$at$rest'), trace);
}
