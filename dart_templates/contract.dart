/// What generated code tells of a contract: its methods and, to explain where two sides differ, its types.
///
/// Knows nothing of connections.
library;

import 'wire.dart';

/// A type that a service's methods reach.
final class MbrType {
  const MbrType(this.name, this.shape);

  /// `namespace.Type`.
  final String name;

  /// A hash of its declaration: sixteen hexadecimal digits, since not every platform has integers of 64 bits.
  final String shape;
}

/// A service, and the types its methods reach.
final class MbrContract {
  const MbrContract(this.service, [this.types = const []]);

  /// `namespace.Service`.
  final String service;

  final List<MbrType> types;
}

/// How one method is reached; generated code holds one const for each.
final class MbrMethod<R> {
  const MbrMethod(
    this.id,
    this.name,
    this.fingerprint,
    this.contract,
    this.decodeResult, {
    this.types = const [],
    this.decodeError,
    this.timeout,
    this.window,
    this.isInline = false,
    this.isLatest = false,
    this.isBytes = false,
  });

  /// FNV-1a of [name], 32 bits.
  final int id;

  /// `namespace.Service.method`.
  final String name;

  /// A hash of its signature and every type that this reaches: sixteen hexadecimal digits.
  final String fingerprint;

  final MbrContract contract;

  /// Of the contract's types, by index, those the method reaches.
  final List<int> types;

  /// Reads the result, or one item of a stream, and leaves the reader behind it.
  final R Function(MbrReader reader) decodeResult;

  /// Reads the error that the method declares; null when it declares none.
  final Exception Function(MbrReader reader)? decodeError;

  /// The contract's; null: the connection's.
  final Duration? timeout;

  /// Items of the result's stream that may be under way; null where the contract does not say.
  final int? window;

  /// The handler runs on the caller's thread.
  final bool isInline;

  /// A slow listener gets the newest item.
  final bool isLatest;

  /// The result is exactly `bytes`, without a bound: a large one is taken over, not copied.
  final bool isBytes;
}
