/// How generated code reaches the other side: one connection, many calls.
///
/// Knows nothing of dart:ffi, so that generated APIs, and fakes of them, load on every platform.
library;

import 'cancel.dart';
import 'contract.dart';
import 'host.dart';
import 'wire.dart';

export 'cancel.dart';
export 'contract.dart';
export 'host.dart';
export 'web.dart' if (dart.library.ffi) 'native.dart' show openLibrary;

/// The stream parameter of a call. [items] are listened to when the call starts, and paused while the other
/// side is not ready for more. Should they end with an error, the call is cancelled and ends with it. Those of a
/// call that cannot start are never listened to.
final class MbrUpload<T> {
  const MbrUpload(this.items, this._encodeItem);

  final Stream<T> items;
  final void Function(MbrWriter writer, T item) _encodeItem;

  void encodeItem(MbrWriter writer, Object? item) => _encodeItem(writer, item as T);
}

/// What native functions are called for: a service on one connection.
final class MbrTarget {
  MbrTarget(this.address);

  /// 0 once the connection has ended, which sets that.
  int address;
}

/// Whether who serves a service can be reached now.
enum MbrLinkState { down, up }

/// How a method has fared that one side of this connection serves, as that side has counted.
final class MbrCounters {
  const MbrCounters({
    required this.calls,
    required this.errors,
    required this.cancelled,
    required this.items,
    required this.dropped,
    required this.bytesIn,
    required this.bytesOut,
    required this.open,
    required this.queued,
  });

  /// Calls that were accepted.
  final int calls;

  /// Of them, ended by a declared error or a fault.
  final int errors;

  /// Of them, ended by their caller, by a deadline or by the connection's end.
  final int cancelled;

  /// Items of its stream that were sent.
  final int items;

  /// Items that were replaced by newer ones or refused for want of room, and calls that were refused.
  final int dropped;

  /// Bytes of the frames that were received and sent.
  final int bytesIn;
  final int bytesOut;

  /// Calls accepted and not ended and, of these, those that wait for a handler that runs.
  final int open;
  final int queued;

  @override
  String toString() => 'calls $calls, errors $errors, cancelled $cancelled, items $items, dropped $dropped, '
      'bytes in $bytesIn, bytes out $bytesOut, open $open, queued $queued';
}

/// A way to services on the other side, and for it to services here. Everything on it belongs to the isolate
/// that opened it.
///
/// Every call ends once: with its value, with the error its method declares, or with an `MbrException`,
/// through its Future or Stream ([callSync] and [oneway] throw). The isolate is kept alive exactly while
/// calls are open, in either direction; an idle connection does not keep a program from ending.
abstract interface class MbrConnection {
  /// Whether calls show in the timeline of Dart's developer tools: each as an asynchronous event from its
  /// start to its ending. At first as the environment constant `mbr.timeline` says.
  static bool timeline = const bool.fromEnvironment('mbr.timeline');

  /// Makes a call and answers its result.
  Future<R> call<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments,
      {MbrCallOptions? options, MbrUpload<Object?>? upload});

  /// A single-subscription stream of a method's items. The call starts at `listen`, with the
  /// arguments as they are then. A paused subscription pauses the source; cancelling ends the call.
  Stream<R> stream<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments,
      {MbrCallOptions? options, MbrUpload<Object?>? upload});

  /// Sends a call that nothing answers, for the instance that [options] say. Throws when it cannot be sent;
  /// whether its handler ran cannot be known, and does not when the program ends at once.
  void oneway(MbrMethod<void> method, void Function(MbrWriter writer) encodeArguments,
      {MbrCallOptions? options});

  /// Runs a sync method's handler before it returns.
  R callSync<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments);

  /// Where the native function of a sync method of scalars is, and what it is called for. Throws as
  /// [callSync] does, with the fault `unsupported` where the other side is not in this process.
  (int function, MbrTarget target) direct(MbrMethod<Object?> method);

  /// Whether the service that [contract] names can be reached, as the instance that [options] say: the state
  /// now, then each change of it. Changes while the listener is paused become one event, so that the same
  /// state twice means that it was another one in between.
  ///
  /// A service of this process is up for as long as the connection is open; one that is lent from a remote
  /// peer goes up and down with the link to that peer. The last event, when the connection ends, is
  /// [MbrLinkState.down]. Ends with an `MbrFault` where there is no such service or instance.
  ///
  /// A single-subscription stream, which keeps the isolate alive where the service is a remote peer's.
  Stream<MbrLinkState> linkState(MbrContract contract, {MbrCallOptions? options});

  /// Offers a service to the other side for as long as the connection is open. Its handlers start in call
  /// order and run one at a time, unless they are `@concurrent`: one that does not come to its end, whether
  /// somebody waits for it or not, holds up all that follow. Calls that run keep the isolate alive;
  /// that some may come does not, except with [keepAlive].
  ///
  /// Throws a [StateError] when one of its methods is served already.
  void serve(MbrHost host, {bool keepAlive = false});

  /// The deadline of calls for which neither their view nor their contract says one; null: none.
  Duration? get defaultTimeout;
  set defaultTimeout(Duration? timeout);

  /// Of the method that is served as `namespace.Service.method`, by the other side or here; null where neither
  /// does.
  MbrCounters? counters(String method);

  /// Calls and streams that were made from here and have not ended.
  int get openCalls;

  bool get isOpen;

  /// Completes when the connection has ended.
  Future<void> get done;

  /// Ends the connection: open calls and streams end with `MbrDisconnected`, streams after the items
  /// that had come by then. Idempotent.
  void close();
}
