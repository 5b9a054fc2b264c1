/// The connection to a native library in this process: calls travel as frames through memory that the
/// library owns, and one port rings when there is something to read.
///
/// Knows nothing of schemas. Here a library is opened; the parts each have a concern of their own:
///
///     native_abi         the binary interface
///     native_connection  frames out and in, and what keeps the isolate alive
///     native_calls       calls made from here
///     native_host        calls served here
///     native_flow        the items of streams, in either direction
///     native_contract    what each side serves
///     native_link        whether who serves a service can be reached
///     native_clock       deadlines
library;

import 'dart:async';
import 'dart:collection' show Queue;
import 'dart:developer' show TimelineTask, log;
import 'dart:ffi';
import 'dart:io' show Platform;
import 'dart:isolate';
import 'dart:math' show max, min;
import 'dart:typed_data';

import 'connection.dart';
import 'exceptions.dart';
import 'wire.dart';

part 'native_abi.dart';
part 'native_calls.dart';
part 'native_clock.dart';
part 'native_connection.dart';
part 'native_contract.dart';
part 'native_flow.dart';
part 'native_host.dart';
part 'native_link.dart';

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
      throw _refusal(opened.failure, MbrStatus.of(opened.status));
    }
    final connection = _NativeConnection(api.ref, opened.connection, port, ticket);
    final foreign = connection._offers.foreignVersion;
    if (foreign == null) return connection;
    connection.close();
    throw _otherVersion('protocol version $foreign', _protocolVersion);
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
    if (api.ref.abi != _abi) throw _otherVersion('interface version ${api.ref.abi}', _abi);
    return api;
  }

  MbrLibraryException _otherVersion(String theirs, int ours) => _exception(
      'its runtime has $theirs, this package has $ours.',
      "Generate the package with the mbrc that the library's runtime belongs to, and build both again.");

  MbrLibraryException _refusal(int failure, MbrStatus status) => switch (failure) {
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
