/// What each side tells the other that it serves, in HELLO frames, and what comes of a difference.
part of 'native.dart';

/// Of a HELLO's payload: u32 version, u32 service, u32 method count, u32 type count; then rows, sorted.
const int _helloHeadSize = 16;
const int _helloRowSize = 12; // u32 key, u64 value

/// What the library serves, by which methods are checked when they are first called.
final class _Offers {
  final List<_Offer> _offers = [];

  /// Methods that have been found good, each at a place given by its number.
  final List<MbrMethod<Object?>?> _checked = List.filled(256, null);

  /// The protocol version of the library where it is not ours: what it serves cannot be read then.
  int? foreignVersion;

  void add(Uint8List hello) {
    final data = ByteData.sublistView(hello);
    final version = data.getUint32(_headerSize, Endian.little);
    if (version == _protocolVersion) {
      _offers.add(_Offer(data));
    } else {
      foreignVersion = version;
    }
  }

  bool hasService(String name) => _offers.any((offer) => offer.service == _fnv1a(name));

  bool hasMethod(int id) => _offers.any((offer) => offer.method(id) != null);

  /// Why [method] cannot be called; null when it can.
  @pragma('vm:prefer-inline')
  MbrFault? refusal(MbrMethod<Object?> method) =>
      identical(_checked[method.id & 0xff], method) ? null : _check(method);

  MbrFault? _check(MbrMethod<Object?> method) {
    for (final offer in _offers) {
      final fingerprint = offer.method(method.id);
      if (fingerprint == null) continue;
      if (fingerprint != method.fingerprint) {
        return MbrFault(MbrStatus.mismatch, _difference(method, offer), method.name);
      }
      _checked[method.id & 0xff] = method;
      return null;
    }
    return MbrFault(MbrStatus.unimplemented, '', method.name);
  }

  String _difference(MbrMethod<Object?> method, _Offer offer) {
    final types = [
      for (final index in method.types)
        if (method.contract.types[index] case final type when offer.type(_fnv1a(type.name)) != type.shape)
          type.name
    ];
    return switch (types) {
      [] => 'its signature differs',
      [final type] => '$type differs',
      [...final first, final last] => '${first.join(', ')} and $last differ',
    };
  }
}

/// One HELLO frame.
final class _Offer {
  _Offer(this._data)
      : service = _data.getUint32(_headerSize + 4, Endian.little),
        _methods = _data.getUint32(_headerSize + 8, Endian.little),
        _types = _data.getUint32(_headerSize + 12, Endian.little);

  final ByteData _data;

  /// FNV-1a of its name.
  final int service;

  final int _methods;
  final int _types;

  String? method(int id) => _find(id, 0, _methods);
  String? type(int name) => _find(name, _methods, _methods + _types);

  /// The value of the row with this key, among those from [low] up to [high].
  String? _find(int key, int low, int high) {
    while (low < high) {
      final middle = (low + high) >> 1;
      final at = _headerSize + _helloHeadSize + middle * _helloRowSize;
      final found = _data.getUint32(at, Endian.little);
      if (found == key) {
        return _hex(_data.getUint32(at + 8, Endian.little)) + _hex(_data.getUint32(at + 4, Endian.little));
      }
      if (found < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return null;
  }
}

/// Writes the payload of the HELLO frame for [host].
void _writeHello(MbrWriter writer, MbrHost host) {
  final methods = [for (final method in host.methods) (method.id, method.fingerprint)];
  final types = [for (final type in host.contract.types) (_fnv1a(type.name), type.shape)];
  writer
    ..writeU32(_protocolVersion)
    ..writeU32(_fnv1a(host.contract.service))
    ..writeU32(methods.length)
    ..writeU32(types.length);
  for (final rows in [methods, types]) {
    rows.sort((a, b) => a.$1.compareTo(b.$1));
    for (final (key, value) in rows) {
      writer
        ..writeU32(key)
        ..writeU32(int.parse(value.substring(8), radix: 16))
        ..writeU32(int.parse(value.substring(0, 8), radix: 16));
    }
  }
}

String _hex(int word) => word.toRadixString(16).padLeft(8, '0');

/// 32 bits; names are ASCII.
int _fnv1a(String name) {
  var hash = 0x811c9dc5;
  for (var i = 0; i < name.length; i++) {
    hash = ((hash ^ name.codeUnitAt(i)) * 0x01000193) & 0xffffffff;
  }
  return hash;
}
