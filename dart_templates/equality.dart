/// Equality and hash codes of collections by content, and copies, for generated value classes.
///
/// Knows no schema. Doubles compare as IEEE 754 says: NaN equals nothing, 0.0 equals -0.0. Where items
/// are themselves collections, the caller says how to compare and hash them.
library;

abstract final class MbrEquality {
  static bool lists<T>(List<T>? a, List<T>? b, [bool Function(T a, T b)? equal]) {
    if (a == null || b == null) return a == null && b == null;
    if (a.length != b.length) return false;
    for (var i = 0; i < a.length; i++) {
      if (equal == null ? a[i] != b[i] : !equal(a[i], b[i])) return false;
    }
    return true;
  }

  static bool sets<T>(Set<T>? a, Set<T>? b) {
    if (a == null || b == null) return a == null && b == null;
    return a.length == b.length && a.containsAll(b);
  }

  static bool maps<K, V>(Map<K, V>? a, Map<K, V>? b, [bool Function(V a, V b)? equal]) {
    if (a == null || b == null) return a == null && b == null;
    if (a.length != b.length) return false;
    for (final MapEntry(:key, :value) in a.entries) {
      final other = b[key];
      // A null value and a missing key differ.
      if (other is! V || (other == null && !b.containsKey(key))) return false;
      if (equal == null ? value != other : !equal(value, other)) return false;
    }
    return true;
  }

  /// Of values that may be null and that `==` alone does not compare.
  static bool nullables<T extends Object>(T? a, T? b, bool Function(T a, T b) equal) =>
      a == null || b == null ? a == null && b == null : equal(a, b);

  static int hashNullable<T extends Object>(T? value, int Function(T value) hash) =>
      value == null ? null.hashCode : hash(value);

  static int hashList<T>(List<T>? list, [int Function(T item)? hash]) =>
      list == null ? null.hashCode : Object.hashAll(hash == null ? list : list.map(hash));

  static int hashSet<T>(Set<T>? set) => set == null ? null.hashCode : Object.hashAllUnordered(set);

  static int hashMap<K, V>(Map<K, V>? map, [int Function(V value)? hash]) => map == null
      ? null.hashCode
      : Object.hashAllUnordered(map.entries.map(
          (entry) => Object.hash(entry.key, hash == null ? entry.value : hash(entry.value))));
}

/// What `copyWith` needs where null is a value like any other.
abstract final class MbrCopy {
  /// Stands for an argument that was left out.
  static const Object unset = _Unset();

  static T? given<T>(Object? argument, T? current) => identical(argument, unset) ? current : argument as T?;
}

final class _Unset {
  const _Unset();
}
