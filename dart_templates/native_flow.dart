/// The items of one stream, by credit: the receiving side says how many more may be sent.
part of 'native.dart';

/// Items that arrive. The controller is synchronous, and while its listener is paused, or has yet to take
/// what came meanwhile, it says so and keeps the items. They are made up for by new credit only after that,
/// so at most one window of them waits for a slow listener.
final class _Inflow<T> {
  _Inflow(this._window, this._grant, {required void Function() onListen, required void Function() onCancel}) {
    _controller = StreamController<T>(
        sync: true, onListen: onListen, onResume: _grantTaken, onCancel: onCancel);
  }

  final int _window;
  final void Function(int items) _grant;
  late final StreamController<T> _controller;

  int _taken = 0; // items since credit was last granted
  bool _over = false;

  Stream<T> get stream => _controller.stream;
  bool get isOver => _over;

  void add(T item) {
    if (_over) return;
    _taken++;
    _controller.add(item);
    _grantTaken();
  }

  /// The end, with an error in front of it if there is one.
  void end([_Failure? failure]) {
    if (_over) return;
    _over = true;
    if (failure != null) _controller.addError(failure.error, failure.stackTrace);
    _controller.close();
  }

  /// Nobody listens any more.
  void drop() => _over = true;

  void _grantTaken() {
    if (_over || 2 * _taken < _window || _controller.isPaused) return;
    final items = _taken;
    _taken = 0;
    _grant(items);
  }
}

/// Items that are sent. The source is paused while there is no credit or, where only the [_latest] counts,
/// goes on and is not waited for.
final class _Outflow {
  _Outflow(this._connection, this._flags, this._call, this._method, this._name, this._encode,
      {required void Function() onEnd,
      required void Function(Object error, StackTrace stackTrace) onError,
      _Counts? counts,
      bool latest = false})
      : _onEnd = onEnd,
        _onError = onError,
        _counts = counts,
        _latest = latest;

  final _NativeConnection _connection;
  final int _flags;
  final int _call;
  final int _method;
  final String _name;
  final void Function(MbrWriter writer, Object? item) _encode;
  final void Function() _onEnd;
  final void Function(Object error, StackTrace stackTrace) _onError;
  final _Counts? _counts;
  final bool _latest;

  StreamSubscription<Object?>? _subscription;
  final Queue<Object?> _waiting = Queue();
  int _credit = 0;
  bool _paused = false;
  bool _ended = false; // the source has
  bool _over = false;

  void start(Stream<Object?> items, {int credit = 0}) {
    _credit = credit;
    try {
      _subscription = items.listen(_take, onError: _fail, onDone: _end);
    } catch (error, stackTrace) {
      return _fail(error, stackTrace);
    }
    if (_over) {
      _cancelSource();
    } else {
      _adjust();
    }
  }

  void grant(int items) {
    _credit += items;
    while (!_over && _credit > 0 && _waiting.isNotEmpty) {
      _send(_waiting.removeFirst());
    }
    if (_over) return;
    if (_ended && _waiting.isEmpty) return _finish();
    _adjust();
  }

  /// Nobody wants more.
  void stop() {
    if (_over) return;
    _over = true;
    _waiting.clear();
    _cancelSource();
  }

  /// A source that cannot even stop is nobody's concern any more.
  void _cancelSource() {
    try {
      _subscription?.cancel().ignore();
    } catch (_) {}
  }

  void _take(Object? item) {
    if (_over) return;
    if (_credit > 0) {
      _send(item);
      return _adjust();
    }
    if (_latest && _waiting.isNotEmpty) {
      _waiting.clear();
      _counts?.dropped++;
    }
    _waiting.add(item);
  }

  void _send(Object? item) {
    _credit--;
    try {
      final size = _connection._sendItem(_flags, _call, _method, _name, _encode, item);
      _counts?.sentItem(size);
    } catch (error, stackTrace) {
      _fail(error, stackTrace);
    }
  }

  void _adjust() {
    final subscription = _subscription;
    if (subscription == null || _latest || _ended || _over || _paused == (_credit == 0)) return;
    _paused = _credit == 0;
    try {
      _paused ? subscription.pause() : subscription.resume();
    } catch (error, stackTrace) {
      _fail(error, stackTrace);
    }
  }

  void _end() {
    _ended = true;
    if (!_over && (_waiting.isEmpty || _latest)) _finish();
  }

  void _finish() {
    _over = true;
    _onEnd();
  }

  void _fail(Object error, StackTrace stackTrace) {
    if (_over) return;
    stop();
    _onError(error, stackTrace);
  }
}
