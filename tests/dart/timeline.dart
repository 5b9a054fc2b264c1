/// Calls as they show in the timeline: a second VM makes them and records it, here it is read back.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'harness.dart';
import 'kinds_api.dart';
import 'probe.dart';

/// Calls of every ending, and one that is made while nothing is to show.
Future<void> makeCalls(String path) async {
  final probe = ProbeApi.open(path);
  final kinds = KindsApi(probe.connection);
  await probe.later(value: 1);
  MbrConnection.timeline = true;
  await kinds.inlineEcho(1);
  final callable = Calling.have(path, (value) {
    sleep(const Duration(milliseconds: 5));
    return value;
  });
  await probe.connection.call(Calling.inlined, (writer) => writer.writeBytes(Uint8List(0), ''));
  callable.close();
  await probe.later(value: 4);
  await probe.numbers(3).toList();
  await kinds.withOptions(timeout: const Duration(milliseconds: 5)).hang().then((_) {}, onError: (_) {});
  probe.connection.close();
}

Future<List<Map<String, Object?>>> record(String path) async {
  final file = File('${Directory.systemTemp.path}/timeline.json');
  final result = await Process.run(Platform.resolvedExecutable, [
    ...Platform.executableArguments,
    '--timeline-streams=Dart',
    '--timeline-recorder=file:${file.path}',
    Platform.script.toFilePath(),
    path,
    'record',
  ]);
  checkEqual(result.exitCode, 0, 'exit code, with ${result.stderr}');
  return (jsonDecode(file.readAsStringSync()) as List).cast();
}

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  if (arguments.length > 1) return makeCalls(path);
  await runCases({
    'each call is one event from its start to its ending': () async {
      final events = await record(path);
      List<Object?> ids(String method, String phase) => [
            for (final event in events)
              if (event['name'] == method && event['ph'] == phase) event['id']
          ];
      for (final method in [
        'probe.Kinds.inline_echo',
        'probe.Probe.later',
        'probe.Probe.numbers',
        'probe.Kinds.hang'
      ]) {
        checkEqual(ids(method, 'b').length, 1, 'starts of $method');
        checkEqual(ids(method, 'e'), ids(method, 'b'), 'endings of $method');
      }
      int time(String method, String phase) =>
          events.firstWhere((event) => event['name'] == method && event['ph'] == phase)['ts']! as int;
      for (final method in ['probe.Kinds.hang', 'probe.Calling.inlined']) {
        final micros = time(method, 'e') - time(method, 'b');
        check(micros >= 4000, '$method took $micros µs');
      }
    },
  });
}
