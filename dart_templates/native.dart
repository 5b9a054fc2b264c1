/// The connection to a native library in this process: calls travel as frames through memory that the
/// library owns, and one port rings when there is something to read.
///
/// Mirrors mbr/dart.h and mbr/frame.h. Knows nothing of schemas.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:io' show Platform;
import 'dart:isolate';
import 'dart:math' show max, min;
import 'dart:typed_data';

import 'connection.dart' show MbrConnection, MbrMethod;
import 'exceptions.dart';
import 'wire.dart';

/// Items of a stream that may be under way to Dart at once, listeners that are paused included.
const int _creditWindow = 64;

/// Frames delivered in one turn of the event loop; the rest waits for the next.
const int _framesPerTurn = 256;

/// The largest request; the library has a limit of its own, not above this one.
const int _requestMax = 0x10000000;

// mbr/dart.h

const int _magic = 0x6472626d;
const int _abi = 1;

final class _Shared extends Struct {
  external Pointer<Uint8> ring;
  external Pointer<Uint8> request;
  @Uint32()
  external int ringSize;
  @Uint32()
  external int requestSize;
  @Uint32()
  external int callCount;
}

final class _Opened extends Struct {
  @Int32()
  external int failure;
  @Int32()
  external int status;
  external Pointer<_Shared> connection;
}

final class _Api extends Struct {
  @Uint32()
  external int magic;
  @Uint32()
  external int abi;
  external Pointer<Void> connect;
  external Pointer<NativeFunction<Pointer<Void> Function()>> ticket;
  external Pointer<NativeFunction<_Opened Function(Pointer<_Api>, Pointer<Void>, Int64, Pointer<Void>)>> open;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32)>> submit;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32, Uint32, Uint32)>> control;
  external Pointer<NativeFunction<Uint64 Function(Pointer<_Shared>, Uint32)>> drain;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32)>> resize;
  external Pointer<NativeFinalizerFunction> close;
}

const int _failureNoApi = 1;
const int _failureNoConnection = 2;
const int _failureNoResources = 3;
const int _failureNotConnected = 4;

// mbr/frame.h

const int _headerSize = 16;
const int _argumentsOffset = _headerSize + 8; // behind u32 timeout and u32 credit
const int _frameAlignment = 16;

const int _flagFromCaller = 0x01;
const int _flagBlock = 0x80;

const int _kindCall = 2;
const int _kindOk = 3;
const int _kindErr = 4;
const int _kindFault = 5;
const int _kindItem = 6;
const int _kindEnd = 7;
const int _kindCancel = 8;
const int _kindCredit = 9;

const int _cancelled = 1; // mbr_cancel_reason

/// Connects this isolate to the native library of [package], at [path] or where this platform keeps the
/// library called [library]; without that it is called like the package.
///
/// Throws [MbrLibraryException] when that does not work.
MbrConnection openLibrary({required String package, String? library, String? path}) =>
    _Library(package, path ?? _defaultPath(library ?? package)).connect();

String _defaultPath(String name) => switch (Platform.operatingSystem) {
      'windows' => '$name.dll',
      'macos' => 'lib$name.dylib',
      'ios' => '$name.framework/$name',
      _ => 'lib$name.so',
    };

/// One attempt to open a library, up to the connection.
final class _Library {
  _Library(this.package, this.path);

  final String package;
  final String path;

  MbrConnection connect() {
    final api = _api(_open());
    final port = RawReceivePort(null, '$package connection')..keepIsolateAlive = false;
    final open =
        api.ref.open.asFunction<_Opened Function(Pointer<_Api>, Pointer<Void>, int, Pointer<Void>)>();
    final ticket = _Ticket(api.ref);
    final opened = open(api, NativeApi.initializeApiDLData, port.sendPort.nativePort, ticket.pointer);
    if (opened.failure != 0) {
      ticket.giveBack();
      port.close();
      throw _refused(opened.failure, MbrStatus.of(opened.status));
    }
    return _NativeConnection(api.ref, opened.connection, port, ticket);
  }

  DynamicLibrary _open() {
    try {
      return DynamicLibrary.open(path);
    } on ArgumentError catch (error) {
      throw _exception('it cannot be opened: ${error.message}.',
          'Build it for ${Abi.current()}; then put it where the system looks for libraries, or set `path` of '
              'the class that opens it.');
    }
  }

  Pointer<_Api> _api(DynamicLibrary library) {
    final symbol = '${package}_connect';
    if (!library.providesSymbol(symbol)) {
      throw _exception('it does not export $symbol.',
          'Write MBR_DART_LIBRARY($package, ...) in one of its C files, and link that file in.');
    }
    final api = library.lookupFunction<Pointer<_Api> Function(), Pointer<_Api> Function()>(symbol)();
    if (api == nullptr || api.ref.magic != _magic) {
      throw _exception('its $symbol is not what MBR_DART_LIBRARY defines.',
          'Write MBR_DART_LIBRARY($package, ...) in one of its C files, in place of that function.');
    }
    if (api.ref.abi != _abi) {
      throw _exception('its runtime has interface version ${api.ref.abi}, this package has $_abi.',
          'Generate the package with the mbrc that the library\'s runtime belongs to, and build both again.');
    }
    return api;
  }

  MbrLibraryException _refused(int failure, MbrStatus status) => switch (failure) {
        _failureNoApi => _exception(
            'its runtime does not know the native API of Dart ${Platform.version}.',
            'Use a Dart whose native API has major version 2, or a newer mbrc.'),
        _failureNoConnection => _exception('it has no connection left for another isolate.',
            'Close connections that are no longer needed, or build it with a larger MBR_DART_CONNECTIONS.'),
        _failureNoResources => _exception('it got no memory or no threads: ${status.text} (${status.name}).',
            'Free resources of the process, or build it with smaller limits (runtime/dart/config.h).'),
        _failureNotConnected => _exception('its connect function refused: ${status.text} (${status.name}).',
            'See the function named in MBR_DART_LIBRARY. It may serve at most MBR_DART_SERVICES services.'),
        _ => _exception('it is shutting down.', 'Open no connections while the process exits.'),
      };

  MbrLibraryException _exception(String problem, String remedy) =>
      MbrLibraryException(package: package, path: path, problem: problem, remedy: remedy);
}

/// By which the library knows that this isolate, however it ends, has done with a connection. It is had, and
/// watched over, before there is a connection, so that there is no moment at which an isolate's death goes
/// unnoticed.
final class _Ticket implements Finalizable {
  _Ticket(_Api api)
      : pointer = api.ticket.asFunction<Pointer<Void> Function()>()(),
        _close = api.close.cast<NativeFunction<Void Function(Pointer<Void>)>>().asFunction(),
        _finalizer = _finalizers.putIfAbsent(api.close.address, () => NativeFinalizer(api.close)) {
    _finalizer.attach(this, pointer, detach: this);
  }

  /// One for each library, alive as long as the isolate: a finalizer that is collected never runs.
  static final Map<int, NativeFinalizer> _finalizers = {};

  final Pointer<Void> pointer;
  final void Function(Pointer<Void>) _close;
  final NativeFinalizer _finalizer;

  void giveBack() {
    _close(pointer); // a second time, should the isolate die here, does nothing
    _finalizer.detach(this);
  }
}

final class _NativeConnection implements MbrConnection {
  _NativeConnection(_Api api, this._native, this._port, this._ticket)
      : _submit = api.submit.asFunction(isLeaf: true),
        _control = api.control.asFunction(isLeaf: true),
        _drain = api.drain.asFunction(isLeaf: true),
        _resize = api.resize.asFunction(isLeaf: true) {
    _ring = ByteData.sublistView(_native.ref.ring.asTypedList(_native.ref.ringSize));
    _reader = MbrReader(_ring, 0, 0);
    _writer = _newWriter();
    _requestSize = _native.ref.requestSize;
    _calls = _CallTable(_native.ref.callCount);
    _port.handler = _onDoorbell;
  }

  final Pointer<_Shared> _native;
  final RawReceivePort _port;
  final _Ticket _ticket;
  final int Function(Pointer<_Shared>, int) _submit;
  final int Function(Pointer<_Shared>, int, int, int) _control;
  final int Function(Pointer<_Shared>, int) _drain;
  final int Function(Pointer<_Shared>, int) _resize;

  late final ByteData _ring;
  late MbrReader _reader; // of the ring
  late MbrWriter _writer; // to the request buffer
  late final int _requestSize;
  late final _CallTable _calls;

  /// What was decoded of the current batch: events and, at the same index, whom they are for.
  final List<Object?> _events = [];
  final List<_Call<Object?>> _receivers = [];

  /// The method whose arguments are being encoded. Lists are read through code that is not ours, which
  /// must not find its way back to the request buffer.
  String? _encoding;

  bool _open = true;
  bool _keepsAlive = false;

  @override
  bool get isOpen => _open;

  @override
  int get openCalls => _calls.length;

  @override
  Future<R> call<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments) {
    final call = _Unary<R>(method);
    final refused = _start(call, 0, encodeArguments);
    return refused == null ? call.future : Future<R>.error(refused.error, refused.stackTrace);
  }

  @override
  Stream<R> stream<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments) =>
      _Streaming<R>(method, this, encodeArguments).stream;

  @override
  void oneway(MbrMethod<void> method, void Function(MbrWriter writer) encodeArguments) {
    if (!_open) throw MbrDisconnected(method.name);
    final status = _send(0, method, 0, encodeArguments);
    if (status != MbrStatus.ok.code) throw _refusal(status, method);
  }

  @override
  void close() {
    if (!_open) return;
    if (_encoding != null) throw StateError('close() while the arguments of $_encoding are being encoded');
    _open = false;
    _ticket.giveBack();
    _port.close();
    final calls = _calls.removeAll();
    // Listeners may run as soon as they are told, and not within the caller's call of close().
    scheduleMicrotask(() {
      for (final call in calls) {
        call.deliver(_Failure(MbrDisconnected(call.method.name)));
      }
    });
  }

  /// Takes an index for [call] and sends its CALL frame; answers why it did not start, or null.
  _Failure? _start(_Call<Object?> call, int credit, void Function(MbrWriter writer) encodeArguments) {
    if (!_open) return _Failure(MbrDisconnected(call.method.name));
    if (!_calls.add(call)) {
      return _Failure(
          MbrFault(MbrStatus.busy, '${_calls.length} calls are open on this connection', call.method.name));
    }
    _keepAlive();
    try {
      final status = _send(call.id, call.method, credit, encodeArguments);
      if (status == MbrStatus.ok.code) return null;
      _forget(call);
      return _Failure(_refusal(status, call.method));
    } catch (error, stackTrace) {
      _forget(call);
      return _Failure(error, stackTrace);
    }
  }

  MbrException _refusal(int status, MbrMethod<Object?> method) => status == MbrStatus.closed.code
      ? MbrDisconnected(method.name)
      : MbrFault(MbrStatus.of(status), 'the library did not take the call', method.name);

  int _send(int id, MbrMethod<Object?> method, int credit, void Function(MbrWriter writer) encodeArguments) {
    if (_encoding != null) {
      throw StateError('${method.name} called while the arguments of $_encoding are being encoded');
    }
    _encoding = method.name;
    try {
      _writer.offset = _argumentsOffset;
      encodeArguments(_writer);
      _writer.data
        ..setUint32(0, _writer.offset, Endian.little)
        ..setUint8(4, _kindCall)
        ..setUint8(5, _flagFromCaller)
        ..setUint16(6, 0, Endian.little)
        ..setUint32(8, id, Endian.little)
        ..setUint32(12, method.id, Endian.little)
        ..setUint32(16, 0, Endian.little)
        ..setUint32(20, credit, Endian.little);
      return _submit(_native, _writer.offset);
    } on MbrCodecException catch (error, stackTrace) {
      Error.throwWithStackTrace(_rebased(error, _argumentsOffset), stackTrace);
    } finally {
      _encoding = null;
      if (_writer.data.lengthInBytes > _requestSize) _shrinkRequest();
    }
  }

  MbrWriter _newWriter() => MbrWriter(_requestView(), grow: _growRequest);

  ByteData _requestView() =>
      ByteData.sublistView(_native.ref.request.asTypedList(_native.ref.requestSize));

  ByteData _growRequest(int neededSize) {
    final size = max(neededSize, 2 * _writer.data.lengthInBytes);
    if (neededSize > _requestMax || _resize(_native, min(size, _requestMax)) != MbrStatus.ok.code) {
      throw MbrFault(MbrStatus.noMemory, 'the arguments take $neededSize bytes or more', _encoding!);
    }
    return _requestView();
  }

  void _shrinkRequest() {
    if (_resize(_native, _requestSize) == MbrStatus.ok.code) _writer = _newWriter();
  }

  /// Ends [call] from this side, at once: what still arrives for it finds no receiver.
  void _cancel(_Call<Object?> call) {
    if (!call.isOpen) return;
    _control(_native, _kindCancel, call.id, _cancelled);
    _forget(call);
  }

  void _grant(_Call<Object?> call, int items) => _control(_native, _kindCredit, call.id, items);

  void _forget(_Call<Object?> call) {
    _calls.remove(call);
    _keepAlive();
  }

  void _keepAlive() {
    final needed = _calls.length > 0;
    if (needed != _keepsAlive) _port.keepIsolateAlive = _keepsAlive = needed;
  }

  void _onDoorbell(Object? _) {
    if (!_open) return;
    try {
      _turn();
    } catch (_) {
      // Nothing of a user's runs here unguarded, so this is a defect or memory is out. Nobody could
      // catch it above, and it would end the program: callers learn that the connection is gone.
      close();
    }
  }

  /// Decodes a batch, gives its memory back, and only then delivers it: listeners may do anything.
  void _turn() {
    final run = _drain(_native, 0);
    if (run == 0) return;
    final decoded = _decodeRun(run >> 32, run & 0xffffffff);
    final more = _drain(_native, decoded) != 0;
    try {
      for (var i = 0; i < _events.length; i++) {
        _receivers[i].deliver(_events[i]);
      }
    } finally {
      _events.clear();
      _receivers.clear();
    }
    // The library rings only when the ring was empty.
    if (more && _open) _port.sendPort.send(null);
  }

  /// Decodes frames from [offset] on, one turn's worth of the [size] bytes there; answers their size.
  int _decodeRun(int offset, int size) {
    final end = offset + size;
    var at = offset;
    for (var frames = 0; at < end && frames < _framesPerTurn; frames++) {
      final frameSize = _ring.getUint32(at, Endian.little);
      final call = _calls.find(_ring.getUint32(at + 8, Endian.little));
      if (call != null) {
        if (_ring.getUint8(at + 5) & _flagBlock == 0) {
          _decodeFrame(call, _reader, at, frameSize);
        } else {
          _decodeBlock(call, at + _headerSize);
        }
      }
      at += (frameSize + _frameAlignment - 1) & -_frameAlignment;
    }
    return at - offset;
  }

  /// A frame too large for the ring: its address and size are there instead.
  void _decodeBlock(_Call<Object?> call, int at) {
    final address = _ring.getUint64(at, Endian.little);
    final size = _ring.getUint64(at + 8, Endian.little);
    final block = ByteData.sublistView(Pointer<Uint8>.fromAddress(address).asTypedList(size));
    _decodeFrame(call, MbrReader(block, 0, 0), 0, size);
  }

  void _decodeFrame(_Call<Object?> call, MbrReader reader, int at, int size) {
    final kind = reader.data.getUint8(at + 4);
    reader
      ..offset = at + _headerSize
      ..end = at + size;
    final event = call.decode(kind, reader);
    if (event is _Failure) _reader = MbrReader(_ring, 0, 0); // the old one may be left inside a value
    if (kind != _kindItem) {
      _forget(call);
    } else if (event is _Failure) {
      _cancel(call);
    }
    _events.add(event);
    _receivers.add(call);
  }
}

/// [error] with its offset counted from [start].
MbrCodecException _rebased(MbrCodecException error, int start) =>
    MbrCodecException(error.status, error.offset - start, error.path);

/// Open calls by index. An id is the index with a generation above it, so that what arrives late for a
/// former call of an index finds nobody. Id 0 is no call.
final class _CallTable {
  _CallTable(this._limit);

  final int _limit;
  final List<_Call<Object?>?> _calls = [];
  final List<int> _generations = [];
  final List<int> _free = [];

  int get length => _calls.length - _free.length;

  /// Gives [call] an id; false when the table is full.
  bool add(_Call<Object?> call) {
    final int index;
    if (_free.isNotEmpty) {
      index = _free.removeLast();
    } else if (_calls.length < _limit) {
      index = _calls.length;
      _calls.add(null);
      _generations.add(0);
    } else {
      return false;
    }
    final generation = _generations[index] == 0xffff ? 1 : _generations[index] + 1;
    _generations[index] = generation;
    _calls[index] = call;
    call.id = generation << 16 | index;
    return true;
  }

  _Call<Object?>? find(int id) {
    final index = id & 0xffff;
    final call = index < _calls.length ? _calls[index] : null;
    return call?.id == id ? call : null;
  }

  void remove(_Call<Object?> call) {
    final index = call.id & 0xffff;
    _calls[index] = null;
    _free.add(index);
    call.id = 0;
  }

  List<_Call<Object?>> removeAll() {
    final all = [
      for (final call in _calls)
        if (call != null) call
    ];
    all.forEach(remove);
    return all;
  }
}

/// An event of a call besides a value: its end with an error.
final class _Failure {
  _Failure(this.error, [this.stackTrace]);

  final Object error;
  final StackTrace? stackTrace;
}

/// An event of a stream besides an item: its end.
final class _End {
  const _End();
}

/// One call, from its start to its ending. Events are values, a [_Failure] or an [_End].
abstract base class _Call<R> {
  _Call(this.method);

  final MbrMethod<R> method;

  /// 0 unless the call is in the table.
  int id = 0;

  bool get isOpen => id != 0;

  /// The kind of frame that carries a value.
  int get valueKind;

  void deliver(Object? event);

  /// The event that a frame stands for. Never throws.
  Object? decode(int kind, MbrReader reader) {
    final start = reader.offset;
    try {
      final Object? event;
      if (kind == valueKind) {
        event = method.decodeResult(reader);
      } else if (kind == _kindErr && method.decodeError != null) {
        event = _Failure(method.decodeError!(reader));
      } else if (kind == _kindFault) {
        event = _Failure(MbrFault(MbrStatus.of(reader.readU32()), reader.readString(''), method.name));
      } else if (kind == _kindEnd && valueKind == _kindItem) {
        event = const _End();
      } else {
        return _Failure(MbrFault(MbrStatus.badFrame, 'an answer of kind $kind', method.name));
      }
      reader.finish();
      return event;
    } on MbrCodecException catch (error, stackTrace) {
      return _Failure(_rebased(error, start), stackTrace);
    } catch (error, stackTrace) {
      return _Failure(error, stackTrace);
    }
  }
}

final class _Unary<R> extends _Call<R> {
  _Unary(super.method);

  final Completer<R> _completer = Completer<R>();

  Future<R> get future => _completer.future;

  @override
  int get valueKind => _kindOk;

  @override
  void deliver(Object? event) {
    if (event is _Failure) {
      _completer.completeError(event.error, event.stackTrace);
    } else {
      _completer.complete(event as R);
    }
  }
}

/// A call whose result is a stream. The controller is synchronous, and while its listener is paused, or has
/// yet to take what came meanwhile, it says so and keeps the items. They are made up for by new credit only
/// after that, so at most one window of them waits for a slow listener.
final class _Streaming<R> extends _Call<R> {
  _Streaming(super.method, this._connection, this._encodeArguments);

  final _NativeConnection _connection;
  final void Function(MbrWriter writer) _encodeArguments;
  late final StreamController<R> _controller = StreamController<R>(
      sync: true, onListen: _start, onResume: _grantTaken, onCancel: _cancel);

  /// Items since credit was last granted.
  int _taken = 0;

  bool _over = false;

  Stream<R> get stream => _controller.stream;

  @override
  int get valueKind => _kindItem;

  @override
  void deliver(Object? event) {
    if (_over) return;
    switch (event) {
      case _Failure(:final error, :final stackTrace):
        _over = true;
        _controller.addError(error, stackTrace);
        _controller.close();
      case _End():
        _over = true;
        _controller.close();
      default:
        _taken++;
        _controller.add(event as R);
        _grantTaken();
    }
  }

  void _grantTaken() {
    if (_taken < _creditWindow ~/ 2 || !isOpen || _controller.isPaused) return;
    _connection._grant(this, _taken);
    _taken = 0;
  }

  void _start() {
    final refused = _connection._start(this, _creditWindow, _encodeArguments);
    if (refused != null) deliver(refused);
  }

  void _cancel() {
    _over = true;
    _connection._cancel(this);
  }
}
