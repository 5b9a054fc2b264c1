/// The showcase's services against a connection that only remembers what it was asked for.
library;

import 'dart:async';
import 'dart:typed_data';

import 'package:cabin/cabin.dart' hide Duration;
import 'package:cabin/cabin_testing.dart';
import 'package:cabin/src/cabin_climate_codec.dart';
import 'package:cabin/src/mbr/wire.dart';

import '../dart/harness.dart';
import 'samples.dart';

final class Recorder implements MbrConnection {
  /// What the last call was, and its arguments.
  late MbrMethod<Object?> method;
  late Uint8List arguments;
  MbrCallOptions? options;

  /// The items that went with it.
  final List<Uint8List> items = [];

  /// What the next call is answered with.
  void Function(MbrWriter writer) answer = MbrWriter.nothing;
  bool fails = false;

  Uint8List _encoded(void Function(MbrWriter writer) encode) {
    final writer = MbrWriter.onHeap();
    encode(writer);
    return Uint8List.fromList(writer.written);
  }

  void _record(MbrMethod<Object?> method, void Function(MbrWriter writer) encode, [MbrCallOptions? options]) {
    arguments = _encoded(encode);
    this.method = method;
    this.options = options;
  }

  R _decode<R>(R Function(MbrReader reader) decode) {
    final writer = MbrWriter.onHeap();
    answer(writer);
    final reader = MbrReader(writer.data, 0, writer.offset);
    final value = decode(reader);
    reader.finish();
    return value;
  }

  R _answer<R>(MbrMethod<R> method) =>
      fails ? throw _decode(method.decodeError!) : _decode(method.decodeResult);

  @override
  Future<R> call<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments,
      {MbrCallOptions? options, MbrUpload<Object?>? upload}) async {
    _record(method, encodeArguments, options);
    if (upload != null) {
      await upload.items.forEach((item) => items.add(_encoded((writer) => upload.encodeItem(writer, item))));
    }
    return _answer(method);
  }

  @override
  Stream<R> stream<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments,
      {MbrCallOptions? options, MbrUpload<Object?>? upload}) async* {
    yield await call(method, encodeArguments, options: options, upload: upload);
  }

  @override
  void oneway(MbrMethod<void> method, void Function(MbrWriter writer) encodeArguments,
          {MbrCallOptions? options}) =>
      _record(method, encodeArguments, options);

  @override
  R callSync<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments) {
    _record(method, encodeArguments);
    return _answer(method);
  }

  @override
  Never direct(MbrMethod<Object?> method) =>
      throw MbrFault(MbrStatus.unsupported, 'there are no native functions', method.name);

  @override
  Stream<MbrLinkState> linkState(MbrContract contract, {MbrCallOptions? options}) {
    this.options = options;
    return Stream.value(contract.service == 'cabin.climate.Climate' ? MbrLinkState.up : MbrLinkState.down);
  }

  /// What was offered last.
  late MbrHost host;

  @override
  void serve(MbrHost host, {bool keepAlive = false}) => this.host = host;

  @override
  MbrCounters? counters(String method) => null;

  @override
  Duration? defaultTimeout;

  @override
  int get openCalls => 0;

  @override
  bool get isOpen => true;

  @override
  Future<void> get done => Completer<void>().future;

  @override
  void close() {}
}

Future<void> calls() async {
  final connection = Recorder();
  final Climate climate = ClimateApi(connection);
  connection.answer = (writer) => writer.writeF32(22);
  checkEqual(await climate.setTarget(zone: 1, celsius: 21.5), 22.0);
  checkEqual(connection.method.name, 'cabin.climate.Climate.set_target');
  checkEqual(connection.method.id, fnv1a('cabin.climate.Climate.set_target'));
  checkEqual(connection.arguments, [1, 0, 0, 0xac, 0x41]);
  connection.answer = MbrWriter.nothing;
  await climate.rename(zone: 2, writer: null);
  checkEqual(connection.arguments, [2, 0]);
  await climate.rename(zone: 2, writer: 'a');
  checkEqual(connection.arguments, [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 97]);
  connection.answer = (writer) => writer.writeBytes(Uint8List(2), '');
  checkEqual(await climate.zones(), Uint8List(2));
  checkEqual(connection.arguments, Uint8List(0));
}

int fnv1a(String text) =>
    text.codeUnits.fold(0x811c9dc5, (hash, unit) => ((hash ^ unit) * 0x01000193) & 0xffffffff);

Future<void> streams() async {
  final connection = Recorder();
  connection.answer = (writer) => writer.writeU32(7);
  // ignore: deprecated_member_use
  checkEqual(await ClimateApi(connection).ticks().toList(), [7]);
  connection.answer = (writer) => throw StateError('not asked for');
  await checkThrows<StateError>(() => ClimateApi(connection).watch().toList());
  checkEqual(connection.arguments, [10, 0, 5, 0, 0, 0, 0, 0, 0, 0], 'defaults');
  await checkThrows<StateError>(() => ClimateApi(connection).watch(hz: 1, limit: BigInt.zero).toList());
  checkEqual(connection.arguments, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

Future<void> errors() async {
  final connection = Recorder()..fails = true;
  connection.answer = (writer) => writer
    ..writeU32(1)
    ..writeF32(30);
  final error = await checkThrows<ClimateError>(() => ClimateApi(connection).setTarget(zone: 1, celsius: 20));
  checkEqual(error, const ClimateErrorLimit(maxCelsius: 30));
  connection.answer = (writer) => writer.writeU32(0);
  checkEqual(await checkThrows<Refusal>(() => ClimateApi(connection).getReading(zone: 1)),
      const RefusalNotReady());
}

Future<void> arguments() async {
  final climate = ClimateApi(Recorder());
  final error = await checkThrows<MbrCodecException>(() => climate.setTarget(zone: 1, celsius: 31));
  checkEqual((error.status, error.path), (MbrStatus.badRange, 'Climate.setTarget.celsius'));
  final zone = await checkThrows<MbrCodecException>(() => climate.nudge(zone: 256));
  checkEqual(zone.path, 'Climate.nudge.zone');
}

Future<void> everyType() async {
  final connection = Recorder();
  final climate = ClimateApi(connection);
  final id = MbrUuid.parse('00112233-4455-6677-8899-aabbccddeeff');
  connection.answer = (writer) => writer
    ..writeLength(2, '')
    ..writeU32(2) // reset
    ..writeU32(1) // fault
    ..writeU16(7)
    ..writeString('x', '')
    ..writeBool(true)
    ..writeU8(0x41);
  final events = await climate.describe(id: id, doors: Doors.frontLeft | Doors.tail);
  checkEqual(events, const [EventReset(), EventFault(code: 7, text: 'x', by: Doors(0x41))]);
  checkEqual(connection.arguments, [...id.bytes, 0x81, 0]);
  final vehicle = sampleVehicle().copyWith(parts: [sampleVehicle().copyWith(doors: const Doors(-1))]);
  final error = await checkThrows<MbrCodecException>(
      () => climate.describe(id: id, doors: const Doors(), vehicle: vehicle));
  checkEqual((error.status, error.path), (MbrStatus.badRange, 'Climate.describe.vehicle.parts[0].doors'));
}

/// What the contract says of a call is in its descriptor.
Future<void> manners() async {
  final connection = Recorder()..answer = (writer) => writer.writeF32(1);
  final climate = ClimateApi(connection);
  await climate.setTarget(zone: 1, celsius: 20);
  final method = connection.method;
  checkEqual((method.timeout, method.isInline), (const Duration(milliseconds: 500), false));
  checkEqual(method.fingerprint.length, 16, 'digits of the fingerprint');
  final types = [for (final index in method.types) method.contract.types[index].name];
  checkEqual(types, ['cabin.climate.ClimateError']);
  await climate.knob(zone: 1).drain<void>();
  checkEqual((connection.method.timeout, connection.method.isLatest), (MbrTimeout.none, true));
  connection.answer = MbrWriter.nothing;
  await climate.ping();
  checkEqual((connection.method.timeout, connection.method.isInline), (const Duration(seconds: 2), true));
}

Future<void> views() async {
  final connection = Recorder();
  final token = MbrCancelToken();
  final view = ClimateApi(connection).withOptions(timeout: Duration.zero).withOptions(cancelToken: token);
  await view.ping();
  checkEqual((connection.options?.timeout, connection.options?.cancelToken), (Duration.zero, token));
  await view.withOptions(timeout: MbrTimeout.none).ping();
  checkEqual((connection.options?.timeout, connection.options?.cancelToken), (MbrTimeout.none, token));
  await ClimateApi(connection).ping();
  checkEqual((connection.options?.timeout, connection.options?.cancelToken), (null, null));
  final second = view.withOptions(instance: 1);
  await second.ping();
  checkEqual((connection.options?.cancelToken, connection.options?.instance), (token, 1));
  second.nudge(zone: 1);
  checkEqual(connection.options?.instance, 1);
  connection.options = null;
  checkEqual(await second.linkState.single, MbrLinkState.up);
  checkEqual(connection.options?.instance, 1);
}

Future<void> uploads() async {
  final connection = Recorder()..answer = (writer) => writer.writeU32(2);
  final climate = ClimateApi(connection);
  checkEqual(await climate.importLog(lines: Stream.fromIterable(['a', ''])), 2);
  checkEqual(connection.arguments, [1, 0, 0, 0]);
  checkEqual(connection.items, [
    [1, 0, 0, 0, 0, 0, 0, 0, 97],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ]);
  final long = await checkThrows<MbrCodecException>(() => climate.importLog(lines: Stream.value('x' * 65)));
  checkEqual((long.status, long.path), (MbrStatus.badLength, 'Climate.importLog.lines'));
  connection.items.clear();
  connection.answer = (writer) => writer.writeU32(2);
  checkEqual(await climate.mix(targets: Stream.value((7, 1.0))).toList(), const [EventReset()]);
  checkEqual(connection.items, [
    [7, 0, 0, 0x80, 0x3f],
  ]);
}

Future<void> sync() async {
  final connection = Recorder()..answer = (writer) => writer.writeBool(false);
  final climate = ClimateApi(connection);
  checkEqual(climate.preset(name: 'p'), null);
  checkEqual(connection.arguments, [1, 0, 0, 0, 0, 0, 0, 0, 0x70]);
  connection
    ..fails = true
    ..answer = (writer) => writer.writeU32(0);
  await checkThrows<ClimateErrorNotReady>(() => climate.preset(name: ''));
  final fault = await checkThrows<MbrFault>(climate.zoneCount);
  checkEqual((fault.code, fault.method), (MbrStatus.unsupported, 'cabin.climate.Climate.zone_count'));
}

/// A call as a connection makes it.
final class HostCall extends MbrHostCall {
  HostCall(this.method, this._items);

  @override
  final String method;

  /// Encoded.
  final List<Uint8List> _items;

  @override
  MbrCancelReason? get reason => null;

  @override
  Future<MbrCancelReason> get whenCancelled => Completer<MbrCancelReason>().future;

  @override
  Stream<T> items<T>(T Function(MbrReader reader) decodeItem) => Stream.fromIterable(
      [for (final item in _items) decodeItem(MbrReader(ByteData.sublistView(item), 0, item.length))]);
}

/// Calls the methods of a host as a connection does.
final class HostCaller {
  HostCaller(MbrHost host)
      : _methods = {for (final method in host.methods) method.name.split('.').last: method};

  final Map<String, MbrHostMethod<Object?>> _methods;

  MbrHostMethod<Object?> operator [](String name) => _methods[name]!;

  Object? call(String name,
      [void Function(MbrWriter writer) encode = MbrWriter.nothing, List<Uint8List> items = const []]) {
    final writer = MbrWriter.onHeap();
    encode(writer);
    final call = HostCall(this[name].name, items);
    final reader = MbrReader(writer.data, 0, writer.offset);
    final handler = this[name].prepare(call, reader);
    reader.finish();
    return call.run(handler);
  }

  List<int> result(String name, Object? value) {
    final writer = MbrWriter.onHeap();
    this[name].writeResult(writer, value);
    return writer.written;
  }
}

Future<void> hosts() async {
  final dialogs = DialogsFake();
  final connection = Recorder()..serve(DialogsHost(dialogs));
  checkEqual(connection.host.contract.service, 'cabin.climate.Dialogs');
  final caller = HostCaller(connection.host);
  dialogs.onConfirm = ({required text, required urgent}) {
    checkEqual(MbrHostCall.current!.method, 'cabin.climate.Dialogs.confirm');
    return urgent;
  };
  checkEqual(
      await caller.call('confirm', (writer) => writer
        ..writeString('t', '')
        ..writeBool(true)),
      true);
  checkEqual(MbrHostCall.current, null);
  checkEqual(dialogs.calls, const [
    MbrFakeCall('confirm', {'text': 't', 'urgent': true})
  ]);
  checkEqual(caller.result('confirm', true), [1]);
  await checkThrows<MbrCodecException>(() => caller.call('confirm'));
  checkEqual(dialogs.calls.length, 1, 'calls');
  final writer = MbrWriter.onHeap();
  final writeError = caller['choose'].writeError!;
  check(writeError(writer, const ClimateErrorLimit(maxCelsius: 1)), 'the declared error');
  checkEqual(writer.written, [1, 0, 0, 0, 0, 0, 0x80, 0x3f]);
  check(!writeError(writer, StateError('')), 'no other one');
  checkEqual(writer.offset, 8);
}

Future<void> hostStreams() async {
  final dialogs = DialogsFake()
    ..onPressed = (() => Stream.value((1, Doors.tail)))
    ..onRecord = ({required readings, required items}) async => BigInt.from(await readings.length + items);
  final caller = HostCaller(DialogsHost(dialogs));
  final pressed = await (caller.call('pressed')! as Stream<Object?>).single;
  checkEqual(caller.result('pressed', pressed), [1, 0x80]);
  final writer = MbrWriter.onHeap();
  encodeReading(writer, sampleReading());
  final reading = Uint8List.fromList(writer.written);
  checkEqual(await caller.call('record', (writer) => writer.writeU8(5), [reading, reading]), BigInt.from(7));
  checkEqual((caller['record'].window, caller['slider'].isLatest, caller['translate'].isConcurrent),
      (8, true, true));
  checkEqual((caller['note'].kind, caller['translate'].kind), (MbrHostKind.oneway, MbrHostKind.stream));
  dialogs.onNote = ({required text}) {};
  await caller.call('note', (writer) => writer.writeString('n', ''));
  checkEqual(dialogs.calls.last, const MbrFakeCall('note', {'text': 'n'}));
}

Future<void> main() => runCases({
      'calls carry arguments and results': calls,
      'streams': streams,
      'declared errors': errors,
      'flags, UUIDs and unions': everyType,
      'arguments are checked': arguments,
      'deadlines, windows and fingerprints': manners,
      'views': views,
      'stream parameters': uploads,
      'sync methods': sync,
      'a host decodes, calls and encodes': hosts,
      'a host with streams': hostStreams,
      'a service may be empty': () => check(NothingApi(Recorder()) is Nothing, 'implements it'),
    });
