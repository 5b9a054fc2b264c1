/// Schema names that Dart has too do not break what is generated, and mean what the schema says.
library;

import 'dart:convert';
import 'dart:typed_data' as typed_data;

import 'package:clashes/clashes.dart' as c;
import 'package:clashes/clashes_testing.dart' as c;
import 'package:clashes/clashes_other.dart' as other;
import 'package:clashes/src/clashes_codec.dart';

import '../dart/harness.dart';
import 'package:clashes/src/mbr/wire.dart';

T copied<T>(T value, void Function(MbrWriter writer, T value) encode, T Function(MbrReader reader) decode) {
  final writer = MbrWriter.onHeap();
  encode(writer, value);
  final reader = MbrReader(writer.data, 0, writer.offset);
  final copy = decode(reader);
  reader.finish();
  checkEqual(copy, value);
  checkEqual(copy.hashCode, value.hashCode, 'hash code');
  return copy;
}

void fields() {
  const object = c.Object(int: 1, bool: true, double: 2, identical: 'i', override: 3, other: 4);
  copied(object, encodeObject, decodeObject);
  check(object != object.copyWith(other: 5), 'a field called other takes part in ==');
  checkEqual(object.copyWith(double: null).double, null);
  checkEqual('$object', 'Object(int: 1, bool: true, double: 2.0, identical: i, override: 3, other: 4)');
  final text = c.String(value: 'v', reader: typed_data.Uint8List(1), writer: 'w',
      json: typed_data.Uint8List(2));
  copied(text, encodeString, decodeString);
  copied(const c.List(items: [c.List2(map: [1, null])]), encodeList, decodeList);
  copied(c.BigInt(), encodeBigInt, decodeBigInt);
  checkEqual(c.BigInt().n, BigInt.from(7));
}

void namespaces() {
  const stream = c.Stream(of: other.Duration(micros: 5), when: other.Unique(n: 1));
  const future = c.Future(at: other.Future(a: 1), mine: stream);
  copied(future, encodeFuture, decodeFuture);
  check(future.at is! c.Future, 'two types of one name stay apart');
}

void members() {
  copied(c.Enum.int, encodeEnum, decodeEnum);
  copied(c.Exception.value_, encodeException, decodeException);
  checkEqual(c.Exception.int.value, 1);
  checkEqual((c.identical, c.override, c.int), (1, 'x', 5));
}

void errors() {
  copied<c.Type>(const c.TypeError(value: 'v', writer: 1), encodeType, decodeType);
  copied<c.Type>(const c.TypeList([other.Future(a: 1)]), encodeType, decodeType);
  check(const c.TypeError(value: 'v', writer: 1) is Exception, 'an error is an Exception of dart:core');
}

void everythingElse() {
  const bits = c.Map(0x3f);
  copied(bits, encodeMap, decodeMap);
  check(bits.hasInt && bits.hasBits && bits.contains(c.Map.index_), 'bits that are set');
  check(!bits.contains(c.Map.bits_ | const c.Map(64)), 'a bit that is not set');
  copied(c.Set.double, encodeSet, decodeSet);
  final value = c.IterableValue(json: 1, fields: const [null, 2], item: (3, c.Set.names));
  copied<c.Iterable>(value, encodeIterable, decodeIterable);
  final all = c.DateTime(
    item: typed_data.Float32List(1),
    json: c.IterableMap({c.Map.bool: const [c.Set(9)]}),
    int64: -1,
    toList: const {1},
    at: DateTime.utc(2000),
    id: c.MbrUuid.nil,
    fromJson: 7,
  );
  copied(all, encodeDateTime, decodeDateTime);
  checkEqual(c.DateTime.fromJson(jsonDecode(jsonEncode(all))), all);
  checkEqual(c.Iterable.fromJson(jsonDecode(jsonEncode(value))), value);
}

/// Loading it is most of the test: each body means what it should.
Future<void> services() async {
  final c.Service service = c.ServiceFake()
    ..calls_.clear()
    ..onCalls_ = (({required calls, required onCalls}) => calls + onCalls)
    ..onOnCalls = (() => Stream.value(3))
    ..onDirect = ({required direct, required result, required int}) => int ? direct : result;
  checkEqual(await service.calls(calls: 1, onCalls: 2), 3);
  checkEqual(await service.onCalls().single, 3);
  checkEqual(service.direct(direct: 1, result: 2, int: false), 2);
  checkEqual((service as c.ServiceFake).calls_.length, 3);
  final host = c.HostFake()
    ..onInt = (({required int, required bool, required reader, required value}) async => int + reader)
    ..onBool = ({required void_}) {};
  checkEqual(await host.int(int: 1, bool: true, reader: 2, value: const Stream.empty()), 3);
  await host.bool(void_: 1);
  checkEqual(c.HostHost(host).methods.length, 8);
  checkEqual(c.NobodyHost(c.NobodyFake()).methods.length, 0);
}

void main() => runCases({
      'fields': fields,
      'types of two namespaces': namespaces,
      'members and constants': members,
      'errors': errors,
      'flags, open enums, unions, JSON': everythingElse,
      'services, hosts and fakes': services,
    });
