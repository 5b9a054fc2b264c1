/// An application built from changed/calls.mbr, with the library that was built from calls.mbr: what differs
/// faults and says why, what the library does not have faults, and all else works.
/// usage: mismatch.dart LIBRARY
library;

import 'dart:async';

import 'package:calls/calls.dart';

import '../dart/harness.dart';

Future<void> _faults(MbrStatus code, FutureOr<Object?> Function() call,
    [List<String> types = const []]) async {
  final fault = await checkThrows<MbrFault>(call);
  checkEqual(fault.code, code);
  for (final type in types) {
    check(fault.text.contains(type), '"$type" is missing in: ${fault.text}');
  }
}

final class _Dialogs implements Dialogs {
  @override
  Future<bool> confirm({required String text}) => throw StateError('not to be called');

  @override
  Future<Position> place({required Position position}) async => position.copyWith(column: 9);
}

Future<void> main(List<String> arguments) async {
  CallsLibrary.path = arguments.single;
  final endings = EndingsApi();
  final direct = DirectApi();
  final flow = FlowApi();
  final types = TypesApi();

  await runCases({
    'what is as it was works': () async {
      checkEqual(await endings.greet(name: 'still'), 'still');
      checkEqual(await flow.count(to: 3).toList(), [0, 1, 2]);
      checkEqual((await types.many(count: 2)).items.length, 2);
      checkEqual(direct.addLeaf(a: 1, b: 2), 3);
      checkEqual(direct.mirror(points: const [Point(x: 1, y: 2)]), const [Point(x: 1, y: 2)]);
    },
    'a call with a struct that has changed names it': () => _faults(
        MbrStatus.mismatch,
        () => types.words(type: 1, class_: '', switch_: const Words(type: 1, class_: '', more: 1)),
        ['calls.Words']),
    'so does a stream': () =>
        _faults(MbrStatus.mismatch, () => flow.crowd(threads: 1, each: 1).drain<void>(), ['calls.Item']),
    'a type that is new to the library is named': () => _faults(MbrStatus.mismatch,
        () => types.shape(shape: const ShapeNothing()), ['calls.Shape', 'calls.Extra']),
    'a signature that has changed': () async {
      await _faults(MbrStatus.mismatch, () => direct.add(a: 1, b: 2));
      await _faults(MbrStatus.mismatch, () => flow.collect(lines: const Stream.empty()));
      await _faults(MbrStatus.mismatch, () => WatchingApi().forget(all: true));
    },
    'what the library does not have': () async {
      await _faults(MbrStatus.unimplemented, types.added);
      await _faults(MbrStatus.unimplemented, () => direct.subtract(a: 1, b: 2));
      await _faults(MbrStatus.unimplemented,
          () => direct.mirrorWords(words: const Words(type: 1, class_: '', more: 1)));
      await _faults(MbrStatus.unimplemented, AddedApi().method);
    },
    'the other way round: what C calls has changed in Dart, or is missing': () async {
      CallsLibrary.connection.serve(DialogsHost(_Dialogs()));
      final bridge = BridgeApi();
      checkEqual(await bridge.place(position: const Position(row: 1)), const Position(row: 1, column: 9));
      checkEqual(await bridge.confirm(text: '', urgent: false), 'MISMATCH');
      checkEqual(await bridge.choose(from: const []), 'UNIMPLEMENTED');
    },
    'nothing that was refused has reached the library': () => checkEqual(WatchingApi().open(), 0),
  });
}
