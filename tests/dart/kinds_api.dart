/// The Dart side of probe_kinds.c and probe_host.c, written by hand as mbrc would generate it.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:typed_data';

import '../../dart_templates/direct.dart';
import '../../dart_templates/wire.dart';
import 'harness.dart';
import 'probe.dart';

const _contract = MbrContract('probe.Kinds', [
  MbrType('probe.Shape', '0000000000000007'),
  MbrType('probe.Colour', '0000000000000009'), // another than the library has
]);

int _u32(MbrReader reader) => reader.readU32();
String _string(MbrReader reader) => reader.readString('');
Uint8List _bytes(MbrReader reader) => reader.readBytes('');
void _writeU32(MbrWriter writer, int value) => writer.writeU32(value);

MbrMethod<R> _method<R>(String name, R Function(MbrReader) decodeResult,
    {String service = 'probe.Kinds',
    bool isInline = false,
    bool isLatest = false,
    bool isBytes = false,
    Duration? timeout,
    List<int> types = const []}) {
  final full = '$service.$name';
  final id = fnv1a(full);
  return MbrMethod(id, full, fingerprintOf(id), _contract, decodeResult,
      types: types,
      decodeError: ProbeLimit.decode,
      timeout: timeout,
      isInline: isInline,
      isLatest: isLatest,
      isBytes: isBytes);
}

void Function(MbrWriter) _one(int a) => (writer) => writer.writeU32(a);

void Function(MbrWriter) _two(int a, int b) => (writer) => writer
  ..writeU32(a)
  ..writeU32(b);

/// What `collect` does with its items; the names are those of probe_kinds.c.
enum Collect { untilEnd, answerAt, errorAt, faultAt, never }

final class KindsApi {
  KindsApi(this.connection, [this.options]);

  KindsApi.open(String path, {String package = 'probe'}) : this(openLibrary(package: package, path: path));

  final MbrConnection connection;
  final MbrCallOptions? options;

  KindsApi withOptions({Duration? timeout, MbrCancelToken? cancelToken}) =>
      KindsApi(connection, MbrCallOptions(timeout: timeout, cancelToken: cancelToken));

  static final _inlineEcho = _method('inline_echo', _u32, isInline: true);
  static final _inlineLater = _method('inline_later', _u32, isInline: true);
  static final _inlineLimited = _method('inline_limited', _u32, isInline: true);
  static final _inlineNumbers = _method('inline_numbers', _u32, isInline: true);
  static final _syncText = _method('sync_text', _string);
  static final _add = _method('add', _u32);
  static final _hang = _method('hang', _u32);
  static final _hangShortly = _method('hang', _u32, timeout: const Duration(milliseconds: 300));
  static final _hangStream = _method('hang_stream', _u32);
  static final _stubborn = _method('stubborn', _u32);
  static final _twice = _method('twice', _u32);
  static final _raced = _method('raced', _u32);
  static final _ordered = _method('ordered', _u32);
  static final _concurrent = _method('concurrent', _u32);
  static final _newest = _method('newest', _u32, isLatest: true);
  static final _subscribe = _method('subscribe', _u32, isLatest: true);
  static final _collect = _method('collect', _u32);
  static final _doubled = _method('doubled', _u32);
  static final _image = _method('image', _bytes, isBytes: true);
  static final _changed = _method('changed', _u32, types: [0, 1]);
  static final _resigned = _method('resigned', _u32, types: [0]);
  static final _answer = _method('answer', _u32, service: 'probe.Stress');
  static final _many = _method('numbers', _u32, service: 'probe.Stress');
  static final _newestOfMany = _method('newest', _u32, service: 'probe.Stress', isLatest: true);
  static final _ask = _method('ask', _string, service: 'probe.Asker');
  static final _askInline = _method('ask_inline', _string, service: 'probe.Asker', isInline: true);
  static final _askSync = _method('ask_sync', _string, service: 'probe.Asker');

  Future<int> inlineEcho(int value) => connection.call(_inlineEcho, _one(value), options: options);
  Future<int> inlineLater(int ms, int value) =>
      connection.call(_inlineLater, _two(ms, value), options: options);
  Future<int> inlineLimited() => connection.call(_inlineLimited, MbrWriter.nothing, options: options);
  Stream<int> inlineNumbers(int count) => connection.stream(_inlineNumbers, _one(count), options: options);
  String syncText(String text) =>
      connection.callSync(_syncText, (writer) => writer.writeString(text, 'text'));

  late final _addFunction = MbrDirect(connection, _add, _bindAdd);
  static int Function(int, int, int) _bindAdd(int address) =>
      Pointer<NativeFunction<Uint32 Function(IntPtr, Uint32, Uint32)>>.fromAddress(address).asFunction();
  int add(int a, int b) {
    final direct = _addFunction;
    return direct.function(direct.target, a, b);
  }

  (int, MbrTarget) addDirect() => connection.direct(_add);
  (int, MbrTarget) noFunction() => connection.direct(_hang);

  Future<int> hang() => connection.call(_hang, MbrWriter.nothing, options: options);

  /// As [hang]; runs [encode] while its arguments, of which there are none, are encoded.
  Future<int> hangAfter(void Function() encode) =>
      connection.call(_hang, (_) => encode(), options: options);

  /// As [hang], with a deadline of 40 ms by contract.
  Future<int> hangShortly() => connection.call(_hangShortly, MbrWriter.nothing, options: options);
  Stream<int> hangStream() => connection.stream(_hangStream, MbrWriter.nothing, options: options);
  Stream<int> stubborn() => connection.stream(_stubborn, MbrWriter.nothing);
  Future<int> twice() => connection.call(_twice, MbrWriter.nothing);
  Future<int> raced() => connection.call(_raced, MbrWriter.nothing);
  Future<int> ordered(int value) => connection.call(_ordered, _one(value));
  Future<int> concurrent(int value) => connection.call(_concurrent, _one(value));
  Stream<int> newest(int count, int everyUs) => connection.stream(_newest, _two(count, everyUs));

  /// Of the topic that [ProbeCounters.publish] publishes to.
  Stream<int> subscribe() => connection.stream(_subscribe, MbrWriter.nothing);

  Future<int> collect(Stream<int> items, {Collect mode = Collect.untilEnd, int limit = 0, int slowUs = 0}) =>
      connection.call(_collect, (writer) {
        writer
          ..writeU32(mode.index)
          ..writeU32(limit)
          ..writeU32(slowUs);
      }, options: options, upload: MbrUpload<int>(items, _writeU32));

  /// As [collect] of the first number of each list, until the end; tells of each that is encoded.
  Future<int> collectLists(Stream<List<int>> lists, void Function(List<int> list) onEncode) =>
      connection.call(_collect, (writer) {
        writer
          ..writeU32(Collect.untilEnd.index)
          ..writeU32(0)
          ..writeU32(0);
      }, options: options, upload: MbrUpload<List<int>>(lists, (writer, list) {
        onEncode(list);
        writer.writeU32(list.first);
      }));

  Stream<int> doubled(Stream<int> items) => connection.stream(_doubled, MbrWriter.nothing,
      options: options, upload: MbrUpload<int>(items, _writeU32));

  Future<Uint8List> image(int size) => connection.call(_image, _one(size));
  Future<int> changed() => connection.call(_changed, MbrWriter.nothing);
  Stream<int> changedStream() => connection.stream(_changed, MbrWriter.nothing);
  int changedSync() => connection.callSync(_changed, MbrWriter.nothing);
  Future<int> resigned() => connection.call(_resigned, MbrWriter.nothing);

  /// Of probe_stress.c: [value], so many numbers, the newest of so many; the number of a stream's account is
  /// that of an [Account], or 0.
  Future<int> answer(int value) => connection.call(_answer, _one(value), options: options);
  Stream<int> many(int count, {int account = 0}) =>
      connection.stream(_many, _two(count, account), options: options);
  Stream<int> newestOfMany(int count, {int account = 0}) =>
      connection.stream(_newestOfMany, _two(count, account), options: options);

  /// Has C call the host service, and answers how that ended.
  Future<String> ask(HostMethod method,
          {int a = 0, int b = 0, Form form = Form.told, int? timeoutMs, bool onThread = false}) =>
      connection.call(_ask, _asked(method, a, b, form, timeoutMs, onThread));

  /// As [ask], with the call made by a thread of its own, which waits for it.
  Future<String> askWaiting(HostMethod method, {int a = 0, int b = 0}) =>
      ask(method, a: a, b: b, form: Form.waiting, onThread: true);

  Future<String> askInline(HostMethod method, {int a = 0, int b = 0, Form form = Form.told}) =>
      connection.call(_askInline, _asked(method, a, b, form, null, false));

  String askSync(HostMethod method, {int a = 0, int b = 0, Form form = Form.told}) =>
      connection.callSync(_askSync, _asked(method, a, b, form, null, false));

  static void Function(MbrWriter) _asked(
          HostMethod method, int a, int b, Form form, int? timeoutMs, bool onThread) =>
      (writer) => writer
        ..writeU32(form.index)
        ..writeU32(method.index)
        ..writeU32(a)
        ..writeU32(b)
        ..writeU32(timeoutMs ?? 0)
        ..writeU32(onThread ? 1 : 0);
}

/// How C makes a call of the host service; the names are those of probe_host.c. A thread of its own that is
/// [flooding] makes it again and again, until it is refused.
enum Form { told, waiting, cancelling, pausing, newest, flooding }

enum HostMethod { echo, note, ticks, gather, absent, changed }

/// The declared error of the host service.
final class HostRefusal implements Exception {
  const HostRefusal(this.number);

  final int number;
}

/// What tests have the host service do.
final class HostScript {
  FutureOr<int> Function(int a, int b) echo = (a, b) => a + b;
  FutureOr<void> Function(int a, int b) note = (a, b) {};
  Stream<int> Function(int a, int b) ticks = (a, b) => Stream.fromIterable(Iterable.generate(a));
  FutureOr<int> Function(int a, int b, Stream<int> items) gather =
      (a, b, items) => items.fold(a, (sum, item) => sum + item);

  /// Reads an item of `gather`.
  int Function(MbrReader reader) item = _u32;
}

typedef _Numbers = (int, int);

final class ScriptHost extends MbrHost {
  ScriptHost(HostScript script, {bool isConcurrent = false, bool isLatest = false})
      : super(const MbrContract('probe.Host'), [
          MbrHostMethod<int>.unary(_id('echo'), 'probe.Host.echo', _print('echo'), (call, reader) {
            final (a, b) = _read(reader);
            return () => script.echo(a, b);
          }, _writeU32, writeError: _refusal, isConcurrent: isConcurrent),
          MbrHostMethod<void>.oneway(_id('note'), 'probe.Host.note', _print('note'), (call, reader) {
            final (a, b) = _read(reader);
            return () => script.note(a, b);
          }),
          MbrHostMethod<int>.stream(_id('ticks'), 'probe.Host.ticks', _print('ticks'), (call, reader) {
            final (a, b) = _read(reader);
            return () => script.ticks(a, b);
          }, _writeU32, writeError: _refusal, isLatest: isLatest),
          MbrHostMethod<int>.unary(_id('gather'), 'probe.Host.gather', _print('gather'), (call, reader) {
            final (a, b) = _read(reader);
            return () => script.gather(a, b, call.items(script.item));
          }, _writeU32, writeError: _refusal, window: 4),
          MbrHostMethod<int>.unary(_id('changed'), 'probe.Host.changed', '00000000000000ff',
              (call, reader) => () => 0, _writeU32),
        ]);

  static int _id(String name) => fnv1a('probe.Host.$name');
  static String _print(String name) => fingerprintOf(_id(name));
  static _Numbers _read(MbrReader reader) => (reader.readU32(), reader.readU32());

  static final _refusal =
      MbrHostMethod.declared<HostRefusal>((writer, error) => writer.writeU32(error.number));
}

/// Runs [body] while no alarm of C's rings, so that deadlines are Dart's alone to enforce. It may take no
/// longer than [limit].
Future<void> withoutClock(String path, Future<void> Function() body,
    {Duration limit = const Duration(seconds: 20)}) async {
  final counters = ProbeCounters(path);
  final other = KindsApi.open(path, package: 'elsewhere');
  counters.holdClock(true);
  try {
    other.withOptions(timeout: const Duration(milliseconds: 10)).hangStream().drain<void>().ignore();
    standStillUntil(() => counters.isClockHeld, 'the clock is held');
    await body().timeout(limit);
    check(counters.isClockHeld, 'it was held all the while');
  } finally {
    counters.holdClock(false);
    other.connection.close();
  }
}
