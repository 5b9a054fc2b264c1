/// Where there is no dart:ffi: types, interfaces, fakes and hosts work, and a connection to a library does
/// not. run.sh runs this with the package as such a platform sees it.
library;

import 'dart:typed_data';

import 'package:cabin/cabin.dart' hide Duration;
import 'package:cabin/src/cabin_climate_codec.dart';
import 'package:cabin/src/cabin_climate_web.dart';
import 'package:cabin/src/mbr/wire.dart';

import '../dart/harness.dart';
import 'fakes.dart' as fakes;
import 'samples.dart';
import 'services.dart' as services;

Future<void> main() async {
  await runCases({
    'row 17: a connection to a library throws': () async {
      final attempts = <Object? Function()>[
        ClimateApi.new,
        CabinLibrary.open,
        () => CabinLibrary.connection,
      ];
      for (final open in attempts) {
        final error = await checkThrows<UnsupportedError>(open);
        check('${error.message}'.contains("package 'cabin'"), 'it names the package: $error');
      }
    },
    'row 17: native functions are refused': () =>
        checkThrows<UnsupportedError>(() => ClimateNative.zoneCount(0)),
    'row 17: types travel': () {
      final writer = MbrWriter.onHeap();
      encodeReading(writer, sampleReading());
      final bytes = Uint8List.fromList(writer.written);
      checkEqual(decodeReading(MbrReader(ByteData.sublistView(bytes), 0, bytes.length)), sampleReading());
    },
  });
  await fakes.main();
  await services.main();
}
