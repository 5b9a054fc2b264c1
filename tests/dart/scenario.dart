/// Whole programs that endings.dart starts and watches; each ends in a way of its own.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:io';
import 'dart:isolate';
import 'dart:typed_data';

import 'kinds_api.dart';
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

void checkImage(Uint8List image) {
  if (image.length != 100000) throw StateError('an image of ${image.length} bytes');
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

  /// Has calls of all kinds open, in both directions.
  Future<void> openAll() async {
    final kinds = KindsApi(probe.connection);
    final begun = Completer<void>();
    kinds.connection.serve(ScriptHost(
        HostScript()
          ..echo = (a, b) {
            begun.complete();
            return Completer<int>().future;
          }
          ..ticks = (a, b) => Stream.periodic(const Duration(microseconds: 100), (i) => i),
        isConcurrent: true));
    kinds.withOptions(timeout: const Duration(seconds: 60)).hang().ignore();
    kinds
        .collect(Stream.periodic(const Duration(microseconds: 100), (i) => i), mode: Collect.never)
        .ignore();
    kinds.many(0xffffffff).listen(null);
    kinds.ask(HostMethod.echo, form: Form.waiting, onThread: true).ignore();
    kinds.ask(HostMethod.ticks).ignore();
    checkImage(await kinds.image(100000));
    await begun.future;
  }

  switch (arguments[0]) {
    case 'timed':
      final timed = KindsApi(probe.connection).withOptions(timeout: const Duration(seconds: 60));
      print(await timed.inlineLater(5, 7));
    case 'host-idle':
      probe.connection.serve(ScriptHost(HostScript()));
      print(await KindsApi(probe.connection).ask(HostMethod.echo, a: 2, b: 3));
    case 'host-kept':
      probe.connection.serve(ScriptHost(HostScript()), keepAlive: true);
      print(await KindsApi(probe.connection).ask(HostMethod.echo, a: 2, b: 3));
    case 'all-kill':
      await openAll();
      print('killed');
      Isolate.current.kill(priority: Isolate.immediate);
    case 'all-throw':
      await openAll();
      throw StateError('mid-everything');
    case 'all-exit':
      await openAll();
      exit(3);
    case 'all-exit-c':
      await openAll();
      probe.leave(5).ignore();
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
