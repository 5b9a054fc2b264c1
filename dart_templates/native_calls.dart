/// Calls made from here, each from its start to its ending.
part of 'native.dart';

/// Whom what was decoded is for.
abstract interface class _Receiver {
  void deliver(Object? event);
}

/// An event of a call besides a value: its end with an error.
final class _Failure {
  _Failure(this.error, [this.stackTrace]);

  final Object error;
  final StackTrace? stackTrace;
}

/// The end of a stream.
final class _End {
  const _End();
}

/// Items of a stream from here that may be sent.
final class _Credit {
  const _Credit(this.items);

  final int items;
}

/// Open calls by index. An id is the index with a generation above it, so that what arrives late for a
/// former call of an index finds nobody. Id 0 is no call.
final class _CallTable {
  _CallTable(this._limit, this._isDrained);

  /// Generations of an index before they come again: ids are small integers.
  static const int _generationMax = 0x3fff;

  final int _limit;

  /// Whether no frame waits to be read.
  final bool Function() _isDrained;

  final List<_Call<Object?>?> _calls = [];
  final List<int> _generations = [];

  /// Indices that are free: the first so many of a list that never gets shorter, which would cost more than
  /// all of the rest.
  final List<int> _free = [];
  int _freeCount = 0;

  /// Indices that have used up their generations while frames of earlier calls may still wait to be read.
  final List<int> _resting = [];

  /// Ids that are in use.
  int get length => _calls.length - _freeCount - _resting.length;

  Iterable<_Call<Object?>> get all => _calls.nonNulls;

  /// Takes an id that is not in use; 0 when all are.
  @pragma('vm:prefer-inline')
  int take() {
    final int index;
    if (_freeCount > 0) {
      index = _free[--_freeCount];
    } else if (_calls.length < _limit) {
      index = _calls.length;
      _calls.add(null);
      _generations.add(0);
      _free.add(0);
    } else {
      return 0;
    }
    return ++_generations[index] << 16 | index;
  }

  /// Opens [call] under an id that was taken for it.
  void open(int id, _Call<Object?> call) {
    _calls[id & 0xffff] = call;
    call.id = id;
  }

  _Call<Object?>? find(int id) {
    final index = id & 0xffff;
    final call = index < _calls.length ? _calls[index] : null;
    return call?.id == id ? call : null;
  }

  void remove(_Call<Object?> call) {
    final id = call.id;
    _calls[id & 0xffff] = null;
    call.id = 0;
    giveBack(id);
  }

  /// Undoes [take] where there is no call, or none any more.
  void giveBack(int id) {
    final index = id & 0xffff;
    if (_generations[index] < _generationMax) {
      _free[_freeCount++] = index;
    } else {
      _resting.add(index);
      if (_isDrained()) drained();
    }
  }

  /// No frame waits to be read: none of an earlier call can come any more.
  void drained() {
    for (final index in _resting) {
      _generations[index] = 0;
      _free[_freeCount++] = index;
    }
    _resting.clear();
  }
}

/// One call. Events are values, a [_Failure], an [_End], or [_Credit] for its stream parameter.
abstract base class _Call<R> implements _Receiver {
  _Call(this.method, this._connection);

  final MbrMethod<R> method;
  final _NativeConnection _connection;

  /// 0 unless the call is in the table.
  int id = 0;

  /// By the clock of [_Deadlines]; 0: none.
  int due = 0;

  MbrCancelToken? _token;
  TimelineTask? _task;
  _Outflow? _upload;

  bool get isOpen => id != 0;

  /// The kind of frame that carries a value.
  int get valueKind;

  /// It is open now.
  void begun(MbrCancelToken? token, MbrUpload<Object?>? upload) {
    if (token != null) {
      _token = token;
      token.attach(_onToken);
    }
    if (upload == null || !isOpen) return;
    final flow = _Outflow(_connection, _fromCaller, id, method.id, method.name, upload.encodeItem,
        onEnd: _endItems, onError: _failItems);
    _upload = flow;
    flow.start(upload.items);
  }

  /// It left the table. Runs no code but the runtime's.
  void over() {
    if (due != 0) _connection._timed--;
    _token?.detach(_onToken);
    _task?.finish();
  }

  void _onToken() => _connection._abort(this, MbrCancelReason.cancelled, _Failure(MbrCancelled(method.name)));

  void _endItems() {
    if (isOpen) _connection._sendControl(_kindEnd, _fromCaller, id, 0);
  }

  void _failItems(Object error, StackTrace stackTrace) =>
      _connection._abort(this, MbrCancelReason.cancelled, _Failure(error, stackTrace));

  /// The event that a frame stands for. Never throws.
  Object? decode(int kind, MbrReader reader) {
    final start = reader.offset;
    try {
      final Object? event;
      if (kind == valueKind) {
        event = method.decodeResult(reader);
      } else if (kind == _kindCredit) {
        event = _Credit(reader.readU32());
      } else if (kind == _kindEnd && valueKind == _kindItem) {
        event = const _End();
      } else {
        event = _Failure(_readFailure(method, kind, reader));
      }
      reader.finish();
      return event;
    } catch (error, stackTrace) {
      return _failed(error, stackTrace, start);
    }
  }
}

/// What an answer that started there could not be decoded for.
_Failure _failed(Object error, StackTrace stackTrace, int start) =>
    _Failure(error is MbrCodecException ? _rebased(error, start) : error, stackTrace);

/// What ends a call that has no value.
Exception _readFailure(MbrMethod<Object?> method, int kind, MbrReader reader) {
  if (kind == _kindErr && method.decodeError != null) return method.decodeError!(reader);
  if (kind != _kindFault) return MbrFault(MbrStatus.badFrame, 'an answer of kind $kind', method.name);
  final status = MbrStatus.of(reader.readU32());
  final text = reader.readString('');
  return switch (status) {
    MbrStatus.cancelled => MbrCancelled(method.name),
    MbrStatus.deadline => MbrDeadlineExceeded(method.name),
    MbrStatus.disconnected || MbrStatus.closed when text.isNotEmpty => MbrDisconnected(method.name, text),
    MbrStatus.disconnected || MbrStatus.closed => MbrDisconnected(method.name),
    _ => MbrFault(status, text, method.name),
  };
}

/// [error] with its offset counted from [start].
MbrCodecException _rebased(MbrCodecException error, int start) =>
    MbrCodecException(error.status, error.offset - start, error.path);

final class _Unary<R> extends _Call<R> {
  _Unary(super.method, super._connection);

  /// Synchronous: events are delivered where anything may run.
  final Completer<R> _completer = Completer<R>.sync();

  Future<R> get future => _completer.future;

  @override
  int get valueKind => _kindOk;

  @override
  void deliver(Object? event) {
    if (event is _Credit) {
      _upload?.grant(event.items);
      return;
    }
    _upload?.stop();
    if (event is _Failure) {
      _completer.completeError(event.error, event.stackTrace);
    } else {
      _completer.complete(event as R);
    }
  }
}

/// A call whose result is a stream.
final class _Streaming<R> extends _Call<R> {
  _Streaming(super.method, super._connection, this._encodeArguments, this._options, this._parameter);

  final void Function(MbrWriter writer) _encodeArguments;
  final MbrCallOptions? _options;
  final MbrUpload<Object?>? _parameter;

  /// By its token: items that had come by then are nobody's.
  bool _isCancelled = false;

  late final int _window = method.window ?? (method.isLatest ? 1 : _windowDefault);
  late final _Inflow<R> _items = _Inflow<R>(_window, _grant, onListen: _start, onCancel: _cancel);

  Stream<R> get stream => _items.stream;

  @override
  int get valueKind => _kindItem;

  @override
  void deliver(Object? event) {
    switch (event) {
      case _Credit(:final items):
        _upload?.grant(items);
      case _Failure():
        _upload?.stop();
        _items.end(event);
      case _End():
        _upload?.stop();
        _items.end();
      default:
        if (!_isCancelled) _items.add(event as R);
    }
  }

  @override
  void _onToken() {
    _isCancelled = true;
    super._onToken();
  }

  void _grant(int items) {
    if (isOpen) _connection._sendControl(_kindCredit, _fromCaller, id, items);
  }

  void _start() {
    _task = _connection._trace(method);
    final timeout = _connection._timeoutOf(method, _options);
    try {
      final id = _connection._send(method, timeout, _window, _encodeArguments, _options);
      _connection._begin(this, id, timeout, _options?.cancelToken, _parameter);
    } catch (error, stackTrace) {
      _task?.finish();
      _items.end(_Failure(error, stackTrace));
    }
  }

  void _cancel() {
    _items.drop();
    _connection._abort(this, MbrCancelReason.cancelled, null);
    _upload?.stop();
  }
}
