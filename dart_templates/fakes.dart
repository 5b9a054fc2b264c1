/// What generated fakes are made of: calls as they were recorded, and what happens where a test has set no
/// answer. Knows no connection and no bytes.
library;

import 'exceptions.dart';

/// One call that a fake received.
final class MbrFakeCall {
  const MbrFakeCall(this.method, [this.arguments = const {}]);

  /// The method's name in Dart.
  final String method;

  /// By the names of the parameters, defaults included.
  final Map<String, Object?> arguments;

  /// Collections are compared by content.
  @override
  bool operator ==(Object other) =>
      other is MbrFakeCall && other.method == method && _isSame(other.arguments, arguments);

  @override
  int get hashCode => Object.hash(method, arguments.length);

  @override
  String toString() => '$method(${[
        for (final MapEntry(:key, :value) in arguments.entries) '$key: $value',
      ].join(', ')})';
}

abstract final class MbrFake {
  /// [answer], or the fault of a method that nobody serves.
  static F answer<F extends Function>(F? answer, String method) =>
      answer ?? (throw MbrFault(MbrStatus.unimplemented, 'the fake was given no answer', method));

  /// The stream that [answer] makes, or one of the error it throws: streams fail when they are listened to.
  static Stream<T> stream<T>(Stream<T> Function() answer) {
    try {
      return answer();
    } catch (error, stackTrace) {
      return Stream.error(error, stackTrace);
    }
  }
}

bool _isSame(Object? a, Object? b) => switch ((a, b)) {
      (List<Object?> a, List<Object?> b) =>
        a.length == b.length && Iterable<int>.generate(a.length).every((i) => _isSame(a[i], b[i])),
      (Set<Object?> a, Set<Object?> b) => a.length == b.length && a.containsAll(b),
      (Map<Object?, Object?> a, Map<Object?, Object?> b) =>
        a.length == b.length && a.keys.every((key) => b.containsKey(key) && _isSame(a[key], b[key])),
      _ => a == b,
    };
