/// Every kind of call over a real connection, in both directions. usage: calls.dart LIBRARY [PART]...
///
/// A case that shows a row of what must work names it. Waits are bounded by the harness.
library;

import 'dart:ffi';
import 'dart:typed_data';

import 'package:calls/calls.dart';

import '../dart/harness.dart';
import 'direct.dart';
import 'endings.dart';
import 'flow.dart';
import 'hosts.dart';
import 'types.dart';

/// Brings the collection about that lets go of large results, whose blocks belong to lists of Dart's.
int _makeGarbage() => [for (var i = 0; i < 100; i++) Uint8List(100000)].length;

Future<void> main(List<String> arguments) async {
  final [path, ...chosen] = arguments;
  CallsLibrary.path = path;
  final parts = {'endings': endings, 'direct': direct, 'flow': flow, 'types': types, 'hosts': hosts};
  await runCases({
    for (final MapEntry(key: name, value: cases) in parts.entries)
      if (chosen.isEmpty || chosen.contains(name)) ...cases,
    'the end of the connection gives everything back': () async {
      CallsLibrary.connection.close();
      final liveBlocks = DynamicLibrary.open(path)
          .lookupFunction<Uint32 Function(), int Function()>('calls_live_blocks');
      await eventually(() {
        _makeGarbage();
        return liveBlocks() == 0;
      }, 'no live blocks');
    },
  });
}
