/// Services that are implemented in Dart and called from the other side. Generated code makes an [MbrHost] of
/// an implementation; `MbrConnection.serve` offers it.
///
/// Knows nothing of frames.
library;

import 'dart:async';

import 'contract.dart';
import 'wire.dart';

/// Why nobody waits for a call any more.
enum MbrCancelReason {
  /// The caller lost interest.
  cancelled,

  /// Its time is over.
  deadline,

  /// The connection has ended.
  disconnected,
}

/// A call of a host service that is being served.
abstract base class MbrHostCall {
  /// The call whose handler runs now, or has set off what does; null elsewhere.
  static MbrHostCall? get current => Zone.current[MbrHostCall] as MbrHostCall?;

  /// `namespace.Service.method`.
  String get method;

  /// Why the caller no longer waits; null while it does.
  MbrCancelReason? get reason;

  bool get isCancelled => reason != null;

  /// Completes when the caller no longer waits, but not once the call has ended by itself.
  Future<MbrCancelReason> get whenCancelled;

  /// The stream parameter, for generated code: the caller's items, sent as far as they are listened to.
  Stream<T> items<T>(T Function(MbrReader reader) decodeItem);

  /// For what serves calls: runs a handler as that of this call.
  R run<R>(R Function() handler) => runZoned(handler, zoneValues: {MbrHostCall: this});
}

/// How a host service answers.
enum MbrHostKind { unary, oneway, stream }

/// Reads a call's arguments and answers what then runs its handler. Arguments are read as they come in, the
/// handler may have to wait for its turn.
typedef MbrHandler<T> = T Function() Function(MbrHostCall call, MbrReader arguments);

/// One method of a host service.
final class MbrHostMethod<R> {
  const MbrHostMethod._(this.kind, this.id, this.name, this.fingerprint, this._handler, this._writeResult,
      this.writeError, this.window, this.isConcurrent, this.isLatest);

  /// Answers once.
  const MbrHostMethod.unary(int id, String name, String fingerprint, MbrHandler<FutureOr<R>> handler,
      void Function(MbrWriter writer, R result) writeResult,
      {bool Function(MbrWriter writer, Object error)? writeError, int? window, bool isConcurrent = false})
      : this._(MbrHostKind.unary, id, name, fingerprint, handler, writeResult, writeError, window,
            isConcurrent, false);

  /// Answers nothing.
  const MbrHostMethod.oneway(int id, String name, String fingerprint, MbrHandler<FutureOr<R>> handler,
      {bool isConcurrent = false})
      : this._(MbrHostKind.oneway, id, name, fingerprint, handler, null, null, null, isConcurrent, false);

  /// Answers a stream. Where it [isLatest], items that the caller is not ready for replace each other.
  const MbrHostMethod.stream(int id, String name, String fingerprint, MbrHandler<Stream<R>> handler,
      void Function(MbrWriter writer, R item) writeItem,
      {bool Function(MbrWriter writer, Object error)? writeError,
      int? window,
      bool isConcurrent = false,
      bool isLatest = false})
      : this._(MbrHostKind.stream, id, name, fingerprint, handler, writeItem, writeError, window,
            isConcurrent, isLatest);

  /// The [writeError] of a method that declares errors of one class.
  static bool Function(MbrWriter writer, Object error) declared<E extends Object>(
          void Function(MbrWriter writer, E error) write) =>
      (writer, error) {
        if (error is! E) return false;
        write(writer, error);
        return true;
      };

  final MbrHostKind kind;

  /// FNV-1a of [name], 32 bits.
  final int id;

  /// `namespace.Service.method`.
  final String name;

  /// As `MbrMethod.fingerprint`.
  final String fingerprint;

  /// Writes the error that the method declares and answers true; false when it is another.
  final bool Function(MbrWriter writer, Object error)? writeError;

  /// Items of the stream parameter that may be under way; null where the contract does not say.
  final int? window;

  /// Starts without waiting for the service's other handlers.
  final bool isConcurrent;
  final bool isLatest;

  final MbrHandler<Object?> _handler;
  final void Function(MbrWriter writer, R result)? _writeResult;

  /// The handler's run, with the arguments read.
  Object? Function() prepare(MbrHostCall call, MbrReader arguments) => _handler(call, arguments);

  /// Writes a result or an item.
  void writeResult(MbrWriter writer, Object? result) => _writeResult!(writer, result as R);
}

/// A service with its implementation. Generated code derives one for each host service.
abstract base class MbrHost {
  const MbrHost(this.contract, this.methods);

  final MbrContract contract;
  final List<MbrHostMethod<Object?>> methods;
}
