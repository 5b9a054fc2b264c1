/// Libraries that cannot be used say so, and how to mend it.
library;

import 'dart:io';

import '../../dart_templates/web.dart' as web;
import 'harness.dart';
import 'probe.dart';

Future<void> main(List<String> arguments) async {
  final path = arguments[0];

  Future<void> refused(String package, String path, List<String> parts) async {
    final error = await checkThrows<MbrLibraryException>(() => openLibrary(package: package, path: path));
    checkEqual(error.package, package);
    checkEqual(error.path, path);
    for (final part in parts) {
      check('$error'.contains(part), "'$part' is missing in: $error");
    }
    check(error.remedy.isNotEmpty, 'a remedy');
  }

  await runCases({
    'where there is no dart:ffi, everything but connecting works': () async {
      await checkThrows<UnsupportedError>(() => web.openLibrary(package: 'probe'));
      final templates = Directory.fromUri(Platform.script.resolve('../../dart_templates'));
      final users = [
        for (final file in templates.listSync().cast<File>())
          if (RegExp("import 'dart:(ffi|io|isolate)'").hasMatch(file.readAsStringSync()))
            file.uri.pathSegments.last,
      ];
      checkEqual(users, ['native.dart'], 'files that only a native platform can load');
    },
    'no such file': () => refused('probe', '/nowhere/libprobe.so', ['cannot be opened', 'No such file']),
    'not a library': () =>
        refused('probe', Platform.script.toFilePath(), ['cannot be opened', 'Build it for']),
    'no file of the default name': () async {
      final error = await checkThrows<MbrLibraryException>(() => openLibrary(package: 'no_such'));
      checkEqual(error.path, 'libno_such.so');
      final named =
          await checkThrows<MbrLibraryException>(() => openLibrary(package: 'no_such', library: 'other'));
      checkEqual(named.path, 'libother.so');
    },
    'no connect function': () =>
        refused('other', path, ['does not export other_connect', 'MBR_DART_LIBRARY']),
    'a connect function that answers nothing': () =>
        refused('absent', path, ['not what MBR_DART_LIBRARY defines']),
    "another's connect function": () =>
        refused('foreign', path, ['not what MBR_DART_LIBRARY defines']),
    'another version': () => refused('older', path, ['interface version 4', 'has 3']),
    'another protocol': () async {
      final counters = ProbeCounters(path);
      await refused('later', path, ['protocol version 2', 'has 1']);
      await eventually(() => counters.liveBlocks == 0, 'nothing is left of the attempt');
    },
    'the application refuses': () async {
      final counters = ProbeCounters(path);
      await refused('refusing', path, ['its connect function refused', 'mismatch']);
      await eventually(() => counters.liveBlocks == 0, 'nothing is left of the attempt');
    },
    'too many connections': () async {
      final counters = ProbeCounters(path);
      final open = [for (var i = 0; i < 32; i++) ProbeApi.open(path)];
      await refused('probe', path, ['no connection left', 'MBR_DART_CONNECTIONS']);
      for (final (i, probe) in open.indexed) {
        checkEqual(await probe.echo('$i'), '$i');
        probe.connection.close();
      }
      await eventually(() => counters.liveBlocks == 0, 'all are gone');
      checkEqual(await ProbeApi.open(path).echo('again'), 'again');
    },
  });
}
