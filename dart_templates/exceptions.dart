/// What goes wrong between Dart and a native library, as types to catch.
///
/// Errors that a contract declares are not here: each is a class of its own beside its service.
library;

/// The outcomes the native runtime knows, with its numbers (mbr/status.h). Append, never renumber.
enum MbrStatus {
  ok(0, 'ok'),
  truncated(1, 'the input ends inside a value'),
  trailing(2, 'bytes are left after the value'),
  badBool(3, 'a bool is neither 0 nor 1'),
  badOption(4, 'an option tag is neither 0 nor 1'),
  badUtf8(5, 'text is not well-formed UTF-8'),
  badChar(6, 'a char is not one Unicode scalar value'),
  badEnum(7, 'an enum value has no member'),
  badArm(8, 'a union index has no arm'),
  badLength(9, 'a length is above its bound or the input'),
  badRange(10, 'a number is outside its declared range'),
  badTime(11, "a timestamp is outside the calendar's range"),
  duplicate(12, 'a map key or set item occurs twice'),
  tooDeep(13, 'a value is nested deeper than its declared depth'),
  noSpace(14, 'the output buffer is full'),
  noMemory(15, 'memory is out'),
  wouldBlock(16, 'no credit or no room now; try again later'),
  closed(17, 'the call or connection has ended'),
  busy(18, 'too many calls are open'),
  unimplemented(19, 'the other side does not serve this method'),
  mismatch(20, 'the two sides were built from different contracts'),
  dropped(21, 'the handler returned without an answer and did not defer the call'),
  badFrame(22, 'a frame breaks the protocol'),
  misuse(23, 'a function was called with arguments its contract forbids'),
  internal(24, 'the handler reported a fault'),
  cancelled(25, 'the caller has cancelled the call'),
  deadline(26, 'the time given for the call is over'),
  disconnected(27, 'the connection ended while the call was open'),
  unsupported(28, 'this way of calling does not work over this connection'),
  deadlock(29, 'a blocking call here would wait for its own thread'),

  /// A number that this side does not know: the other side is newer.
  unknown(-1, 'unknown status');

  const MbrStatus(this.code, this.text);

  /// The number on the wire.
  final int code;

  /// One sentence about it.
  final String text;

  /// The status numbered [code], or [unknown].
  static MbrStatus of(int code) => code >= 0 && code < unknown.index ? values[code] : unknown;
}

/// Anything the runtime throws by itself, as opposed to errors that a contract declares.
sealed class MbrException implements Exception {
  const MbrException();
}

/// A call that the other side, or the way to it, could not carry out.
final class MbrFault extends MbrException {
  const MbrFault(this.code, this.text, this.method);

  final MbrStatus code;

  /// Details from whoever refused; may be empty.
  final String text;

  /// `namespace.Service.method`.
  final String method;

  @override
  String toString() => text.isEmpty
      ? 'MbrFault: $method: ${code.text} (${code.name})'
      : 'MbrFault: $method: ${code.text} (${code.name}): $text';
}

/// A call that was cancelled from here by its token.
final class MbrCancelled extends MbrException {
  const MbrCancelled(this.method);

  /// `namespace.Service.method`.
  final String method;

  @override
  String toString() => 'MbrCancelled: $method: the call was cancelled';
}

/// A call whose time was over before it ended.
final class MbrDeadlineExceeded extends MbrException {
  const MbrDeadlineExceeded(this.method);

  /// `namespace.Service.method`.
  final String method;

  @override
  String toString() => 'MbrDeadlineExceeded: $method: the time given for the call is over';
}

/// A call that was open when its connection ended, or was made on one that had ended. Where the service is a
/// remote peer's, that is the connection with that peer; the library's own may go on, and the remote peer
/// may be there again later.
final class MbrDisconnected extends MbrException {
  const MbrDisconnected(this.method, [this.text = 'the connection has ended']);

  /// `namespace.Service.method`.
  final String method;

  /// Which connection, and what became of it.
  final String text;

  @override
  String toString() => 'MbrDisconnected: $method: $text';
}

/// The native library cannot be used.
final class MbrLibraryException extends MbrException {
  const MbrLibraryException({
    required this.package,
    required this.path,
    required this.problem,
    required this.remedy,
  });

  /// The Dart package that asked for the library.
  final String package;

  /// Where it was looked for.
  final String path;

  /// What happened.
  final String problem;

  /// What to do about it.
  final String remedy;

  @override
  String toString() => "MbrLibraryException: package '$package', library '$path': $problem $remedy";
}

/// Bytes that are not a value of the type they should be, or a value that its contract forbids.
final class MbrCodecException extends MbrException {
  const MbrCodecException(this.status, this.offset, [this.path = '']);

  final MbrStatus status;

  /// Bytes read or written before the error.
  final int offset;

  /// The place within the value, as in `Reading.history[3]`; empty at its top.
  final String path;

  @override
  String toString() => path.isEmpty
      ? 'MbrCodecException: ${status.text} (${status.name}) at byte $offset'
      : 'MbrCodecException: $path: ${status.text} (${status.name}) at byte $offset';
}
