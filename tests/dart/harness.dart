/// A test harness of few lines: named cases, each with a bounded time, and an exit code.
library;

import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

/// How long one case may take; sanitizers and busy machines included.
const Duration caseLimit = Duration(seconds: 30);

final class CheckFailure implements Exception {
  CheckFailure(this.text);

  final String text;

  @override
  String toString() => text;
}

/// Runs [cases] one after the other and sets the exit code.
///
/// On success the program is left to end by itself: a connection that keeps it alive is a failure, which
/// whoever started it sees by its time.
Future<void> runCases(Map<String, FutureOr<void> Function()> cases, {Duration limit = caseLimit}) async {
  var failed = 0;
  for (final MapEntry(key: name, value: body) in cases.entries) {
    try {
      await Future<void>.sync(body).timeout(limit);
      print('ok      $name');
    } catch (error, stackTrace) {
      failed++;
      print('FAILED  $name: $error\n$stackTrace');
    }
  }
  print('${cases.length - failed} passed, $failed failed');
  if (failed > 0) exit(1);
}

void check(bool condition, String what) {
  if (!condition) throw CheckFailure(what);
}

void checkEqual(Object? actual, Object? expected, [String what = 'value']) =>
    check(_equal(actual, expected), '$what: expected <$expected>, got <$actual>');

bool _equal(Object? a, Object? b) {
  if (a is List && b is List) {
    return a.length == b.length && Iterable<int>.generate(a.length).every((i) => _equal(a[i], b[i]));
  }
  return a == b;
}

/// Waits for [future] to fail with an [E] and answers it.
Future<E> checkThrows<E extends Object>(FutureOr<Object?> Function() body) async {
  try {
    final result = await body();
    throw CheckFailure('expected a $E, got the result <$result>');
  } on E catch (error) {
    return error;
  }
}

/// Waits until [condition] holds.
Future<void> eventually(bool Function() condition, String what,
    {Duration limit = const Duration(seconds: 10)}) async {
  final watch = Stopwatch()..start();
  while (!condition()) {
    if (watch.elapsed > limit) throw CheckFailure('not within $limit: $what');
    await Future<void>.delayed(const Duration(milliseconds: 2));
  }
}

/// As [eventually], but nothing else runs in this isolate meanwhile.
void standStillUntil(bool Function() condition, String what, {Duration limit = const Duration(seconds: 10)}) {
  final watch = Stopwatch()..start();
  while (!condition()) {
    if (watch.elapsed > limit) throw CheckFailure('not within $limit: $what');
    sleep(const Duration(milliseconds: 1));
  }
}

/// As [eventually], for what the garbage collector is to bring about.
Future<void> eventuallyCollected(bool Function() condition, String what) => eventually(() {
      Uint8List(1 << 20);
      return condition();
    }, what);
