/// Whole programs that endings.dart starts and watches; each ends in a way of its own.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:io';
import 'dart:isolate';

import 'probe.dart';

Future<void> _flood((SendPort, String) arguments) async {
  final (ready, path) = arguments;
  var items = 0;
  for (var i = 0; i < 4; i++) {
    ProbeApi.open(path).endless().listen((_) {
      if (++items == 100) ready.send(null);
    });
  }
}

Future<void> main(List<String> arguments) async {
  final path = arguments[1];
  final probe = ProbeApi.open(path);

  /// Has several streams flow, then does [act] in a listener.
  void listen(void Function() act) {
    for (var i = 0; i < 5; i++) {
      probe.endless().listen((item) {
        if (i == 2 && item == 500) act();
      });
    }
  }

  switch (arguments[0]) {
    case 'idle':
      print(await probe.echo('idle'));
    case 'awaiting':
      // Nothing but the call keeps the program from ending.
      unawaited(probe.later(ms: 300, value: 7).then((value) => print('answered $value')));
    case 'listening':
      probe.numbers(30, everyUs: 5000).listen(null, onDone: () => print('done'));
    case 'unlistened':
      probe.endless();
      print('ends');
    case 'kill':
      listen(() {
        print('killed');
        Isolate.current.kill(priority: Isolate.immediate);
      });
    case 'throw':
      listen(() => throw StateError('mid-stream'));
    case 'exit':
      listen(() => exit(3));
    case 'exit-c':
      final exitC =
          DynamicLibrary.process().lookupFunction<Void Function(Int32), void Function(int)>('exit');
      listen(() => exitC(5));
    case 'exit-c-thread':
      listen(() => probe.leave(5));
    case 'exit-c-handler':
      listen(() => probe.leave(5, inHandler: true));
    case 'exit-isolates':
      final ready = ReceivePort();
      for (var i = 0; i < 3; i++) {
        await Isolate.spawn(_flood, (ready.sendPort, path));
      }
      await ready.take(3).drain<void>();
      print('exiting');
      exit(4);
    default:
      throw ArgumentError(arguments[0]);
  }
}
