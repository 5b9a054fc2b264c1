/// Random numbers that are the same for a seed on every machine and with every Dart: PCG-XSH-RR with 32 bits
/// a throw. Knows nothing of what they decide.
library;

final class Dice {
  /// Dice of their own for each list of numbers, as in `Dice([seed, type, value])`.
  Dice(List<int> seeds) {
    for (final seed in seeds) {
      _state += seed;
      next32();
      next32();
    }
  }

  int _state = 0x4d595df4d0f33173;

  int next32() {
    final old = _state;
    _state = old * 6364136223846793005 + 1442695040888963407;
    final mixed = ((old >>> 18) ^ old) >>> 27 & 0xffffffff;
    final turn = old >>> 59;
    return (mixed >>> turn | mixed << (32 - turn)) & 0xffffffff;
  }

  int next64() => next32() << 32 | next32();

  /// From 0 to [end] - 1.
  int below(int end) => next32() % end;

  /// From [first] to [last].
  int between(int first, int last) => first + below(last - first + 1);

  /// True once in [many] throws.
  bool oneIn(int many) => below(many) == 0;

  T pick<T>(List<T> items) => items[below(items.length)];

  /// [count] of [items] in a random order, or all where there are fewer.
  List<T> several<T>(List<T> items, int count) {
    final rest = [...items];
    return [for (var i = 0; i < count && rest.isNotEmpty; i++) rest.removeAt(below(rest.length))];
  }
}
