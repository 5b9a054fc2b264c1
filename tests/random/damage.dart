/// Damages encoded values at random, with what decoders find hard to refuse. Knows no types.
library;

import 'dart:typed_data';

import 'dice.dart';

/// [bytes], changed in one to three places.
Uint8List damage(Uint8List bytes, Dice dice) {
  var damaged = bytes;
  for (var times = dice.oneIn(3) ? 3 : 1; times > 0; times--) {
    damaged = _once(damaged, dice);
  }
  return damaged;
}

Uint8List _once(Uint8List bytes, Dice dice) {
  if (bytes.isEmpty) return Uint8List.fromList([dice.below(3)]);
  final at = dice.below(bytes.length);
  return switch (dice.below(16)) {
    0 || 1 => _put(bytes, at, [bytes[at] ^ 1 << dice.below(8)]),
    2 || 3 => _put(bytes, at, [dice.pick(const [0, 1, 2, 3, 0x7f, 0x80, 0xc0, 0xed, 0xef, 0xf4, 0xff])]),
    4 => _put(bytes, at, dice.pick(_numbers)),
    5 => _put(bytes, at, _slice(bytes, dice)),
    6 => _put(bytes, at, [bytes[at] + 1 & 0xff]),
    7 => _joined([bytes.sublist(0, at), _slice(bytes, dice), bytes.sublist(at)]),
    8 => _joined([bytes.sublist(0, at), bytes.sublist(at + dice.below(bytes.length - at))]),
    9 => bytes.sublist(0, at),
    10 => _joined([bytes, _slice(bytes, dice)]),
    11 || 12 => _repeated(bytes, at, dice),
    13 => _put(bytes, dice.below(at + 1), _slice(bytes, dice)),
    _ => _put(bytes, at, [dice.below(256)]),
  };
}

/// Little endian: lengths beyond 32 and 64 bits, the largest count of items without bytes and one above it,
/// times beyond the calendar, NaNs.
const List<List<int>> _numbers = [
  [0, 0, 0, 0, 1, 0, 0, 0],
  [0, 0, 0, 0x80, 0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0, 0, 1, 0, 0, 0, 0, 0],
  [1, 0, 1, 0, 0, 0, 0, 0],
  [2, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0],
  [1, 0, 0xb4, 0x62, 0x48, 0x90, 0xe7, 0x77],
  [0, 0, 0, 0, 0, 0, 0, 0x80],
  [0, 0, 0xc0, 0x7f],
  [0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
];

/// As much of [piece] as there is room for.
Uint8List _put(Uint8List bytes, int at, List<int> piece) {
  final room = bytes.length - at;
  return Uint8List.fromList(bytes)..setRange(at, at + (piece.length < room ? piece.length : room), piece);
}

Uint8List _slice(Uint8List bytes, Dice dice) {
  final size = dice.pick(const [1, 2, 4, 8, 9, 16]);
  final start = dice.below(bytes.length);
  return bytes.sublist(start, size < bytes.length - start ? start + size : bytes.length);
}

/// With the part up to where the same bytes come again many times: in a value that is nested, that nests it
/// more deeply.
Uint8List _repeated(Uint8List bytes, int at, Dice dice) {
  final again = _next(bytes, at);
  if (again < 0) return _put(bytes, at, [0]);
  final part = bytes.sublist(at, again);
  final times = dice.between(1, 80);
  return _joined([bytes.sublist(0, at), for (var i = 0; i < times; i++) part, bytes.sublist(at)]);
}

/// Where the four bytes at [at] come again; below 0 if they do not.
int _next(Uint8List bytes, int at) {
  for (var next = at + 1; next + 4 <= bytes.length; next++) {
    if ([0, 1, 2, 3].every((i) => bytes[next + i] == bytes[at + i])) return next;
  }
  return -1;
}

Uint8List _joined(List<List<int>> parts) {
  final all = BytesBuilder();
  parts.forEach(all.add);
  return all.takeBytes();
}
