/// The showcase's services against a connection that only remembers what it was asked for.
library;

import 'dart:async';
import 'dart:typed_data';

import 'package:cabin/cabin.dart' hide Duration;
import 'package:cabin/src/mbr/wire.dart';

import '../dart/harness.dart';
import 'samples.dart';

final class Recorder implements MbrConnection {
  /// What the last call was, and its arguments.
  late MbrMethod<Object?> method;
  late Uint8List arguments;

  /// What the next call is answered with.
  void Function(MbrWriter writer) answer = MbrWriter.nothing;
  bool fails = false;

  void _record(MbrMethod<Object?> method, void Function(MbrWriter writer) encode) {
    final writer = MbrWriter.onHeap();
    encode(writer);
    this.method = method;
    arguments = Uint8List.fromList(writer.written);
  }

  R _decode<R>(R Function(MbrReader reader) decode) {
    final writer = MbrWriter.onHeap();
    answer(writer);
    final reader = MbrReader(writer.data, 0, writer.offset);
    final value = decode(reader);
    reader.finish();
    return value;
  }

  @override
  Future<R> call<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments) async {
    _record(method, encodeArguments);
    if (fails) throw _decode(method.decodeError!);
    return _decode(method.decodeResult);
  }

  @override
  Stream<R> stream<R>(MbrMethod<R> method, void Function(MbrWriter writer) encodeArguments) async* {
    _record(method, encodeArguments);
    yield _decode(method.decodeResult);
  }

  @override
  void oneway(MbrMethod<void> method, void Function(MbrWriter writer) encodeArguments) =>
      _record(method, encodeArguments);

  @override
  int get openCalls => 0;

  @override
  bool get isOpen => true;

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

/// An application can stand in for the other side without a library.
final class FakeClimate implements Climate {
  @override
  Future<double> setTarget({required int zone, required double celsius}) async => celsius;

  @override
  Future<Reading> getReading({required int zone}) async => sampleReading();

  @override
  Future<void> rename({required int zone, String? writer}) async {}

  @override
  Future<Uint8List> zones() async => Uint8List(0);

  @override
  Future<List<Event>> describe({required MbrUuid id, required Doors doors, Vehicle? vehicle}) async =>
      [if (vehicle?.last case final last?) last];

  @override
  void nudge({required int zone}) {}

  @override
  Stream<Reading> watch({int hz = 10, BigInt? limit}) => Stream.value(sampleReading());

  @override
  Stream<int> ticks() => const Stream.empty();
}

Future<void> fakes() async {
  final Climate climate = FakeClimate();
  checkEqual(await climate.watch().first, await climate.getReading(zone: 1));
}

void main() => runCases({
      'calls carry arguments and results': calls,
      'streams': streams,
      'declared errors': errors,
      'flags, UUIDs and unions': everyType,
      'arguments are checked': arguments,
      'an interface can be implemented by hand': fakes,
      'a service may be empty': () => check(NothingApi(Recorder()) is Nothing, 'implements it'),
    });
