/// What a call may ask for besides its arguments: less than all the time in the world, a token that cancels
/// it, another device than the first.
///
/// Knows nothing of connections.
library;

import 'dart:async';

/// Cancels the calls that it was given to, however many: each then ends with `MbrCancelled`, and its handler
/// is told. Calls made with a token that is cancelled already are not sent.
final class MbrCancelToken {
  final Set<void Function()> _listeners = {};
  Completer<void>? _completer;
  bool _isCancelled = false;

  bool get isCancelled => _isCancelled;

  /// Completes when [cancel] is called.
  Future<void> get whenCancelled {
    final completer = _completer ??= Completer<void>();
    if (_isCancelled && !completer.isCompleted) completer.complete();
    return completer.future;
  }

  /// Idempotent. Calls have ended when this returns, and their streams give no more items; futures and
  /// streams tell of the end a moment later.
  void cancel() {
    if (_isCancelled) return;
    _isCancelled = true;
    final listeners = _listeners.toList();
    _listeners.clear();
    for (final listener in listeners) {
      listener();
    }
    final completer = _completer;
    if (completer != null && !completer.isCompleted) completer.complete();
  }

  /// Has [listener] called once by [cancel], or at once if that has been called. It must not throw. For what
  /// carries calls; elsewhere [whenCancelled] serves better.
  void attach(void Function() listener) => _isCancelled ? listener() : _listeners.add(listener);

  /// Undoes [attach].
  void detach(void Function() listener) => _listeners.remove(listener);
}

/// Timeouts are [Duration]s: of a call that is not above zero, the time is over at once.
abstract final class MbrTimeout {
  /// No deadline, where the contract or the connection would set one. Anything above 49 days is none.
  static const Duration none = Duration(days: 36500);

  /// The milliseconds of [timeout], which is above zero, as frames carry them: 0 for none. Any beginning
  /// counts.
  static int milliseconds(Duration timeout) =>
      timeout > _longest ? 0 : (timeout.inMicroseconds + 999) ~/ 1000;

  static const Duration _longest = Duration(days: 49);
}

/// What one view of a service asks for its calls, beyond what their contract says.
final class MbrCallOptions {
  const MbrCallOptions({this.timeout, this.cancelToken, this.instance});

  /// From the start of a call to its ending; of a stream too, as a whole. Null: as the contract says, or else
  /// the connection.
  final Duration? timeout;

  final MbrCancelToken? cancelToken;

  /// Which of several devices that serve the service, from 0 on; null: the first. Up to 65535.
  final int? instance;
}
