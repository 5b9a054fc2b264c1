/// Methods that are plain calls of a native function: sync ones of scalars, which no frame carries or checks.
///
/// Arguments fail with `MbrCodecException` before anything is called, results as they come back. Knows
/// nothing of dart:ffi: generated code binds the functions, in a file of its own.
library;

import 'dart:typed_data';

import 'connection.dart';
import 'exceptions.dart';

/// The native function behind one method, found once for a connection.
final class MbrDirect<F extends Function> {
  factory MbrDirect(MbrConnection connection, MbrMethod<Object?> method, F Function(int address) bind) {
    final (function, target) = connection.direct(method);
    return MbrDirect._(method, bind(function), target);
  }

  MbrDirect._(this._method, this.function, this._target);

  final MbrMethod<Object?> _method;
  final MbrTarget _target;

  /// What is called, with the [target] in front of the arguments.
  final F function;

  /// Whom it is called for.
  int get target {
    final address = _target.address;
    return address != 0 ? address : throw MbrDisconnected(_method.name);
  }
}

/// Single values as the numbers that native functions take and return.
abstract final class MbrScalar {
  /// Each of these returns [value], which must fit the type that names it. Written so because comparisons
  /// with limits cost more where Dart's int is wider than a machine word.
  static int i8(int value, String at) =>
      value.toSigned(8) == value ? value : _fail(MbrStatus.badRange, at);
  static int i16(int value, String at) =>
      value.toSigned(16) == value ? value : _fail(MbrStatus.badRange, at);
  static int i32(int value, String at) =>
      value.toSigned(32) == value ? value : _fail(MbrStatus.badRange, at);
  static int u8(int value, String at) =>
      value.toUnsigned(8) == value ? value : _fail(MbrStatus.badRange, at);
  static int u16(int value, String at) =>
      value.toUnsigned(16) == value ? value : _fail(MbrStatus.badRange, at);
  static int u32(int value, String at) =>
      value.toUnsigned(32) == value ? value : _fail(MbrStatus.badRange, at);

  /// Returns [value], which must not be below [min] or above [max].
  static int integer(int value, String at, {int? min, int? max}) =>
      (min != null && value < min) || (max != null && value > max) ? _fail(MbrStatus.badRange, at) : value;

  /// As [integer]. NaN is in no range.
  static double real(double value, String at, {double? min, double? max}) =>
      (min != null && !(value >= min)) || (max != null && !(value <= max))
          ? _fail(MbrStatus.badRange, at)
          : value;

  /// [value] with single precision; it is rounded before it is compared. A finite number that single
  /// precision has no room for is an error, not infinity.
  static double single(double value, String at, {double? min, double? max}) {
    _single[0] = value;
    final rounded = _single[0];
    if (rounded.isInfinite && value.isFinite) _fail(MbrStatus.badRange, at);
    return real(rounded, at, min: min, max: max);
  }

  static final Float32List _single = Float32List(1);

  /// The 64 bits of an unsigned number.
  static int bits(BigInt value, String at, {BigInt? min, BigInt? max}) {
    if (value.isNegative || value.bitLength > 64) _fail(MbrStatus.badRange, at);
    return _within(value, at, min, max).toSigned(64).toInt();
  }

  /// The unsigned number of these [bits].
  static BigInt unsigned(int bits, String at, {BigInt? min, BigInt? max}) =>
      _within(BigInt.from(bits).toUnsigned(64), at, min, max);

  /// The number of the one code point of [value].
  static int rune(String value, String at) {
    final runes = value.runes;
    return runes.length == 1 ? _checkRune(runes.first, at) : _fail(MbrStatus.badChar, at);
  }

  /// The text of one code point.
  static String character(int rune, String at) => String.fromCharCode(_checkRune(rune, at));

  static DateTime timestamp(int microseconds, String at) =>
      microseconds < -_timestampMax || microseconds > _timestampMax
          ? _fail(MbrStatus.badTime, at)
          : DateTime.fromMicrosecondsSinceEpoch(microseconds, isUtc: true);

  /// The one of [members] whose number is [value].
  static T member<T>(int value, List<T> members, int Function(T member) number, String at) {
    for (final member in members) {
      if (number(member) == value) return member;
    }
    _fail(MbrStatus.badEnum, at);
  }

  /// The one of [members] at this [index].
  static T index<T>(int index, List<T> members, String at) =>
      index < members.length ? members[index] : _fail(MbrStatus.badEnum, at);
}

/// The furthest that a DateTime reaches from 1970, in either direction.
const int _timestampMax = 8640000000000000000;

BigInt _within(BigInt value, String at, BigInt? min, BigInt? max) =>
    (min != null && value < min) || (max != null && value > max) ? _fail(MbrStatus.badRange, at) : value;

int _checkRune(int rune, String at) =>
    rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000) ? _fail(MbrStatus.badChar, at) : rune;

Never _fail(MbrStatus status, String at) => throw MbrCodecException(status, 0, at);
