/// Values as JSON and back, for generated `toJson` and `fromJson`.
///
/// Names are those of the contract. Numbers of 64 and more bits are JSON numbers up to 2^53 either way and
/// decimal text beyond, since many readers of JSON keep no more digits; doubles that JSON has no number for
/// are the text `NaN`, `Infinity` and `-Infinity`. Bytes are base64; a timestamp is ISO 8601 in UTC, a
/// duration its microseconds. A list, set, array or tuple is a list; a map with text as keys is an object,
/// any other a list of `[key, value]`. A member of an enum is its name, one without a name its number;
/// flags are the names of those set, then the bits that have no name as one number. An arm of a union is its
/// name alone, or an object from its name to what it holds. An absent optional is null.
library;

import 'dart:convert' show base64;
import 'dart:typed_data';

import 'uuid.dart';

/// JSON that is not a value of the type asked for.
final class MbrJsonException implements FormatException {
  const MbrJsonException(this.message, this.path, this.source);

  /// What is wrong.
  @override
  final String message;

  /// The place within the value, as in `Reading.history[3]`.
  final String path;

  /// What stands there.
  @override
  final Object? source;

  @override
  int? get offset => null;

  @override
  String toString() => 'MbrJsonException: $path: $message';
}

/// The numbers that every reader of JSON keeps exactly end here.
const int _exactMax = 0x20000000000000;

/// Microseconds on either side of 1970 that a [DateTime] can hold.
const int _timestampMax = 8640000000000000000;

/// Makes JSON. Null stays null.
abstract final class MbrJson {
  static Object? int64(int? value) =>
      value != null && (value < -_exactMax || value > _exactMax) ? value.toString() : value;

  /// The bits of [value] as an unsigned number.
  static Object? uint64(int value) => bigInt(BigInt.from(value).toUnsigned(64));

  static Object? bigInt(BigInt? value) =>
      value == null || value.bitLength > 53 ? value?.toString() : int64(value.toInt());

  static Object? real(double? value) => value == null || value.isFinite ? value : value.toString();

  static String? bytes(Uint8List? value) => value == null ? null : base64.encode(value);

  static String? timestamp(DateTime? value) => value?.toUtc().toIso8601String();

  static Object? duration(Duration? value) => int64(value?.inMicroseconds);

  static Object? optional<T extends Object>(T? value, Object? Function(T value) toJson) =>
      value == null ? null : toJson(value);

  static List<Object?>? list<T>(Iterable<T>? items, Object? Function(T item) toJson) =>
      items?.map(toJson).toList();

  /// A map with text as keys.
  static Map<String, Object?>? object<V>(Map<String, V>? entries, Object? Function(V value) toJson) =>
      entries?.map((key, value) => MapEntry(key, toJson(value)));

  /// Any other map.
  static List<Object?>? entries<K, V>(
          Map<K, V>? entries, Object? Function(K key) keyToJson, Object? Function(V value) toJson) =>
      list(entries?.entries, (entry) => [keyToJson(entry.key), toJson(entry.value)]);

  /// The names whose bits are all in [bits], then the bits that none of them has.
  static List<Object> flags(int bits, Map<String, int> masks) {
    final names = <Object>[];
    var rest = bits;
    masks.forEach((name, mask) {
      if (mask == 0 || bits & mask != mask) return;
      names.add(name);
      rest &= ~mask;
    });
    return [...names, if (rest != 0) uint64(rest)!];
  }
}

/// One place within JSON that is being read: what stands there, and how to get there.
///
/// Every method throws [MbrJsonException] for what is not of its type.
final class MbrJsonReader {
  MbrJsonReader._(this.value, this._parent, this._step);

  /// Reading starts at [json], a value of [type], unless it is a place within something already.
  factory MbrJsonReader.of(Object? json, String type) =>
      json is MbrJsonReader ? json : MbrJsonReader._(json, null, type);

  final Object? value;
  final MbrJsonReader? _parent;

  /// The name or index within [_parent]; at the top the name of the type.
  final Object _step;

  String get path {
    final parent = _parent;
    if (parent == null) return '$_step';
    return _step is int ? '${parent.path}[$_step]' : '${parent.path}.$_step';
  }

  Never fail(String message) => throw MbrJsonException(message, path, value);

  Never _expect(String what) => fail(value == null ? '$what is missing' : 'this is not $what');

  /// The member of an object, or the item of a list, at [step].
  MbrJsonReader operator [](Object step) {
    final value = this.value;
    if (step is int && value is List<Object?>) return MbrJsonReader._(value[step], this, step);
    return MbrJsonReader._(value is Map<Object?, Object?> ? value[step] : null, this, step);
  }

  bool boolean() {
    final value = this.value;
    return value is bool ? value : _expect('a bool');
  }

  /// A number of up to 32 bits.
  int integer(int min, int max) {
    final value = this.value;
    if (value is! int) _expect('a whole number');
    if (value < min || value > max) fail('not from $min to $max');
    return value;
  }

  /// A number of 64 bits that is an [int] here.
  int int64({int? min, int? max}) {
    final value = this.value;
    if (value is int && (min == null || value >= min) && (max == null || value <= max)) return value;
    return _wide(min == null ? _int64Min : BigInt.from(min), max == null ? _int64Max : BigInt.from(max))
        .toInt();
  }

  BigInt u64({BigInt? min, BigInt? max}) => _wide(min ?? BigInt.zero, max ?? _uint64Max);
  BigInt i128({BigInt? min, BigInt? max}) => _wide(min ?? _int128Min, max ?? _int128Max);
  BigInt u128({BigInt? min, BigInt? max}) => _wide(min ?? BigInt.zero, max ?? _uint128Max);

  static final _int64Min = -(BigInt.one << 63);
  static final _int64Max = (BigInt.one << 63) - BigInt.one;
  static final _uint64Max = (BigInt.one << 64) - BigInt.one;
  static final _int128Min = -(BigInt.one << 127);
  static final _int128Max = (BigInt.one << 127) - BigInt.one;
  static final _uint128Max = (BigInt.one << 128) - BigInt.one;
  static final _decimal = RegExp(r'^(0|-?[1-9][0-9]*)$');

  /// A number, or its decimal digits as text.
  BigInt _wide(BigInt min, BigInt max) {
    final value = this.value;
    final BigInt number;
    if (value is int) {
      number = BigInt.from(value);
    } else if (value is String && value.length <= 40 && _decimal.hasMatch(value)) {
      number = BigInt.parse(value);
    } else {
      _expect('a whole number');
    }
    if (number < min || number > max) fail('not from $min to $max');
    return number;
  }

  double real({double? min, double? max}) {
    final value = this.value;
    final double number = switch (value) {
      num() => value.toDouble(),
      'NaN' => double.nan,
      'Infinity' => double.infinity,
      '-Infinity' => double.negativeInfinity,
      _ => _expect('a number'),
    };
    if (min == null && max == null) return number;
    // NaN is in no range.
    if (number >= (min ?? double.negativeInfinity) && number <= (max ?? double.infinity)) return number;
    fail('not from ${min ?? '-Infinity'} to ${max ?? 'Infinity'}');
  }

  /// As [real], rounded to single precision.
  double single({double? min, double? max}) {
    final number = real();
    _single[0] = number;
    final rounded = _single[0];
    if (rounded.isInfinite && number.isFinite) fail('too large for single precision');
    if (min == null && max == null) return rounded;
    return MbrJsonReader._(rounded, _parent, _step).real(min: min, max: max);
  }

  static final _single = Float32List(1);

  /// Text of one code point.
  String char() {
    final value = this.value;
    if (value is! String || value.runes.length != 1) _expect('a character');
    if (value.runes.first & ~0x7ff == 0xd800) fail('half a surrogate pair');
    return value;
  }

  /// Text of at most [max] bytes of UTF-8.
  String string({int? max}) {
    final value = this.value;
    if (value is! String) _expect('text');
    var size = 0;
    for (final rune in value.runes) {
      if (rune & ~0x7ff == 0xd800) fail('half a surrogate pair');
      size += rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    }
    if (max != null && size > max) fail('more than $max bytes');
    return value;
  }

  Uint8List bytes({int? max}) {
    final value = this.value;
    if (value is! String) _expect('base64');
    try {
      final bytes = base64.decode(value);
      if (max == null || bytes.length <= max) return bytes;
    } on FormatException {
      _expect('base64');
    }
    fail('more than $max bytes');
  }

  MbrUuid uuid() {
    final value = this.value;
    return (value is String ? MbrUuid.tryParse(value) : null) ?? _expect('a UUID');
  }

  DateTime timestamp() {
    final value = this.value;
    final time = value is String ? DateTime.tryParse(value) : null;
    if (time == null || !time.isUtc) _expect('a time in UTC as ISO 8601');
    // The parser takes more forms than one, and months above 12.
    final end = (value as String).indexOf(_secondsEnd);
    if (end < 0 || !time.toIso8601String().startsWith(value.substring(0, end))) fail('no such time');
    return time;
  }

  static final _secondsEnd = RegExp('[.Z]');

  Duration duration() => Duration(microseconds: int64());

  T? optional<T extends Object>(T Function(MbrJsonReader json) read) => value == null ? null : read(this);

  List<Object?> _items(int? max) {
    final value = this.value;
    if (value is! List<Object?>) _expect('a list');
    if (max != null && value.length > max) fail('more than $max items');
    return value;
  }

  /// An unmodifiable list.
  List<T> list<T>(T Function(MbrJsonReader json) read, {int? max}) {
    final count = _items(max).length;
    return List.unmodifiable([for (var i = 0; i < count; i++) read(this[i])]);
  }

  /// An unmodifiable list of exactly [count] items.
  List<T> array<T>(int count, T Function(MbrJsonReader json) read) {
    if (_items(null).length != count) fail('not $count items');
    return list(read);
  }

  /// An unmodifiable set; an item that occurs twice is an error.
  Set<T> set<T>(T Function(MbrJsonReader json) read, {int? max}) {
    final count = _items(max).length;
    final items = <T>{};
    for (var i = 0; i < count; i++) {
      if (!items.add(read(this[i]))) this[i].fail('the same item twice');
    }
    return Set.unmodifiable(items);
  }

  /// A record of [count] members.
  T tuple<T>(int count, T Function(MbrJsonReader json) read) {
    if (_items(null).length != count) fail('not $count items');
    return read(this);
  }

  /// An unmodifiable map with text as keys.
  Map<String, V> object<V>(
      String Function(MbrJsonReader json) readKey, V Function(MbrJsonReader json) read,
      {int? max}) {
    final value = this.value;
    if (value is! Map<Object?, Object?>) _expect('an object');
    if (max != null && value.length > max) fail('more than $max entries');
    return Map.unmodifiable({
      for (final key in value.keys)
        readKey(MbrJsonReader._(key, this, '$key')): read(MbrJsonReader._(value[key], this, '$key')),
    });
  }

  /// Any other unmodifiable map, from a list of `[key, value]`; a key that occurs twice is an error.
  Map<K, V> entries<K, V>(
      K Function(MbrJsonReader json) readKey, V Function(MbrJsonReader json) read,
      {int? max}) {
    final count = _items(max).length;
    final entries = <K, V>{};
    for (var i = 0; i < count; i++) {
      final entry = this[i];
      if (entry._items(null).length != 2) entry._expect('a key and its value');
      final key = readKey(entry[0]);
      if (entries.containsKey(key)) entry.fail('the same key twice');
      entries[key] = read(entry[1]);
    }
    return Map.unmodifiable(entries);
  }

  /// An object of members called [names], each of which may be absent, and no others.
  MbrJsonReader fields(List<String> names) {
    final value = this.value;
    if (value is! Map<Object?, Object?>) _expect('an object');
    for (final key in value.keys) {
      if (!names.contains(key)) this['$key'].fail('no such field');
    }
    return this;
  }

  /// The arm of a union: its name, and the place of what it holds.
  (String, MbrJsonReader) arm() {
    final value = this.value;
    if (value is String) return (value, MbrJsonReader._(_nothing, this, value));
    if (value is! Map<Object?, Object?> || value.length != 1) {
      _expect('the name of an arm, or an object of one');
    }
    final name = '${value.keys.first}';
    return (name, this[name]);
  }

  /// [arm], which is to hold nothing: it stands as its name alone.
  T bare<T>(T arm) => identical(value, _nothing) ? arm : fail('this arm holds nothing');

  /// What an arm holds that stands as its name alone: not even null.
  static const _nothing = #nothing;

  /// The member of an enum that has the name that stands here.
  T member<T>(List<T> members, String Function(T member) nameOf) {
    for (final member in members) {
      if (nameOf(member) == value) return member;
    }
    _expect('a name of this enum');
  }

  /// The number of a member of an open enum, which is one of [names] or itself.
  int number(Map<int, String> names, int bits, {required bool isSigned}) {
    final value = this.value;
    for (final MapEntry(key: number, value: name) in names.entries) {
      if (name == value) return number;
    }
    final half = BigInt.one << (bits - 1);
    return (isSigned ? _wide(-half, half - BigInt.one) : _wide(BigInt.zero, half + half - BigInt.one))
        .toSigned(64)
        .toInt();
  }

  /// The bits of flags, from names and numbers.
  int flags(Map<String, int> masks, int bits) {
    var all = 0;
    for (var i = 0; i < _items(null).length; i++) {
      final item = this[i];
      all |= masks[item.value] ??
          item._wide(BigInt.zero, (BigInt.one << bits) - BigInt.one).toSigned(64).toInt();
    }
    return all;
  }
}
