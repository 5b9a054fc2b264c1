/// The Dart side of probe.c, written by hand as mbrc would generate it.
library;

import 'dart:ffi';
import 'dart:typed_data';

import '../../dart_templates/connection.dart';
import '../../dart_templates/wire.dart';

export '../../dart_templates/connection.dart';
export '../../dart_templates/exceptions.dart';

/// The declared error.
final class ProbeLimit implements Exception {
  const ProbeLimit(this.limit);

  final double limit;

  static ProbeLimit decode(MbrReader reader) {
    reader.readU32();
    return ProbeLimit(reader.readF32());
  }
}

final class CrowdItem {
  const CrowdItem(this.thread, this.number, this.text);

  final int thread;
  final int number;
  final String text;

  static CrowdItem decode(MbrReader reader) =>
      CrowdItem(reader.readU32(), reader.readU32(), reader.readString('text'));
}

int fnv1a(String text) {
  var hash = 0x811c9dc5;
  for (final unit in text.codeUnits) {
    hash = ((hash ^ unit) * 0x01000193) & 0xffffffff;
  }
  return hash;
}

/// What probe.c has for a fingerprint where it does not say.
String fingerprintOf(int id) => id.toRadixString(16).padLeft(16, '0');

MbrMethod<R> _method<R>(String name, R Function(MbrReader) decodeResult) {
  final full = 'probe.Probe.$name';
  final id = fnv1a(full);
  return MbrMethod(id, full, fingerprintOf(id), const MbrContract('probe.Probe'), decodeResult,
      decodeError: ProbeLimit.decode);
}

int _u32(MbrReader reader) => reader.readU32();
String _string(MbrReader reader) => reader.readString('');
Uint8List _bytes(MbrReader reader) => reader.readBytes('');

final class ProbeApi {
  ProbeApi(this.connection);

  ProbeApi.open(String path) : this(openLibrary(package: 'probe', path: path));

  final MbrConnection connection;

  static final _echo = _method('echo', _string);
  static final _later = _method('later', _u32);
  static final _forgotten = _method('forgotten', _u32);
  static final _faulty = _method('faulty', _u32);
  static final _limited = _method('limited', _u32);
  static final _garbled = _method('garbled', _u32);
  static final _blob = _method('blob', _bytes);
  static final _sum = _method('sum', _u32);
  static final _nudge = _method('nudge', MbrReader.nothing);
  static final _numbers = _method('numbers', _u32);
  static final _heldNumbers = _method('held_numbers', _u32);
  static final _broken = _method('broken', _u32);
  static final _garbledItems = _method('garbled_items', _u32);
  static final _leave = _method('leave', _u32);
  static final _crowded = _method('crowded', CrowdItem.decode);
  static final _unknown = _method('unknown', _u32);

  static void Function(MbrWriter) _two(int a, int b) => (writer) => writer
    ..writeU32(a)
    ..writeU32(b);

  Future<String> echo(String text) => connection.call(_echo, (writer) => writer.writeString(text, 'text'));

  /// As [echo], with text that is not UTF-8.
  Future<String> echoMalformed() =>
      connection.call(_echo, (writer) => writer.writeBytes(Uint8List.fromList([0xff, 0xfe]), 'text'));

  Future<int> later({int ms = 0, required int value}) => connection.call(_later, _two(ms, value));
  Future<int> forgotten() => connection.call(_forgotten, MbrWriter.nothing);
  Future<int> faulty() => connection.call(_faulty, MbrWriter.nothing);
  Future<int> limited() => connection.call(_limited, MbrWriter.nothing);
  Future<int> garbled() => connection.call(_garbled, MbrWriter.nothing);
  Future<int> unknown() => connection.call(_unknown, MbrWriter.nothing);
  Stream<int> unknownStream() => connection.stream(_unknown, MbrWriter.nothing);
  Future<Uint8List> blob(int size) => connection.call(_blob, (writer) => writer.writeU32(size));

  Future<int> sum(List<int> values) => connection.call(
      _sum, (writer) => writer.writeList(values, 'values', (writer, value) => writer.writeU32(value)));

  void nudge() => connection.oneway(_nudge, MbrWriter.nothing);

  /// Has the process exit, on a thread of the application's or in the handler.
  Future<int> leave(int code, {bool inHandler = false}) =>
      connection.call(_leave, _two(code, inHandler ? 1 : 0));

  Stream<int> numbers(int count, {int everyUs = 0}) => connection.stream(_numbers, _two(count, everyUs));

  /// As [numbers], from a handler that holds its thread of the library's executor.
  Stream<int> heldNumbers(int count, {int everyUs = 0}) =>
      connection.stream(_heldNumbers, _two(count, everyUs));
  Stream<int> endless({int everyUs = 0}) => numbers(0xffffffff, everyUs: everyUs);
  Stream<int> broken(int count, {bool fault = false}) =>
      connection.stream(_broken, _two(count, fault ? 1 : 0));
  Stream<int> garbledItems(int count) => connection.stream(_garbledItems, _two(count, 0));
  Stream<CrowdItem> crowded(int threads, int count) => connection.stream(_crowded, _two(threads, count));
}

/// What the library counts, for all isolates together.
final class ProbeCounters {
  ProbeCounters(String path) : _library = DynamicLibrary.open(path);

  final DynamicLibrary _library;

  late final int Function(int) _counter =
      _library.lookupFunction<Uint32 Function(Uint32), int Function(int)>('probe_counter');
  late final int Function() _liveBlocks =
      _library.lookupFunction<Uint32 Function(), int Function()>('probe_live_blocks');

  int get emitted => _counter(0);
  int get cancelled => _counter(1);
  int get disconnected => _counter(2);
  int get nudged => _counter(3);
  int get openJobs => _counter(4);

  /// Streams that began to watch for their cancellation, and those of them that ended themselves and that
  /// were cancelled.
  int get watched => _counter(5);
  int get ended => _counter(6);
  int get watchedCancelled => _counter(19);

  /// Why `hang` was last cancelled: mbr_cancel_reason.
  int get reason => _counter(7);

  /// Handlers of `ordered` and `concurrent` that ran at once, at most. Starts anew when it is read.
  int get crowded => _counter(9);

  /// Answers that came too late and were refused.
  int get late => _counter(10);

  /// Items that newer ones replaced, as C counts them.
  int get dropped => _counter(11);

  /// Items of stream parameters.
  int get taken => _counter(12);
  int get logged => _counter(13);

  /// Tasks that ran on the executor of the library `elsewhere`.
  int get onOther => _counter(14);

  /// Calls and streams that the threads of probe_stress.c took up, and those that came to their end by
  /// themselves, by their caller and with their isolate.
  int get begun => _counter(15);
  int get endedThemselves => _counter(16);
  int get endedByCaller => _counter(17);
  int get lost => _counter(18);

  /// Isolates that the library `held` is connecting, which takes until it is not held any more. Handlers of
  /// `ordered` and `concurrent` wait for that too, and `stubborn` emits until then.
  int get held => _counter(20);
  late final void Function(bool) hold =
      _library.lookupFunction<Void Function(Bool), void Function(bool)>('probe_hold');

  /// Whether the thread that rings C's deadlines is held. It is after [holdClock] from the first deadline on
  /// that is over in the library `elsewhere`.
  bool get isClockHeld => _counter(21) == 2;
  late final void Function(bool) holdClock =
      _library.lookupFunction<Void Function(Bool), void Function(bool)>('probe_hold_clock');

  /// Publishes the numbers from the first up to the second to the topic of `subscribe`.
  late final void Function(int, int) publish =
      _library.lookupFunction<Void Function(Uint32, Uint32), void Function(int, int)>('probe_publish');

  int get liveBlocks => _liveBlocks();

  String statusName(int code) => _text('probe_status_name', code);
  String statusText(int code) => _text('probe_status_text', code);

  String _text(String symbol, int code) {
    final text =
        _library.lookupFunction<Pointer<Uint8> Function(Uint32), Pointer<Uint8> Function(int)>(symbol)(code);
    var size = 0;
    while (text[size] != 0) {
      size++;
    }
    return String.fromCharCodes(text.asTypedList(size));
  }
}

typedef _Callback = Uint32 Function(Uint32);

/// `probe.Calling`: handlers that call Dart on the thread that calls them.
abstract final class Calling {
  static MbrMethod<R> _method<R>(String name, R Function(MbrReader) decode, {bool isInline = false}) {
    final full = 'probe.Calling.$name';
    final id = fnv1a(full);
    return MbrMethod(id, full, fingerprintOf(id), const MbrContract('probe.Calling'), decode,
        decodeError: ProbeLimit.decode, isInline: isInline);
  }

  static final MbrMethod<Uint8List> inlined = _method('inlined', _bytes, isInline: true);
  static final MbrMethod<Uint8List> sync = _method('sync', _bytes);
  static final MbrMethod<Uint8List> babbling = _method('babbling', _bytes, isInline: true);

  /// What they call, until it is closed.
  static NativeCallable<_Callback> have(String path, int Function(int) callBack) {
    final callable = NativeCallable<_Callback>.isolateLocal(callBack, exceptionalReturn: 0);
    DynamicLibrary.open(path).lookupFunction<Void Function(Pointer<NativeFunction<_Callback>>),
        void Function(Pointer<NativeFunction<_Callback>>)>('probe_call_back')(callable.nativeFunction);
    return callable;
  }
}
