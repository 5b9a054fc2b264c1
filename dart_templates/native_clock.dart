/// Deadlines of a connection's calls, by a clock that nobody sets: one timer for all of them.
part of 'native.dart';

final class _Deadlines {
  /// [_expire] ends what is due at a time, and answers when the next is; 0 for never.
  _Deadlines(this._expire);

  final int Function(int now) _expire;

  static final Stopwatch _clock = Stopwatch()..start();

  Timer? _timer;
  int _rings = 0; // when the timer does

  /// Microseconds, not 0.
  static int get _now => _clock.elapsedMicroseconds + 1;

  /// When so many milliseconds, not 0, have passed; it will be looked after.
  int after(int milliseconds) {
    final due = _now + 1000 * milliseconds;
    _look(due);
    return due;
  }

  void _look(int at) {
    if (_timer != null) {
      if (_rings <= at) return;
      _timer!.cancel();
    }
    _rings = at;
    _timer = Zone.root.createTimer(Duration(microseconds: max(0, at - _now)), _ring);
  }

  void _ring() {
    _timer = null;
    final next = _expire(_now);
    if (next != 0) _look(next);
  }

  /// Nothing has a deadline any more: the timer would keep the isolate alive.
  void stop() {
    _timer?.cancel();
    _timer = null;
  }
}
