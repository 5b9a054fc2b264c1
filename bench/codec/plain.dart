/// A bincode codec written the plain way, as code generators for Dart commonly emit it: a growing list of
/// bytes, one [ByteData] a scalar, lists item by item, lengths as unsigned 64-bit numbers by way of [BigInt].
/// What codec.dart measures the generated codec against; it makes the same values of the same classes.
library;

import 'dart:convert';
import 'dart:typed_data';

import 'package:bench/bench.dart';

class PlainWriter {
  final List<int> _output = [];

  Uint8List get bytes => Uint8List.fromList(_output);

  void _add(ByteData scalar) => _output.addAll(scalar.buffer.asUint8List());

  void writeU8(int value) => _add(ByteData(1)..setUint8(0, value));
  void writeBool(bool value) => writeU8(value ? 1 : 0);
  void writeI16(int value) => _add(ByteData(2)..setInt16(0, value, Endian.little));
  void writeI32(int value) => _add(ByteData(4)..setInt32(0, value, Endian.little));
  void writeU32(int value) => _add(ByteData(4)..setUint32(0, value, Endian.little));
  void writeI64(int value) => _add(ByteData(8)..setInt64(0, value, Endian.little));
  void writeF32(double value) => _add(ByteData(4)..setFloat32(0, value, Endian.little));
  void writeF64(double value) => _add(ByteData(8)..setFloat64(0, value, Endian.little));

  void writeU64(BigInt value) {
    final mask = BigInt.from(0xff);
    final scalar = ByteData(8);
    var rest = value;
    for (var i = 0; i < 8; i++) {
      scalar.setUint8(i, (rest & mask).toInt());
      rest >>= 8;
    }
    _add(scalar);
  }

  void writeLength(int length) => writeU64(BigInt.from(length));

  void writeBytes(Uint8List value) {
    writeLength(value.length);
    _output.addAll(value);
  }

  void writeString(String value) => writeBytes(utf8.encode(value));

  void writeList<T>(List<T> items, void Function(T item) writeItem) {
    writeLength(items.length);
    for (final item in items) {
      writeItem(item);
    }
  }

  void writeTelemetry(Telemetry value) {
    writeBool(value.active);
    writeU8(value.zone);
    writeI16(value.delta);
    writeI32(value.count);
    writeI64(value.at);
    writeF32(value.celsius);
    writeF64(value.ratio);
    writeString(value.name);
    writeBytes(value.raw);
    writeU32(value.mode.index);
    final fine = value.fine;
    writeBool(fine != null);
    if (fine != null) writeF64(fine);
    writeList(value.history, writeF32);
  }

  void writeBatch(Batch value) => writeList(value.items, writeTelemetry);

  void writeSeries(Series value) => writeList(value.values, writeF64);
}

class PlainReader {
  PlainReader(Uint8List bytes) : _input = ByteData.sublistView(bytes);

  final ByteData _input;
  int _offset = 0;

  int _take(int size) {
    final start = _offset;
    _offset += size;
    return start;
  }

  bool readBool() => switch (readU8()) {
        0 => false,
        1 => true,
        final other => throw FormatException('$other is no bool'),
      };

  int readU8() => _input.getUint8(_take(1));
  int readI16() => _input.getInt16(_take(2), Endian.little);
  int readI32() => _input.getInt32(_take(4), Endian.little);
  int readU32() => _input.getUint32(_take(4), Endian.little);
  int readI64() => _input.getInt64(_take(8), Endian.little);
  double readF32() => _input.getFloat32(_take(4), Endian.little);
  double readF64() => _input.getFloat64(_take(8), Endian.little);

  BigInt readU64() {
    final start = _take(8);
    var value = BigInt.zero;
    for (var i = 0; i < 8; i++) {
      value += BigInt.from(_input.getUint8(start + i)) << (8 * i);
    }
    return value;
  }

  int readLength() => readU64().toInt();

  Uint8List readBytes() {
    final bytes = Uint8List(readLength());
    for (var i = 0; i < bytes.length; i++) {
      bytes[i] = readU8();
    }
    return bytes;
  }

  String readString() => utf8.decode(readBytes());

  List<T> readList<T>(T Function() readItem) =>
      List.generate(readLength(), (_) => readItem(), growable: false);

  Telemetry readTelemetry() => Telemetry(
        active: readBool(),
        zone: readU8(),
        delta: readI16(),
        count: readI32(),
        at: readI64(),
        celsius: readF32(),
        ratio: readF64(),
        name: readString(),
        raw: readBytes(),
        mode: Mode.values[readU32()],
        fine: readBool() ? readF64() : null,
        history: Float32List.fromList(readList(readF32)),
      );

  Batch readBatch() => Batch(items: readList(readTelemetry));

  Series readSeries() => Series(values: Float64List.fromList(readList(readF64)));
}
