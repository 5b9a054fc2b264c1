/// Handlers that call Dart while their caller waits for them: what may be done there, and what is refused.
library;

import 'dart:async';
import 'dart:typed_data';

import '../../dart_templates/wire.dart';
import 'harness.dart';
import 'kinds_api.dart';
import 'probe.dart';

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  void Function() inHandler = () {};
  Object? failure;
  int callBack(int value) {
    try {
      inHandler();
    } catch (error) {
      failure = error;
    }
    return value;
  }

  final callable = Calling.have(path, callBack);

  /// Calls a handler that does [what]; [size] decides whether the request takes more than its buffer.
  Future<void> within(KindsApi kinds, void Function() what, {required bool sync, int size = 1000}) async {
    final argument = Uint8List.fromList(List.generate(size, (i) => i % 251));
    void encode(MbrWriter writer) => writer.writeBytes(argument, '');
    inHandler = what;
    failure = null;
    final connection = kinds.connection;
    checkEqual(sync ? connection.callSync(Calling.sync, encode) : await connection.call(Calling.inlined, encode), argument);
    if (failure != null) throw failure!;
  }

  final counters = ProbeCounters(path);
  await runCases({
    for (final sync in [true, false]) ...{
      '${sync ? 'sync' : 'inline'}: calls from within are refused, nothing of the call is lost': () async {
        for (final size in [0, 1000, 300000]) {
          final kinds = KindsApi.open(path);
          final futures = <Future<void>>[];
          await within(kinds, sync: sync, size: size, () {
            for (final call in [() => kinds.inlineEcho(1), kinds.hang, () => kinds.image(100000)]) {
              futures.add(checkThrows<StateError>(call));
            }
            futures.add(checkThrows<StateError>(() => kinds.many(3).toList()));
          });
          await Future.wait(futures);
          checkEqual(await kinds.inlineEcho(7), 7);
          checkEqual(await kinds.many(300).length, 300);
          kinds.connection.close();
        }
      },
      '${sync ? 'sync' : 'inline'}: so are sync calls, services and the end of the connection': () async {
        final kinds = KindsApi.open(path);
        for (final what in [
          () => kinds.connection.callSync(Calling.sync, MbrWriter.nothing),
          () => kinds.connection.serve(ScriptHost(HostScript())),
          kinds.connection.close,
        ]) {
          await checkThrows<StateError>(() => within(kinds, what, sync: sync));
        }
        check(kinds.connection.isOpen, 'it is open');
        checkEqual(await kinds.inlineEcho(7), 7);
        kinds.connection.close();
      },
      '${sync ? 'sync' : 'inline'}: other calls can be cancelled, and functions be called': () async {
        final kinds = KindsApi.open(path);
        final token = MbrCancelToken();
        final hanging = checkThrows<MbrCancelled>(kinds.withOptions(cancelToken: token).hang);
        final subscription = kinds.many(0xffffffff).listen(null);
        await eventually(() => counters.openJobs > 0, 'they run');
        await within(kinds, sync: sync, () {
          token.cancel();
          subscription.pause();
          unawaited(subscription.cancel());
          checkEqual(kinds.add(3, 4), 7);
        });
        await hanging;
        checkEqual(kinds.connection.openCalls, 0);
        kinds.connection.close();
      },
    },
    'an error with bytes behind it is none': () async {
      final connection = KindsApi.open(path).connection;
      final error = await checkThrows<MbrCodecException>(() => connection.call(Calling.babbling, MbrWriter.nothing));
      checkEqual(error.status, MbrStatus.trailing);
      connection.close();
    },
    'nothing is left': () => eventuallyCollected(
        () => counters.liveBlocks == 0 && counters.openJobs == 0, 'connections and threads are gone'),
  });
  callable.close();
}
