/// The `uuid` of contracts. Knows no schema and no bytes beyond its own.
library;

import 'dart:typed_data';

/// 128 bits that name something, written as in `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`.
final class MbrUuid {
  /// From its four parts of 32 bits, as they stand from left to right.
  const MbrUuid(this._a, this._b, this._c, this._d);

  /// From 16 bytes in the order of the text. Throws [ArgumentError] when they are not 16.
  factory MbrUuid.fromBytes(List<int> bytes) {
    if (bytes.length != 16) throw ArgumentError.value(bytes, 'bytes', 'not 16 bytes');
    final data = ByteData.sublistView(Uint8List.fromList(bytes));
    return MbrUuid(data.getUint32(0), data.getUint32(4), data.getUint32(8), data.getUint32(12));
  }

  /// From its text, hexadecimal digits of either case in groups of 8-4-4-4-12. Throws [FormatException].
  factory MbrUuid.parse(String text) =>
      tryParse(text) ?? (throw FormatException('not a UUID', text));

  /// As [MbrUuid.parse], but null for what is no UUID.
  static MbrUuid? tryParse(String text) {
    if (!_form.hasMatch(text)) return null;
    final digits = text.replaceAll('-', '');
    int part(int index) => int.parse(digits.substring(8 * index, 8 * index + 8), radix: 16);
    return MbrUuid(part(0), part(1), part(2), part(3));
  }

  /// All bits zero.
  static const nil = MbrUuid(0, 0, 0, 0);

  static final _form = RegExp(r'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$');

  // Not one Uint8List: so a UUID can be const, and compares quickly.
  final int _a, _b, _c, _d;

  /// The four parts, the leftmost first.
  (int, int, int, int) get parts => (_a, _b, _c, _d);

  /// The 16 bytes in the order of the text, as a new list.
  Uint8List get bytes {
    final data = ByteData(16)
      ..setUint32(0, _a)
      ..setUint32(4, _b)
      ..setUint32(8, _c)
      ..setUint32(12, _d);
    return data.buffer.asUint8List();
  }

  String toJson() => toString();

  @override
  bool operator ==(Object other) =>
      other is MbrUuid && other._a == _a && other._b == _b && other._c == _c && other._d == _d;

  @override
  int get hashCode => Object.hash(_a, _b, _c, _d);

  /// The text, in small letters.
  @override
  String toString() {
    String hex(int part) => part.toRadixString(16).padLeft(8, '0');
    final (a, b, c, d) = (hex(_a), hex(_b), hex(_c), hex(_d));
    return '$a-${b.substring(0, 4)}-${b.substring(4)}-${c.substring(0, 4)}-${c.substring(4)}$d';
  }
}
