/// Sends random values from Dart to C and back, damaged ones to the decoders of both and values that break a
/// limit to the encoders of both, and compares. Knows no contract: the program that generate.dart wrote hands
/// its types over.
///
/// Arguments: SEED VALUES_FILE ANSWERS_FILE C_PROGRAM. The C program reads the one file and writes the other.
library;

import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:contract/src/mbr/exceptions.dart';
import 'package:contract/src/mbr/wire.dart';

import 'damage.dart';
import 'dice.dart';
import 'maker.dart';

const int _valuesOfAType = 24;
const int _damagesOfAValue = 8;
const int _failuresToShow = 10;

/// Characters of a message.
const int _longest = 2000;

/// A type of the contract: its codec, and how a random value of it is made.
final class Subject<T> {
  const Subject(this.name, this._encode, this._decode, this._fromJson, this._make);

  final String name;
  final void Function(MbrWriter writer, T value) _encode;
  final T Function(MbrReader reader) _decode;
  final T Function(Object? json) _fromJson;
  final T Function(Maker maker) _make;

  Object? make(Maker maker) => _make(maker);

  Object? fromJson(Object? json) => _fromJson(json);

  Uint8List encode(Object? value) {
    final writer = MbrWriter.onHeap(1);
    _encode(writer, value as T);
    return Uint8List.fromList(writer.written);
  }

  Object? decode(Uint8List bytes) {
    final reader = MbrReader(ByteData.sublistView(bytes), 0, bytes.length);
    final value = _decode(reader);
    reader.finish();
    return value;
  }
}

/// What one side makes of bytes.
final class Answer {
  const Answer(this.status, this.offset, {this.announced = 0, required this.bytes});

  final MbrStatus status;
  final int offset;

  /// What C said the size would be.
  final int announced;

  /// The value encoded again.
  final Uint8List bytes;

  bool get isOk => status == MbrStatus.ok;

  @override
  String toString() => isOk ? 'accepted' : '${status.name} at $offset';
}

/// Bytes that are sent to C.
final class Case {
  const Case(this.subject, this.bytes, {this.original, this.hasNan = false, this.refusal});

  final Subject<Object?> subject;
  final Uint8List bytes;

  /// The value, when the bytes are not damaged.
  final Object? original;
  final bool hasNan;

  /// What Dart makes of a value that breaks a limit, when the bytes are how the lax contract encodes it.
  final Answer? refusal;
}

/// Of each of [subjects] there is one in [lax], of the type without limits.
void exchange(List<String> arguments, List<Subject<Object?>> subjects, List<Subject<Object?>> lax) {
  final [seed, valuesFile, answersFile, program] = arguments;
  final run = _Exchange(int.parse(seed), subjects, lax)..collect();
  File(valuesFile).writeAsBytesSync(run.written());
  final result = Process.runSync(program, [valuesFile, answersFile]);
  stdout.write(result.stdout);
  stderr.write(result.stderr);
  if (result.exitCode != 0) run.fail('$program ended with ${result.exitCode}');
  run.compare(File(answersFile).readAsBytesSync());
  run.finish();
}

final class _Exchange {
  _Exchange(this.seed, this.subjects, this.lax);

  final int seed;
  final List<Subject<Object?>> subjects, lax;
  final List<Case> cases = [];
  final Map<String, int> refusals = {}, encoderRefusals = {};
  int values = 0, damaged = 0, accepted = 0, failures = 0;

  void fail(String what, [Case? of]) {
    if (++failures > _failuresToShow) return;
    stderr.writeln('seed $seed: ${_shortened(what)}');
    if (of == null) return;
    stderr.writeln('  ${of.subject.name}${of.original == null ? ', damaged' : ''}: ${_hex(of.bytes)}');
  }

  String _hex(Uint8List bytes) =>
      _shortened([for (final byte in bytes) byte.toRadixString(16).padLeft(2, '0')].join());

  String _shortened(String text) => text.length <= _longest ? text : '${text.substring(0, _longest)} …';

  void collect() {
    for (final (index, subject) in subjects.indexed) {
      for (var i = 0; i < _valuesOfAType; i++) {
        final one = _value(subject, Dice([seed, index, i]));
        if (one == null) continue;
        values++;
        cases.add(one);
        _check(one);
        final dice = Dice([seed, index, i, 1]);
        for (var k = 0; k < _damagesOfAValue; k++) {
          cases.add(Case(subject, damage(one.bytes, dice)));
          damaged++;
        }
        if (_broken(index, i) case final broken?) cases.add(broken);
      }
    }
  }

  /// The value number [i] again, but with one of its limits broken, if it has any.
  Case? _broken(int index, int i) {
    final kept = Maker(Dice([seed, index, i]));
    subjects[index].make(kept);
    if (kept.limits == 0) return null;
    final limit = Dice([seed, index, i, 2]).below(kept.limits);
    Object? make(Subject<Object?> subject) =>
        subject.make(Maker(Dice([seed, index, i]), brokenLimit: limit));
    final bytes = lax[index].encode(make(lax[index]));
    final broken = make(subjects[index]);
    return Case(lax[index], bytes, refusal: _answer(() => subjects[index].encode(broken)));
  }

  Case? _value(Subject<Object?> subject, Dice dice) {
    final maker = Maker(dice);
    final value = subject.make(maker);
    try {
      return Case(subject, subject.encode(value), original: value, hasNan: maker.hasNan);
    } on MbrCodecException catch (error) {
      fail('${subject.name}: Dart does not encode a value: ${error.status.name} at ${error.path}');
      return null;
    }
  }

  /// What Dart alone can tell: the value is what its bytes and its JSON say.
  void _check(Case one) {
    _checkSame(one, () => one.subject.decode(one.bytes), 'bytes in Dart');
    _checkSame(one, () => one.subject.fromJson(jsonDecode(jsonEncode(one.original))), 'JSON');
  }

  void _checkSame(Case one, Object? Function() read, String from) {
    final Object? value;
    try {
      value = read();
    } catch (error) {
      return fail('no value from $from: $error', one);
    }
    // A NaN equals nothing.
    final isSame = one.hasNan
        ? '$value' == '${one.original}'
        : value == one.original && value.hashCode == one.original.hashCode;
    if (!isSame) fail('another value from $from: $value\n  instead of ${one.original}', one);
  }

  Uint8List written() {
    final out = BytesBuilder();
    for (final one in cases) {
      final head = ByteData(8)
        ..setUint32(0, [...subjects, ...lax].indexOf(one.subject), Endian.little)
        ..setUint32(4, one.bytes.length, Endian.little);
      out
        ..add(head.buffer.asUint8List())
        ..add(one.bytes);
    }
    return out.takeBytes();
  }

  void compare(Uint8List answers) {
    final data = ByteData.sublistView(answers);
    var at = 0;
    int next() => data.getUint32((at += 4) - 4, Endian.little);
    for (final one in cases) {
      // C ended before its time, and of its last answer there may be a part.
      final rest = answers.length - at;
      if (rest < 16 || rest - 16 < data.getUint32(at + 12, Endian.little)) {
        return fail('C has no answer to one of the cases from here on', one);
      }
      final status = MbrStatus.of(next());
      final offset = next(), announced = next(), size = next();
      final bytes = Uint8List.sublistView(answers, at, at += size);
      final answer = Answer(status, offset, announced: announced, bytes: bytes);
      switch (one) {
        case Case(:final refusal?):
          _compareRefusal(one, answer, refusal);
        case Case(original: null):
          _compareDamaged(one, answer);
        default:
          _compareValue(one, answer);
      }
    }
    if (at != answers.length) fail('C has more answers than there are cases');
  }

  void _compareValue(Case one, Answer c) {
    if (!c.isOk) return fail('C refuses a value: $c', one);
    _checkEncoded(one, c);
    _checkSame(one, () => one.subject.decode(c.bytes), 'C');
  }

  void _checkEncoded(Case one, Answer c) {
    if (c.announced != c.bytes.length) {
      fail('C announces ${c.announced} bytes and encodes ${c.bytes.length}', one);
    }
    if (!_isEqual(one.bytes, c.bytes)) fail('C encodes other bytes: ${_hex(c.bytes)}', one);
  }

  /// Of encoders only the reason counts: each looks at as many fields at a time as it likes.
  void _compareRefusal(Case one, Answer c, Answer dart) {
    if (c.status != dart.status) return fail('C encodes: ${c.status.name}, Dart: ${dart.status.name}', one);
    encoderRefusals.update(dart.status.name, (count) => count + 1, ifAbsent: () => 1);
    if (c.isOk && !_isEqual(c.bytes, dart.bytes)) fail('C encodes other bytes: ${_hex(c.bytes)}', one);
  }

  void _compareDamaged(Case one, Answer c) {
    final dart = _ask(one);
    if (c.isOk != dart.isOk || !(c.isOk || _areOneRefusal(c, dart))) {
      return fail('C: $c, Dart: $dart', one);
    }
    if (!c.isOk) {
      refusals.update(dart.status.name, (count) => count + 1, ifAbsent: () => 1);
      return;
    }
    accepted++;
    _checkEncoded(one, c);
    // The payload of a NaN is not kept in Dart: then only the size tells.
    final hasNan = '${one.subject.decode(one.bytes)}'.contains('NaN');
    final isSame = hasNan ? one.bytes.length == dart.bytes.length : _isEqual(one.bytes, dart.bytes);
    if (!isSame) fail('Dart encodes other bytes: ${_hex(dart.bytes)}', one);
  }

  Answer _ask(Case one) => _answer(() => one.subject.encode(one.subject.decode(one.bytes)), one);

  Answer _answer(Uint8List Function() encode, [Case? of]) {
    try {
      return Answer(MbrStatus.ok, 0, bytes: encode());
    } on MbrCodecException catch (error) {
      return Answer(error.status, error.offset, bytes: Uint8List(0));
    } catch (error) {
      fail('Dart ends with $error', of);
      return Answer(MbrStatus.internal, 0, bytes: Uint8List(0));
    }
  }

  /// The same error at the same place. Where more than one thing is wrong, a decoder may see the end of the
  /// input early, as it takes several fields at a time, and a duplicate late, when it has all items.
  bool _areOneRefusal(Answer a, Answer b) =>
      (a.status == b.status && a.offset == b.offset) || _mayStandFor(a, b) || _mayStandFor(b, a);

  bool _mayStandFor(Answer first, Answer other) =>
      (first.status == MbrStatus.truncated || first.status == MbrStatus.duplicate) &&
      first.offset <= other.offset;

  bool _isEqual(Uint8List a, Uint8List b) {
    if (a.length != b.length) return false;
    for (var i = 0; i < a.length; i++) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }

  String _counts(Map<String, int> counts) =>
      [for (final status in counts.keys.toList()..sort()) '${counts[status]} $status'].join(', ');

  void finish() {
    print('seed $seed: ${subjects.length} types, $values values, $damaged damaged: $accepted accepted, '
        '${_counts(refusals)}; ${cases.length - values - damaged} with a limit broken: '
        '${_counts(encoderRefusals)}');
    if (failures == 0) return;
    stderr.writeln('seed $seed: $failures failed');
    exitCode = 1;
  }
}
