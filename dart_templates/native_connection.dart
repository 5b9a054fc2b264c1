/// One connection: frames out through the request buffer, frames in through the ring, and what keeps the
/// isolate alive.
///
/// What came in is decoded in one go, its memory given back, and only then delivered: listeners may do
/// anything. There is one queue of decoded events for all of them. An inline call, which reads the ring while
/// it is made, may be made by a listener: what it finds for others then queues up behind what they have
/// coming.
part of 'native.dart';

/// Frames decoded in one turn of the event loop; the rest waits for the next.
const int _framesPerTurn = 256;

/// Where the bytes of a result start that is nothing but `bytes`.
const int _bytesStart = _headerSize + 8;

/// The largest request; the library has a limit of its own, not above this one.
const int _requestMax = 0x10000000;

final class _NativeConnection implements MbrConnection {
  _NativeConnection(_Api api, this._native, this._port, this._ticket)
      : _submit = api.submit.asFunction(isLeaf: true),
        _submitHere = api.submitHere.asFunction(),
        _sync = api.sync.asFunction(),
        _control = api.control.asFunction(isLeaf: true),
        _drain = api.drain.asFunction(isLeaf: true),
        _take = api.take.asFunction(),
        _resize = api.resize.asFunction(isLeaf: true),
        _findFunction = api.direct.asFunction(isLeaf: true),
        _count = api.counters.asFunction(isLeaf: true) {
    final shared = _native.ref;
    _ring = ByteData.sublistView(shared.ring.asTypedList(shared.ringSize));
    _reader = MbrReader(_ring, 0, 0);
    _answer = shared.answer;
    _answerReader = _newAnswerReader();
    _writer = _newWriter();
    _requestSize = shared.requestSize;
    _calls = _CallTable(shared.callCount, () => _open && _drain(_native, 0) == 0);
    _readHellos(api.hello.asFunction(isLeaf: true));
    _port.handler = _onDoorbell;
  }

  final Pointer<_Shared> _native;
  final RawReceivePort _port;
  final _Ticket _ticket;
  final int Function(Pointer<_Shared>, int) _submit;
  final int Function(Pointer<_Shared>, int) _submitHere;
  final int Function(Pointer<_Shared>, int) _sync;
  final int Function(Pointer<_Shared>, int, int, int, int) _control;
  final int Function(Pointer<_Shared>, int) _drain;
  final int Function(Pointer<_Shared>, int, Object) _take;
  final int Function(Pointer<_Shared>, int) _resize;
  final _Function Function(Pointer<_Shared>, int) _findFunction;
  final int Function(Pointer<_Shared>, int) _count;

  late final ByteData _ring;
  late MbrReader _reader; // of the ring
  late final Pointer<Uint8> _answer; // the answer buffer of sync calls
  late MbrReader _answerReader;
  late MbrWriter _writer; // to the request buffer
  late final int _requestSize;
  late final _CallTable _calls;
  final _Offers _offers = _Offers();
  late final _Hosts _hosts = _Hosts(this);
  late final _Deadlines _deadlines = _Deadlines(_expire);
  final Map<int, MbrTarget> _targets = {}; // by address
  final Completer<void> _done = Completer<void>();

  /// What was decoded and not delivered yet: so many events and, at the same index, whom they are for. The
  /// lists stay as long as they once were.
  final List<Object?> _events = [];
  final List<_Receiver?> _receivers = [];
  int _queued = 0;
  bool _delivering = false;
  bool _deliveryDue = false;

  /// The method whose values are being encoded, or whose handler runs on this thread. Lists are read through code
  /// that is not ours, and a handler may call Dart: neither must find its way back to the request buffer, or
  /// to the answer's.
  String? _busyWith;

  /// The size of the answer to the call that was sent last, if it is in the answer buffer already, and
  /// [_drainFlag] if there is something in the ring.
  int _answeredHere = 0;

  bool _open = true;
  bool _rung = false; // by itself
  bool _keepsAlive = false;
  bool _settling = false;
  int _timed = 0; // open calls that have a deadline

  @override
  Duration? defaultTimeout;

  @override
  bool get isOpen => _open;

  @override
  Future<void> get done => _done.future;

  @override
  int get openCalls => _calls.length;

  @override
  Future<R> call<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments,
      {MbrCallOptions? options, MbrUpload<Object?>? upload}) {
    final task = _trace(method);
    final timeout = _timeoutOf(method, options);
    var answered = 0;
    Future<R> future;
    try {
      final id = _send(method, timeout, 0, encodeArguments, options);
      answered = _answeredHere;
      if (answered & ~_drainFlag == 0) {
        final call = _Unary<R>(method, this).._task = task;
        _begin(call, id, timeout, options?.cancelToken, upload);
        return call.future;
      }
      future = _endHere(method, id, answered & ~_drainFlag);
    } catch (error, stackTrace) {
      future = Future<R>.error(error, stackTrace);
    }
    task?.finish();
    if (answered & _drainFlag != 0) _receiveHere();
    return future;
  }

  @override
  Stream<R> stream<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments,
          {MbrCallOptions? options, MbrUpload<Object?>? upload}) =>
      _Streaming<R>(method, this, encodeArguments, options, upload).stream;

  @override
  void oneway(MbrMethod<void> method, void Function(MbrWriter writer) encodeArguments,
      {MbrCallOptions? options}) {
    _check(method);
    final instance = _instanceOf(options);
    _encodeCall(method.name, 0, 0, encodeArguments);
    final status = _submitFrame(_kindCall, _fromCaller, 0, method.id, instance);
    if (status != MbrStatus.ok.code) throw _refusal(status, method);
  }

  @override
  R callSync<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments) {
    _check(method);
    _encodeCall(method.name, 0, 0, encodeArguments);
    _busyWith = method.name;
    final size = _sync(_native, _putHeader(_kindCall, _fromCaller, 0, method.id));
    _busyWith = null;
    _shrinkRequest();
    if (size < 0) throw _refusal(-size, method);
    return _readAnswer(method, _native.ref.answer, size);
  }

  @override
  (int function, MbrTarget target) direct(MbrMethod<Object?> method) {
    _check(method);
    final found = _findFunction(_native, method.id);
    if (found.function == nullptr) {
      throw MbrFault(MbrStatus.unsupported, 'the library has no function for it', method.name);
    }
    final target = found.target.address;
    return (found.function.address, _targets[target] ??= MbrTarget(target));
  }

  @override
  Stream<MbrLinkState> linkState(MbrContract contract, {MbrCallOptions? options}) =>
      _linkState(this, contract, options);

  @override
  void serve(MbrHost host, {bool keepAlive = false}) {
    if (!_open) throw MbrDisconnected(host.contract.service);
    _hosts.check(host);
    _encode(host.contract.service, _headerSize, (writer) => _writeHello(writer, host));
    final status = _submitFrame(_kindHello, 0, 0, 0);
    if (status != MbrStatus.ok.code) {
      throw MbrFault(MbrStatus.of(status), 'the library does not take the service', host.contract.service);
    }
    _hosts.add(host, keepAlive: keepAlive);
    _settle();
  }

  @override
  MbrCounters? counters(String method) {
    if (!_open) return null;
    final id = _fnv1a(method);
    if (_count(_native, id) != MbrStatus.ok.code) return _hosts.counters(id);
    final counters = _native.ref.counters;
    return MbrCounters(
      calls: counters.calls,
      errors: counters.errors,
      cancelled: counters.cancelled,
      items: counters.items,
      dropped: counters.dropped,
      bytesIn: counters.bytesIn,
      bytesOut: counters.bytesOut,
      open: counters.open,
      queued: counters.queued,
    );
  }

  @override
  void close() {
    if (!_open) return;
    _refuseWhileBusy('close()');
    _open = false;
    for (final target in _targets.values) {
      target.address = 0;
    }
    _ticket.giveBack();
    _port.close();
    _deadlines.stop();
    for (final call in _calls.all.toList()) {
      _calls.remove(call);
      call.over();
      _post(call, _Failure(MbrDisconnected(call.method.name)));
    }
    _hosts.close();
    _done.complete();
  }

  /// Throws where [method] cannot be called.
  void _check(MbrMethod<Object?> method) {
    if (!_open) throw MbrDisconnected(method.name);
    final fault = _offers.refusal(method);
    if (fault != null) throw fault;
  }

  /// From before a call is sent until it has ended.
  TimelineTask? _trace(MbrMethod<Object?> method) =>
      MbrConnection.timeline ? (TimelineTask()..start(method.name)) : null;

  /// Sends a CALL and answers its id. Where its handler runs meanwhile, [_answeredHere] says what came of that.
  /// Throws where there is no call.
  int _send(MbrMethod<Object?> method, Duration? timeout, int credit,
      void Function(MbrWriter writer) encodeArguments, MbrCallOptions? options) {
    _check(method);
    if (timeout != null && timeout <= Duration.zero) throw MbrDeadlineExceeded(method.name);
    if (options?.cancelToken?.isCancelled ?? false) throw MbrCancelled(method.name);
    final instance = _instanceOf(options);
    _encodeCall(method.name, _milliseconds(timeout), credit, encodeArguments);
    final id = _calls.take();
    final status = id == 0 ? MbrStatus.busy.code : _submitCall(method, id, instance);
    if (status == MbrStatus.ok.code) return id;
    throw _unsent(method, id, status);
  }

  Exception _unsent(MbrMethod<Object?> method, int id, int status) {
    if (id == 0) {
      _shrinkRequest();
      return MbrFault(MbrStatus.busy, '${_calls.length} calls are open on this connection', method.name);
    }
    _giveBack(id);
    return _refusal(status, method);
  }

  Duration? _timeoutOf(MbrMethod<Object?> method, MbrCallOptions? options) =>
      options?.timeout ?? method.timeout ?? defaultTimeout;

  static int _milliseconds(Duration? timeout) => timeout == null ? 0 : MbrTimeout.milliseconds(timeout);

  /// [call] was sent as [id], and is open from here on; unless what has come meanwhile ends it.
  void _begin(
      _Call<Object?> call, int id, Duration? timeout, MbrCancelToken? token, MbrUpload<Object?>? upload) {
    _calls.open(id, call);
    if (_answeredHere != 0) _receiveHere();
    if (!call.isOpen) return;
    _keepAlive();
    final milliseconds = _milliseconds(timeout);
    if (milliseconds != 0) {
      call.due = _deadlines.after(milliseconds);
      _timed++;
    }
    if (token != null || upload != null) call.begun(token, upload);
  }

  /// The future of a call that was sent as [id] and answered at once: there never is a [_Call], which would cost
  /// as much as the rest. Throws what the call throws.
  Future<R> _endHere<R>(MbrMethod<R> method, int id, int size) {
    _giveBack(id);
    final completer = Completer<R>.sync();
    completer.complete(_readAnswer(method, _answer, size));
    return completer.future;
  }

  /// What was sent while a handler ran here.
  void _receiveHere() {
    _receive(_drain(_native, 0));
    if (_queued > 0) _deliverSoon();
  }

  MbrException _refusal(int status, MbrMethod<Object?> method) => status == MbrStatus.closed.code
      ? MbrDisconnected(method.name)
      : MbrFault(MbrStatus.of(status), 'the library did not take the call', method.name);

  static int _instanceOf(MbrCallOptions? options) => switch (options?.instance) {
        null => 0,
        final instance => RangeError.checkValueInInterval(instance, 0, 0xffff, 'instance'),
      };

  /// Ends [call] from this side, at once: what still arrives for it finds no receiver. Its [failure], if any,
  /// is delivered a moment later.
  void _abort(_Call<Object?> call, MbrCancelReason reason, _Failure? failure) {
    if (!call.isOpen) return;
    _sendControl(_kindCancel, _fromCaller, call.id, _reasonCode(reason));
    _forget(call);
    if (failure != null) _post(call, failure);
  }

  void _forget(_Call<Object?> call) {
    _calls.remove(call);
    call.over();
    _settleIfIdle();
  }

  void _giveBack(int id) {
    _calls.giveBack(id);
    _settleIfIdle();
  }

  @pragma('vm:prefer-inline')
  void _settleIfIdle() {
    if (_keepsAlive && _calls.length == 0) _settle();
  }

  /// Ends the calls that are due, and answers when the next one is.
  int _expire(int now) {
    var next = 0;
    for (final call in _calls.all.toList()) {
      final due = call.due;
      if (due == 0) continue;
      if (due <= now) {
        _abort(call, MbrCancelReason.deadline, _Failure(MbrDeadlineExceeded(call.method.name)));
      } else if (next == 0 || due < next) {
        next = due;
      }
    }
    final hosts = _hosts.expire(now);
    return next == 0 || (hosts != 0 && hosts < next) ? hosts : next;
  }

  void _keepAlive() {
    if (!_keepsAlive) _port.keepIsolateAlive = _keepsAlive = true;
  }

  /// Lets the isolate end, or keeps it from that, in a moment: who has just heard of a call's end often
  /// makes the next one.
  void _settle() {
    if (_settling) return;
    _settling = true;
    Zone.root.scheduleMicrotask(_settleNow);
  }

  void _settleNow() {
    _settling = false;
    if (!_open) return;
    if (_timed == 0) _deadlines.stop();
    final needed = _calls.length > 0 || _hosts.keepAlive;
    if (needed != _keepsAlive) _port.keepIsolateAlive = _keepsAlive = needed;
  }

  /// Has [encode] write to the request buffer, from [offset] on.
  T _encode<T>(String method, int offset, T Function(MbrWriter writer) encode) {
    assert(_open, 'its memory is gone');
    _refuseWhileBusy(method);
    _busyWith = method;
    try {
      _writer.offset = offset;
      return encode(_writer);
    } on MbrCodecException catch (error, stackTrace) {
      _shrinkRequest();
      Error.throwWithStackTrace(_rebased(error, offset), stackTrace);
    } finally {
      _busyWith = null;
    }
  }

  @pragma('vm:prefer-inline')
  void _refuseWhileBusy(String caller) {
    if (_busyWith != null) throw _tooBusy(caller);
  }

  StateError _tooBusy(String caller) =>
      StateError('$caller called while the arguments of $_busyWith are being encoded, or by its handler');

  void _encodeCall(
      String method, int milliseconds, int credit, void Function(MbrWriter writer) encodeArguments) {
    _encode(method, _headerSize + _prefixSize, encodeArguments);
    // The library counts whole milliseconds, of which the first is under way.
    _writer.data
      ..setUint32(_headerSize, milliseconds == 0 ? 0 : milliseconds + 1, Endian.little)
      ..setUint32(_headerSize + 4, credit, Endian.little);
  }

  /// Writes the header in front of what was encoded; answers the size of the frame.
  @pragma('vm:prefer-inline')
  int _putHeader(int kind, int flags, int call, int method, [int instance = 0]) {
    final size = _writer.offset;
    _writer.data
      ..setUint32(0, size, Endian.little)
      ..setUint32(4, kind | flags << 8 | instance << 16, Endian.little)
      ..setUint32(8, call, Endian.little)
      ..setUint32(12, method, Endian.little);
    return size;
  }

  /// Sends what was encoded; answers a status.
  int _submitFrame(int kind, int flags, int call, int method, [int instance = 0]) {
    if (!_open) return MbrStatus.closed.code;
    final status = _submit(_native, _putHeader(kind, flags, call, method, instance));
    _shrinkRequest();
    return status;
  }

  /// Sends the CALL that was encoded, whose handler runs at once if it is inline; answers a status.
  int _submitCall(MbrMethod<Object?> method, int id, int instance) {
    _answeredHere = 0;
    if (!method.isInline) return _submitFrame(_kindCall, _fromCaller, id, method.id, instance);
    _busyWith = method.name;
    final answered = _submitHere(_native, _putHeader(_kindCall, _fromCaller, id, method.id, instance));
    _busyWith = null;
    _shrinkRequest();
    if (answered < 0) return -answered;
    _answeredHere = answered;
    return MbrStatus.ok.code;
  }

  /// Sends an item that the other side has given credit for; to nobody once the connection has ended. Answers
  /// the size of its frame.
  int _sendItem(int flags, int call, int method, String name,
      void Function(MbrWriter writer, Object? item) encode, Object? item) {
    if (!_open) return 0;
    _encode(name, _headerSize, (writer) => encode(writer, item));
    final size = _writer.offset;
    final status = MbrStatus.of(_submitFrame(_kindItem, flags, call, method));
    if (status != MbrStatus.ok && status != MbrStatus.closed) {
      throw MbrFault(status, 'the library did not take an item', name);
    }
    return size;
  }

  /// CANCEL, CREDIT or END.
  void _sendControl(int kind, int flags, int call, int value) {
    if (_open) _control(_native, kind, flags, call, value);
  }

  MbrWriter _newWriter() => MbrWriter(_requestView(), grow: _growRequest);

  ByteData _requestView() =>
      ByteData.sublistView(_native.ref.request.asTypedList(_native.ref.requestSize));

  ByteData _growRequest(int neededSize) {
    final size = max(neededSize, 2 * _writer.data.lengthInBytes);
    if (neededSize > _requestMax || _resize(_native, min(size, _requestMax)) != MbrStatus.ok.code) {
      throw MbrFault(MbrStatus.noMemory, 'the arguments take $neededSize bytes or more', _busyWith!);
    }
    return _requestView();
  }

  @pragma('vm:prefer-inline')
  void _shrinkRequest() {
    if (_writer.data.lengthInBytes > _requestSize) _shrink();
  }

  void _shrink() {
    if (_resize(_native, _requestSize) == MbrStatus.ok.code) _writer = _newWriter();
  }

  void _readHellos(int Function(Pointer<_Shared>, int) hello) {
    for (var index = 0;; index++) {
      final size = hello(_native, index);
      if (size == 0) break;
      if (size > _native.ref.requestSize) {
        if (_resize(_native, size) != MbrStatus.ok.code) continue;
        hello(_native, index);
      }
      _offers.add(Uint8List.fromList(_native.ref.request.asTypedList(size)));
    }
    if (_native.ref.requestSize > _requestSize) _resize(_native, _requestSize);
    _writer = _newWriter();
  }

  MbrReader _newAnswerReader() =>
      MbrReader(ByteData.sublistView(_answer.asTypedList(_native.ref.answerSize)), 0, 0);

  /// The result of a call whose answer is there, or what it throws.
  R _readAnswer<R>(MbrMethod<R> method, Pointer<Uint8> answer, int size) {
    var reader = _answerReader;
    if (answer != _answer) reader = MbrReader(ByteData.sublistView(answer.asTypedList(size)), 0, 0);
    reader
      ..offset = _headerSize
      ..end = size;
    final kind = reader.data.getUint8(4);
    final Exception failure;
    try {
      if (kind == _kindOk) {
        final result = method.decodeResult(reader);
        reader.finish();
        return result;
      }
      failure = _readFailure(method, kind, reader);
      reader.finish();
    } catch (error, stackTrace) {
      _answerReader = _newAnswerReader(); // the old one may be left inside a value
      Error.throwWithStackTrace(error is MbrCodecException ? _rebased(error, _headerSize) : error, stackTrace);
    }
    throw failure;
  }

  void _onDoorbell(Object? _) {
    if (!_open) return;
    _rung = false;
    try {
      _receive(_drain(_native, 0));
      _deliver();
    } catch (error, stackTrace) {
      // Nothing of a user's runs here unguarded, so this is a defect or memory is out. Nobody could
      // catch it above, and it would end the program: callers learn that the connection is gone.
      log('the connection cannot go on', name: 'mbr', error: error, stackTrace: stackTrace);
      close();
    }
  }

  /// Decodes one turn's worth of frames, from [run] on, and gives their memory back.
  void _receive(int run) {
    var left = _framesPerTurn;
    while (run != 0 && left > 0) {
      final offset = run >> 32;
      final end = offset + (run & 0xffffffff);
      var at = offset;
      for (; at < end && left > 0; left--) {
        final size = _ring.getUint32(at, Endian.little);
        _decodeFrame(at, size);
        at += (size + _frameAlignment - 1) & -_frameAlignment;
      }
      run = _drain(_native, at - offset);
    }
    if (run == 0) return _calls.drained();
    if (_rung) return;
    _rung = true; // the library rings only when the ring was empty
    _port.sendPort.send(null);
  }

  void _decodeFrame(int at, int size) {
    final kindAndFlags = _ring.getUint16(at + 4, Endian.little);
    final kind = kindAndFlags & 0xff;
    final flags = kindAndFlags >> 8;
    if (flags & _isBlock != 0) return _decodeBlock(at, kind, flags);
    _reader
      ..offset = at + _headerSize
      ..end = at + size;
    _decode(at, kind, flags, _reader);
  }

  /// A frame that lies elsewhere: its address and size are in the ring instead. A large result of type bytes
  /// is not copied: its block goes when the list is garbage, which may be in another isolate by then.
  void _decodeBlock(int at, int kind, int flags) {
    final address = _ring.getUint64(at + _headerSize, Endian.little);
    final size = _ring.getUint64(at + _headerSize + 8, Endian.little);
    final block = Pointer<Uint8>.fromAddress(address);
    final reader = MbrReader(ByteData.sublistView(block.asTypedList(size)), _headerSize, size);
    if (flags & _fromCaller == 0 && kind == _kindOk) {
      final call = _calls.find(_ring.getUint32(at + 8, Endian.little));
      if (call != null && call.method.isBytes && _holdsBytes(reader)) {
        final bytes = (block + _bytesStart).asTypedList(size - _bytesStart);
        if (_take(_native, at, bytes) == MbrStatus.ok.code) {
          _forget(call);
          return _enqueue(call, bytes.asUnmodifiableView());
        }
      }
    }
    _decode(at, kind, flags, reader);
  }

  /// Whether all that [reader] has is a value of type bytes.
  bool _holdsBytes(MbrReader reader) {
    final size = reader.end - reader.offset - 8;
    return size >= 0 && reader.data.getUint64(reader.offset, Endian.little) == size;
  }

  void _decode(int at, int kind, int flags, MbrReader reader) {
    final id = _ring.getUint32(at + 8, Endian.little);
    if (flags & _fromCaller != 0) {
      return _hosts.receive(kind, id, _ring.getUint32(at + 12, Endian.little), reader);
    }
    final call = _calls.find(id);
    if (call == null) return;
    final event = call.decode(kind, reader);
    if (event is _Failure) _reader = MbrReader(_ring, 0, 0); // the old one may be left inside a value
    if (kind != _kindItem && kind != _kindCredit) {
      _forget(call);
    } else if (event is _Failure) {
      _abort(call, MbrCancelReason.cancelled, null);
    }
    _enqueue(call, event);
  }

  void _enqueue(_Receiver receiver, Object? event) {
    if (_queued < _events.length) {
      _events[_queued] = event;
      _receivers[_queued] = receiver;
    } else {
      _events.add(event);
      _receivers.add(receiver);
    }
    _queued++;
  }

  /// Has an event delivered that comes from no frame.
  void _post(_Receiver receiver, Object? event) {
    _enqueue(receiver, event);
    _deliverSoon();
  }

  void _deliverSoon() {
    if (_delivering || _deliveryDue) return;
    _deliveryDue = true;
    Zone.root.scheduleMicrotask(() {
      _deliveryDue = false;
      _deliver();
    });
  }

  void _deliver() {
    if (_delivering) return;
    _delivering = true;
    try {
      for (var i = 0; i < _queued; i++) {
        final receiver = _receivers[i]!;
        final event = _events[i];
        _receivers[i] = null;
        _events[i] = null;
        receiver.deliver(event);
      }
    } finally {
      _queued = 0;
      _delivering = false;
    }
  }
}
