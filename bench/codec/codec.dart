/// Encoding and decoding in Dart, measured: what mbrc generates against the codec of plain.dart. Both take
/// turns in short rounds and the best round of each counts, so that a noisy machine disturbs both alike;
/// compare ratios, not nanoseconds. Prints, asserts nothing but that both write the same bytes and read the
/// same value.
library;

import 'dart:io';
import 'dart:typed_data';

import 'package:bench/bench.dart';
import 'package:bench/src/bench_telemetry_codec.dart';
import 'package:bench/src/mbr/wire.dart';

import 'plain.dart';

/// Of each codec, message and direction. The first rounds run before the VM has compiled for good, and are
/// never the best.
const _rounds = 400;
const _roundMicroseconds = 2000;

const _decodeGoal = 3;
const _encodeGoal = 8;

/// A list of numbers is to cost no more than this many times one copy of its bytes into a new list.
const _copyGoal = 1.5;

/// One message with both codecs. [copied], where it is one list of numbers, is measured as well: the bytes of
/// the list, copied once.
final class Subject<T> {
  Subject(this.name, this.value, this._encode, this._decode, this._plainEncode, this._plainDecode,
      {this.copied});

  final String name;
  final T value;
  final Float64List? copied;
  final void Function(MbrWriter writer, T value) _encode;
  final T Function(MbrReader reader) _decode;
  final void Function(PlainWriter writer, T value) _plainEncode;
  final T Function(PlainReader reader) _plainDecode;

  /// As a connection has it: one writer for all calls, one reader for all answers.
  late final _writer = MbrWriter(ByteData(1 << 18));
  late final Uint8List _bytes = plainEncode();
  late final _reader = MbrReader(ByteData.sublistView(_bytes), 0, _bytes.length);

  Uint8List encode() {
    _writer.offset = 0;
    _encode(_writer, value);
    return _bytes;
  }

  T decode() {
    _reader.offset = 0;
    final result = _decode(_reader);
    _reader.finish();
    return result;
  }

  Uint8List plainEncode() {
    final writer = PlainWriter();
    _plainEncode(writer, value);
    return writer.bytes;
  }

  T plainDecode() => _plainDecode(PlainReader(_bytes));

  void check() {
    encode();
    if (!_equal(_writer.written, _bytes)) throw StateError('$name: the two codecs write different bytes');
    if (decode() != value || plainDecode() != value) throw StateError('$name: came back as another value');
  }

  /// The nanoseconds a value of the generated codec, the plain one, and the copy.
  List<double> measure({required bool encoding}) {
    final from = copied;
    return _race([
      encoding ? encode : decode,
      encoding ? plainEncode : plainDecode,
      if (from != null) encoding ? () => _copyTo(_writer.data, from) : () => Float64List.fromList(from),
    ]);
  }

  static Object _copyTo(ByteData data, Float64List from) =>
      data.buffer.asUint8List()..setRange(0, from.lengthInBytes, from.buffer.asUint8List());
}

/// Results end up here, so that none of the work is for nothing.
Object? _kept;

List<double> _race(List<Object? Function()> contestants) {
  final watch = Stopwatch()..start();
  double run(Object? Function() contestant, int count) {
    final start = watch.elapsedTicks;
    for (var i = 0; i < count; i++) {
      _kept = contestant();
    }
    return (watch.elapsedTicks - start) * 1e9 / watch.frequency / count;
  }

  final counts = [for (final _ in contestants) 1];
  final best = [for (final _ in contestants) double.infinity];
  for (var round = 0; round < _rounds; round++) {
    for (var i = 0; i < contestants.length; i++) {
      final took = run(contestants[i], counts[i]);
      if (took < best[i]) best[i] = took;
      counts[i] = (_roundMicroseconds * 1000 / took).ceil();
    }
  }
  return best;
}

bool _equal(Uint8List a, Uint8List b) {
  if (a.length != b.length) return false;
  for (var i = 0; i < a.length; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

Telemetry _telemetry(int i) => Telemetry(
      active: i.isEven,
      zone: i % 200,
      delta: i * 31 - 15000,
      count: 100000 + i * 1001,
      at: 1700000000000000 + i * 20000,
      celsius: -12.5 + i * 0.125,
      ratio: 0.123456789 * (i + 1),
      name: 'front left motor',
      raw: Uint8List.fromList([for (var k = 0; k < 16; k++) 17 * k]),
      mode: Mode.values[i % 3],
      fine: 1e-3 * i,
      history: Float32List.fromList([for (var k = 0; k < 8; k++) 20.5 + (i * 8 + k) * 0.25]),
    );

String _number(double value) => value.toStringAsFixed(value < 1000 ? 1 : 0).padLeft(11);

String _ratio(double value) => '${value.toStringAsFixed(2)}x'.padLeft(9);

void _goal(String text, num goal, List<double> reached, {bool below = false}) {
  final worst = reached.reduce((a, b) => (a < b) == below ? b : a);
  final good = below ? worst <= goal : worst >= goal;
  final verdict = good ? 'reached' : 'not reached';
  print('goal: $text: $verdict (${below ? 'most' : 'least'}: ${worst.toStringAsFixed(2)}x)');
}

void main() {
  final values = Float64List.fromList([for (var i = 0; i < 10000; i++) 0.5 * i - 1000]);
  final items = [for (var i = 0; i < 1000; i++) _telemetry(i)];
  final subjects = <Subject<Object>>[
    Subject<Telemetry>('telemetry', items.first, encodeTelemetry, decodeTelemetry,
        (writer, value) => writer.writeTelemetry(value), (reader) => reader.readTelemetry()),
    Subject<Batch>('list of 1,000 of them', Batch(items: items), encodeBatch, decodeBatch,
        (writer, value) => writer.writeBatch(value), (reader) => reader.readBatch()),
    Subject<Series>('list of 10,000 f64', Series(values: values), encodeSeries, decodeSeries,
        (writer, value) => writer.writeSeries(value), (reader) => reader.readSeries(),
        copied: values),
  ];
  for (final subject in subjects) {
    subject.check();
  }

  print('Dart ${Platform.version.split(' ').first} (${Platform.version.split('"')[1]}, JIT). '
      'Nanoseconds a value, best of $_rounds rounds; times what mbr takes.');
  print('${''.padRight(29)}        mbr      plain codec            one copy');
  final ratios = {true: <double>[], false: <double>[]};
  final copies = <double>[];
  for (final encoding in [true, false]) {
    for (final subject in subjects) {
      final [mbr, plain, ...copy] = subject.measure(encoding: encoding);
      ratios[encoding]!.add(plain / mbr);
      if (copy.isNotEmpty) copies.add(mbr / copy.single);
      print('${encoding ? 'encode' : 'decode'} ${subject.name.padRight(22)}${_number(mbr)}'
          '${_number(plain)}${_ratio(plain / mbr)}'
          '${[for (final ns in copy) '${_number(ns)}${_ratio(ns / mbr)}'].join()}');
    }
  }
  _goal('encode at least $_encodeGoal times as fast as the plain codec', _encodeGoal, ratios[true]!);
  _goal('decode at least $_decodeGoal times as fast as the plain codec', _decodeGoal, ratios[false]!);
  _goal('a list of numbers within $_copyGoal times of one copy', _copyGoal, copies, below: true);
  if (_kept == null) exitCode = 1;
}
