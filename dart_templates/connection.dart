/// How generated code reaches the other side: one connection, many calls.
///
/// Knows nothing of dart:ffi, so that generated APIs, and fakes of them, load on every platform.
library;

import 'wire.dart';

export 'web.dart' if (dart.library.ffi) 'native.dart' show openLibrary;

/// How one method is reached; generated code holds one const for each.
final class MbrMethod<R> {
  const MbrMethod(this.id, this.name, this.decodeResult, {this.decodeError});

  /// FNV-1a of [name], 32 bits.
  final int id;

  /// `namespace.Service.method`.
  final String name;

  /// Reads the result, or one item of a stream, and leaves the reader behind it.
  final R Function(MbrReader reader) decodeResult;

  /// Reads the error that the method declares; null when it declares none.
  final Exception Function(MbrReader reader)? decodeError;
}

/// A way to services on the other side. Everything on it belongs to the isolate that opened it.
///
/// Calls that fail end with an `MbrException`, or with the error their method declares, always
/// through the Future or Stream. The isolate is kept alive exactly while calls are open; an idle
/// connection does not keep a program from ending.
abstract interface class MbrConnection {
  /// Makes a call and answers its result.
  Future<R> call<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments);

  /// A single-subscription stream of a method's items. The call starts at `listen`, with the
  /// arguments as they are then. A paused subscription pauses the source; cancelling ends the call.
  Stream<R> stream<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments);

  /// Sends a call that nothing answers. Throws when it cannot be sent; whether its handler ran
  /// cannot be known, and does not when the program ends at once.
  void oneway(MbrMethod<void> method, void Function(MbrWriter writer) encodeArguments);

  /// Calls and streams that have started and not ended.
  int get openCalls;

  bool get isOpen;

  /// Ends the connection: open calls and streams end with `MbrDisconnected`, streams after the items
  /// that had come by then. Idempotent.
  void close();
}
