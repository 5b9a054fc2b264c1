/// How programs end: by themselves, killed, by an error, by exit(), always promptly and without a crash.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'harness.dart';

const Duration processLimit = Duration(seconds: 20);

final class Ended {
  Ended(this.code, this.out, this.err, this.time);

  final int code;
  final String out;
  final String err;
  final Duration time;
}

/// Compiles scenario.dart, once for all programs to come.
Future<String> compile() async {
  final source = Platform.script.resolve('scenario.dart').toFilePath();
  final compiled = '${Directory.systemTemp.path}/scenario.dill';
  final result = await Process.run(Platform.resolvedExecutable,
      [...Platform.executableArguments, '--snapshot-kind=kernel', '--snapshot=$compiled', source]);
  checkEqual(result.exitCode, 0, 'exit code of the compiler, with ${result.stderr}');
  return compiled;
}

Future<Ended> run(String program, String scenario, String path, {String report = 'all'}) async {
  final watch = Stopwatch()..start();
  final process = await Process.start(
      Platform.resolvedExecutable, [...Platform.executableArguments, program, scenario, path],
      environment: {'PROBE_REPORT': report});
  final out = process.stdout.transform(utf8.decoder).join();
  final err = process.stderr.transform(utf8.decoder).join();
  final code = await process.exitCode.timeout(processLimit, onTimeout: () {
    process.kill(ProcessSignal.sigkill);
    throw CheckFailure('$scenario has not ended within $processLimit');
  });
  return Ended(code, (await out).trim(), (await err).trim(), watch.elapsed);
}

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  final program = await compile();

  /// Ends with [code], with nothing left of the runtime and nobody caught within it. The report is missing
  /// where the process ends without running the destructors of its libraries.
  Future<Ended> ends(String scenario, int code, {required bool reports}) async {
    final ended = await run(program, scenario, path);
    checkEqual(ended.code, code, 'exit code, with ${ended.err}');
    final report = ended.err.split('\n').where((line) => line.startsWith('live blocks')).toList();
    checkEqual(report.length, reports ? 1 : 0, 'reports in ${ended.err}');
    if (reports) check(report.single.startsWith('live blocks 0, jobs 0'), report.single);
    return ended;
  }

  await runCases({
    'with an idle connection, at once': () async {
      final ended = await ends('idle', 0, reports: true);
      checkEqual(ended.out, 'idle');
      check(ended.time < const Duration(seconds: 5), 'it took ${ended.time}');
    },
    'not before an awaited call is answered': () async =>
        checkEqual((await ends('awaiting', 0, reports: true)).out, 'answered 7'),
    'not before a stream is done': () async =>
        checkEqual((await ends('listening', 0, reports: true)).out, 'done'),
    'with a stream that nobody listens to': () async =>
        checkEqual((await ends('unlistened', 0, reports: true)).out, 'ends'),
    'at once after a call with a deadline far away': () async {
      final ended = await ends('timed', 0, reports: true);
      checkEqual(ended.out, '7');
      check(ended.time < const Duration(seconds: 5), 'it took ${ended.time}');
    },
    'at once with a host that nobody calls': () async {
      final ended = await ends('host-idle', 0, reports: true);
      checkEqual(ended.out, 'ok 5');
      check(ended.time < const Duration(seconds: 5), 'it took ${ended.time}');
    },
    'not with a host that is to keep it alive': () async {
      final process = await Process.start(
          Platform.resolvedExecutable, [...Platform.executableArguments, program, 'host-kept', path]);
      checkEqual(await process.stdout.transform(utf8.decoder).first, 'ok 5\n');
      final ended = await Future.any([process.exitCode, Future<int?>.delayed(const Duration(seconds: 1))]);
      process.kill(ProcessSignal.sigkill);
      checkEqual(ended, null, 'exit code');
    },
    'killed, thrown out of and left amid everything': () async {
      for (var i = 0; i < 3; i++) {
        checkEqual((await ends('all-kill', 255, reports: true)).out, 'killed');
        final thrown = await ends('all-throw', 255, reports: true);
        check(thrown.err.contains('Bad state: mid-everything'), thrown.err);
        await ends('all-exit', 3, reports: false);
        final left = await run(program, 'all-exit-c', path, report: 'jobs');
        checkEqual(left.code, 5, 'exit code, with ${left.err}');
      }
    },
    'killed amid streams': () async =>
        checkEqual((await ends('kill', 255, reports: true)).out, 'killed'),
    'by an uncaught error amid streams': () async {
      final ended = await ends('throw', 255, reports: true);
      check(ended.err.contains('Bad state: mid-stream'), ended.err);
    },
    "by Dart's exit() amid streams": () async {
      for (var i = 0; i < 3; i++) {
        await ends('exit', 3, reports: false);
      }
    },
    "by Dart's exit() while other isolates have streams": () async {
      for (var i = 0; i < 3; i++) {
        checkEqual((await ends('exit-isolates', 4, reports: false)).out, 'exiting');
      }
    },
    "by C's exit() amid streams": () async {
      for (final scenario in ['exit-c', 'exit-c-thread', 'exit-c-handler']) {
        for (var i = 0; i < 3; i++) {
          final ended = await run(program, scenario, path, report: 'jobs');
          checkEqual(ended.code, 5, '$scenario: exit code, with ${ended.err}');
          check(ended.err.contains('jobs 0'), '$scenario: a thread was not told: ${ended.err}');
        }
      }
    },
  });
}
