/// Calls that the library makes and Dart serves.
///
/// A handler runs until its future has completed, or it has returned its stream. A call leaves the table when
/// it has ended, by its answer or by its caller; its handler may go on after that, for nobody.
part of 'native.dart';

/// Calls of one service that may wait for those before them.
const int _waitingMax = 1024;

/// An event of a call: it is to begin.
final class _Begin {
  const _Begin();
}

/// What is counted of a method that is served here; see [MbrCounters].
final class _Counts {
  int calls = 0, errors = 0, cancelled = 0, items = 0, dropped = 0;
  int bytesIn = 0, bytesOut = 0;
  int open = 0, queued = 0;

  void sentItem(int size) {
    items++;
    bytesOut += size;
  }

  MbrCounters get now => MbrCounters(
      calls: calls,
      errors: errors,
      cancelled: cancelled,
      items: items,
      dropped: dropped,
      bytesIn: bytesIn,
      bytesOut: bytesOut,
      open: open,
      queued: queued);
}

/// The services of a connection, and the calls of them that are open.
final class _Hosts {
  _Hosts(this._connection);

  final _NativeConnection _connection;
  final Map<int, _HostMethod> _methods = {};
  final Map<int, _HostCall> _calls = {};
  int _oneways = 0; // that have not returned
  bool _staysAlive = false;

  bool get keepAlive => _staysAlive || _calls.isNotEmpty || _oneways > 0;

  /// Throws where one of its methods is served already.
  void check(MbrHost host) {
    for (final method in host.methods) {
      if (_methods.containsKey(method.id)) throw StateError('${method.name} is served already');
    }
  }

  void add(MbrHost host, {required bool keepAlive}) {
    final strand = _Strand(Zone.current);
    for (final method in host.methods) {
      _methods[method.id] = _HostMethod(method, strand);
    }
    _staysAlive = _staysAlive || keepAlive;
  }

  MbrCounters? counters(int method) => _methods[method]?.counts.now;

  /// Takes a frame of a call's caller.
  void receive(int kind, int id, int method, MbrReader reader) {
    if (kind == _kindCall) return _receiveCall(id, method, reader);
    final call = _calls[id];
    if (call == null) return;
    if (kind == _kindItem || kind == _kindEnd) call.counts.bytesIn += _frameSize(reader);
    final event = call.decode(kind, reader);
    if (event is MbrCancelReason) _remove(call);
    _connection._enqueue(call, event);
  }

  void _receiveCall(int id, int number, MbrReader reader) {
    final method = _methods[number];
    if (method == null) return _refuse(id, number);
    final size = _frameSize(reader);
    final timeout = reader.readU32();
    final credit = reader.readU32();
    final call = _HostCall(this, method, id, credit, size)..read(reader);
    if (id == 0) {
      _oneways++;
    } else {
      _calls[id] = call;
    }
    if (timeout != 0 && id != 0) {
      call.due = _connection._deadlines.after(timeout);
      _connection._timed++;
    }
    _connection
      .._keepAlive()
      .._enqueue(call, const _Begin());
  }

  void _refuse(int id, int number) {
    if (id != 0) _sendFault(id, number, '', MbrStatus.unimplemented, '');
  }

  /// Answers the size of the frame.
  int _sendFault(int id, int number, String name, MbrStatus status, String text) {
    _connection._encode(name, _headerSize, (writer) {
      writer
        ..writeU32(status.code)
        ..writeString(_cut(text), '');
    });
    final size = _connection._writer.offset;
    _connection._submitFrame(_kindFault, 0, id, number);
    return size;
  }

  /// Of the frame whose payload [reader] is about to read.
  static int _frameSize(MbrReader reader) => _headerSize + reader.end - reader.offset;

  /// The call has ended: nothing more is sent for it.
  void _remove(_HostCall call) {
    call._over = true;
    if (_calls.remove(call._id) == null) return;
    if (call.due != 0) _connection._timed--;
    _connection._settle();
  }

  void _onewayReturned() {
    _oneways--;
    _connection._settle();
  }

  int expire(int now) {
    var next = 0;
    for (final call in _calls.values.toList()) {
      if (call.due == 0) continue;
      if (call.due <= now) {
        call.counts.bytesOut += _sendFault(call._id, call._method.id, call.method, MbrStatus.deadline, '');
        _remove(call);
        _connection._post(call, MbrCancelReason.deadline);
      } else if (next == 0 || call.due < next) {
        next = call.due;
      }
    }
    return next;
  }

  void close() {
    for (final call in _calls.values) {
      call._over = true;
      _connection._post(call, MbrCancelReason.disconnected);
    }
    _calls.clear();
  }
}

/// A served method, and the strand of its service.
final class _HostMethod {
  _HostMethod(this.method, this.strand);

  final MbrHostMethod<Object?> method;
  final _Strand strand;
  final _Counts counts = _Counts();
}

/// Has the handlers of a service run one after the other, in the zone where it was offered.
final class _Strand {
  _Strand(this.zone);

  final Zone zone;
  final Queue<_HostCall> _waiting = Queue();
  bool _busy = false;
  bool _starting = false;

  bool get isFull => _waiting.length >= _waitingMax;

  void enter(_HostCall call) {
    _waiting.add(call);
    call.counts.queued++;
    _startNext();
  }

  void leave() {
    _busy = false;
    _startNext();
  }

  void _startNext() {
    if (_starting) return;
    _starting = true;
    while (!_busy && _waiting.isNotEmpty) {
      _busy = true;
      final call = _waiting.removeFirst();
      call.counts.queued--;
      call.start();
    }
    _starting = false;
  }
}

/// A call being served. Events are [_Begin], [_Credit] for its stream, the [MbrCancelReason] of its caller,
/// and of its stream parameter items, [_End] and [_Failure].
final class _HostCall extends MbrHostCall implements _Receiver {
  _HostCall(this._hosts, this._served, this._id, this._credit, this._size);

  final _Hosts _hosts;
  final _HostMethod _served;
  final int _id;
  int _credit;
  final int _size; // of its CALL

  /// By the clock of [_Deadlines]; 0: none.
  int due = 0;

  Object? Function()? _handler; // null where the arguments could not be read
  MbrStatus _unread = MbrStatus.internal; // why
  String _unreadAt = '';
  MbrCancelReason? _reason;
  Completer<MbrCancelReason>? _cancelled;
  _Outflow? _outflow;
  _Inflow<Object?>? _inflow;
  Object? Function(MbrReader reader)? _decodeItem;
  bool _accepted = false; // and counted as open
  bool _over = false;

  _Counts get counts => _served.counts;
  MbrHostMethod<Object?> get _method => _served.method;
  _NativeConnection get _connection => _hosts._connection;
  bool get _isOneway => _id == 0;

  @override
  String get method => _method.name;

  @override
  MbrCancelReason? get reason => _reason;

  @override
  Future<MbrCancelReason> get whenCancelled {
    final completer = _cancelled ??= Completer<MbrCancelReason>();
    final reason = _reason;
    if (reason != null && !completer.isCompleted) completer.complete(reason);
    return completer.future;
  }

  @override
  Stream<T> items<T>(T Function(MbrReader reader) decodeItem) {
    final window = _method.window ?? _windowDefault;
    final flow = _Inflow<T>(window, _grant, onListen: () => _grant(window), onCancel: () => _inflow!.drop());
    _inflow = flow;
    _decodeItem = decodeItem;
    if (_over) flow.end(_reason == null ? null : _Failure(_exceptionOf(_reason!)));
    return flow.stream;
  }

  void _grant(int items) {
    if (_over) return;
    _connection._sendControl(_kindCredit, 0, _id, items);
    counts.bytesOut += _headerSize + _controlSize;
  }

  /// Reads the arguments.
  void read(MbrReader reader) {
    try {
      final handler = _method.prepare(this, reader);
      reader.finish();
      _handler = handler;
    } on MbrCodecException catch (error) {
      _unread = error.status;
      _unreadAt = error.path;
    } catch (error) {
      _unreadAt = _textOf(error);
    }
    if (_handler == null) _connection._reader = MbrReader(_connection._ring, 0, 0);
  }

  /// The event that a frame stands for. Never throws.
  Object? decode(int kind, MbrReader reader) {
    try {
      switch (kind) {
        case _kindCredit:
          return _Credit(reader.readU32());
        case _kindCancel:
          return MbrCancelReason.values[(reader.readU32() - 1).clamp(0, 2)];
        case _kindEnd:
          return const _End();
        case _kindItem when _decodeItem != null:
          final item = _decodeItem!(reader);
          reader.finish();
          return item;
        default:
          return _Failure(MbrFault(MbrStatus.badFrame, 'a frame of kind $kind', method));
      }
    } catch (error, stackTrace) {
      _connection._reader = MbrReader(_connection._ring, 0, 0);
      return _Failure(error, stackTrace);
    }
  }

  @override
  void deliver(Object? event) {
    switch (event) {
      case _Begin():
        _begin();
      case _Credit(:final items):
        _credit += _outflow == null ? items : 0;
        _outflow?.grant(items);
      case MbrCancelReason():
        _cancel(event);
      case _End():
        _inflow?.end();
      case _Failure(:final error, :final stackTrace):
        _inflow?.end(event);
        _fail(error, stackTrace ?? StackTrace.empty);
      default:
        _inflow?.add(event);
    }
  }

  void _begin() {
    if (_handler != null && !_method.isConcurrent && _served.strand.isFull) {
      counts.dropped++;
      _fault(MbrStatus.busy, '');
      if (_isOneway) _hosts._onewayReturned();
      return;
    }
    _accept();
    if (_handler == null) {
      _fault(_unread, _unreadAt);
      if (_isOneway) _hosts._onewayReturned();
    } else if (_method.isConcurrent) {
      start();
    } else {
      _served.strand.enter(this);
    }
  }

  void _accept() {
    if (_over) return;
    _accepted = true;
    counts
      ..calls += 1
      ..open += 1
      ..bytesIn += _size;
  }

  /// It is over: with an error, cancelled, or well.
  void _conclude({bool failed = false, bool cancelled = false}) {
    _over = true;
    if (!_accepted) return;
    _accepted = false;
    counts.open--;
    if (failed) counts.errors++;
    if (cancelled) counts.cancelled++;
  }

  /// Its turn has come.
  void start() {
    if (_over || !_connection._open) return _returned();
    final Object? result;
    try {
      result = _served.strand.zone.run(() => run(_handler!));
    } catch (error, stackTrace) {
      _fail(error, stackTrace);
      return _returned();
    }
    if (result is Future<Object?>) {
      result.then(_answer, onError: _fail).whenComplete(_returned);
    } else if (_method.kind == MbrHostKind.stream) {
      _startStream(result as Stream<Object?>);
      _returned();
    } else {
      _answer(result);
      _returned();
    }
  }

  void _returned() {
    if (_isOneway) _hosts._onewayReturned();
    if (!_method.isConcurrent) _served.strand.leave();
  }

  void _startStream(Stream<Object?> items) {
    if (_over) return;
    final flow = _outflow = _Outflow(_connection, 0, _id, _method.id, method, _method.writeResult,
        onEnd: _end, onError: _fail, counts: counts, latest: _method.isLatest);
    _served.strand.zone.run(() => run(() => flow.start(items, credit: _credit)));
  }

  /// The caller waits no more.
  void _cancel(MbrCancelReason reason) {
    if (_reason != null) return;
    _reason = reason;
    _conclude(cancelled: true);
    _outflow?.stop();
    _inflow?.end(_Failure(_exceptionOf(reason)));
    final completer = _cancelled;
    if (completer != null && !completer.isCompleted) completer.complete(reason);
  }

  Exception _exceptionOf(MbrCancelReason reason) => switch (reason) {
        MbrCancelReason.cancelled => MbrCancelled(method),
        MbrCancelReason.deadline => MbrDeadlineExceeded(method),
        MbrCancelReason.disconnected => MbrDisconnected(method),
      };

  void _end() {
    if (_over) return;
    _connection._sendControl(_kindEnd, 0, _id, 0);
    counts.bytesOut += _headerSize;
    _ended();
  }

  void _answer(Object? result) {
    if (_over) return;
    if (_isOneway) return _ended();
    try {
      _connection._encode(method, _headerSize, (writer) => _method.writeResult(writer, result));
    } catch (error, stackTrace) {
      return _fail(error, stackTrace);
    }
    _submit(_kindOk);
  }

  /// Ends the call with the error that was thrown: the declared one, or else a fault; one of its own is
  /// passed on, and that of a call it made is not.
  void _fail(Object error, StackTrace stackTrace) {
    if (_over) return;
    if (!_isOneway && _declares(error)) return _submit(_kindErr);
    log('$method failed', name: 'mbr', error: error, stackTrace: stackTrace);
    if (error is MbrCodecException) {
      _fault(error.status, error.path);
    } else if (error is MbrFault && error.method == method) {
      _fault(error.code, error.text);
    } else {
      _fault(MbrStatus.internal, _textOf(error));
    }
  }

  /// Whether it is the declared error, which then is encoded.
  bool _declares(Object error) {
    final write = _method.writeError;
    if (write == null) return false;
    try {
      return _connection._encode(method, _headerSize, (writer) => write(writer, error));
    } catch (_) {
      return false;
    }
  }

  void _submit(int kind) {
    final size = _connection._writer.offset;
    final status = MbrStatus.of(_connection._submitFrame(kind, 0, _id, _method.id));
    if (status == MbrStatus.ok) {
      counts.bytesOut += size;
      _ended(failed: kind == _kindErr);
    } else {
      _fault(status, '');
    }
  }

  void _fault(MbrStatus status, String text) {
    if (_over) return;
    if (!_isOneway) {
      final size = _hosts._sendFault(_id, _method.id, method, status, text);
      if (_accepted) counts.bytesOut += size;
    }
    _ended(failed: true);
  }

  /// It has ended by its answer.
  void _ended({bool failed = false}) {
    _conclude(failed: failed);
    _outflow?.stop();
    _inflow?.end();
    if (!_isOneway) _hosts._remove(this);
  }
}

String _textOf(Object error) {
  try {
    return '$error';
  } catch (_) {
    return '${error.runtimeType}';
  }
}

/// As much of [text] as a fault carries.
String _cut(String text) {
  var size = 0;
  final kept = StringBuffer();
  for (final rune in text.runes) {
    size += rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    if (size > _faultTextMax) break;
    kept.writeCharCode(rune >= 0xd800 && rune < 0xe000 ? 0xfffd : rune);
  }
  return kept.toString();
}
