/// Calls from C that Dart serves: every kind and every ending.
library;

import 'dart:async';
import 'dart:io' show sleep;

import 'harness.dart';
import 'kinds_api.dart';
import 'probe.dart';

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  final counters = ProbeCounters(path);

  /// A connection with a host as [script] says.
  Future<void> served(FutureOr<void> Function(KindsApi kinds, HostScript script) body,
      {bool isConcurrent = false, bool isLatest = false}) async {
    final script = HostScript();
    final kinds = KindsApi.open(path);
    kinds.connection.serve(ScriptHost(script, isConcurrent: isConcurrent, isLatest: isLatest));
    await body(kinds, script);
    kinds.connection.close();
    await eventually(() => counters.openJobs == 0, 'all calls of C have ended');
  }

  await runCases({
    'answered at once, from every kind of thread': () => served((kinds, script) async {
          checkEqual(await kinds.ask(HostMethod.echo, a: 2, b: 3), 'ok 5');
          checkEqual(await kinds.ask(HostMethod.echo, a: 2, b: 4, onThread: true), 'ok 6');
          checkEqual(await kinds.askWaiting(HostMethod.echo, a: 2, b: 5), 'ok 7');
          checkEqual(
              await kinds.ask(HostMethod.echo, a: 2, b: 6, form: Form.waiting), 'ok 8', 'on the executor');
          checkEqual(await kinds.askInline(HostMethod.echo, a: 2, b: 7), 'ok 9', 'beneath a Dart call, told');
        }),
    'answered later': () => served((kinds, script) async {
          script.echo = (a, b) => Future.delayed(Duration(milliseconds: a), () => b);
          checkEqual(await kinds.ask(HostMethod.echo, a: 10, b: 3), 'ok 3');
          checkEqual(await kinds.askWaiting(HostMethod.echo, a: 10, b: 4), 'ok 4');
        }),
    'blocking beneath a Dart call is refused': () => served((kinds, script) async {
          checkEqual(await kinds.askInline(HostMethod.echo, form: Form.waiting), 'refused DEADLOCK');
          // Of a sync call the answer comes after the handler: what it does there is seen on the connection.
          final fault = await checkThrows<MbrFault>(() => kinds.askSync(HostMethod.echo));
          checkEqual(fault.code, MbrStatus.dropped);
          checkEqual(kinds.askSync(HostMethod.echo, form: Form.waiting), 'refused DEADLOCK');
        }),
    'the declared error, thrown at once and later': () => served((kinds, script) async {
          script.echo = (a, b) => throw HostRefusal(a);
          checkEqual(await kinds.ask(HostMethod.echo, a: 12), 'error 12');
          script.echo = (a, b) async {
            await Future<void>.delayed(Duration.zero);
            throw HostRefusal(b);
          };
          checkEqual(await kinds.ask(HostMethod.echo, b: 13), 'error 13');
          script.ticks = (a, b) async* {
            yield* Stream.fromIterable(Iterable.generate(a));
            throw HostRefusal(b);
          };
          checkEqual(await kinds.ask(HostMethod.ticks, a: 20, b: 14), 'error 14');
          script.gather = (a, b, items) => throw HostRefusal(a);
          checkEqual(await kinds.ask(HostMethod.gather, a: 15, b: 10), 'error 15');
        }),
    'any other error is a fault with its text': () => served((kinds, script) async {
          script.echo = (a, b) => throw StateError('broken');
          checkEqual(await kinds.ask(HostMethod.echo), 'fault INTERNAL Bad state: broken');
          script.echo = (a, b) async => throw StateError('ä' * 100);
          checkEqual(await kinds.ask(HostMethod.echo), 'fault INTERNAL Bad state: ${'ä' * 26}');
          script.ticks = (a, b) => throw const FormatException('no');
          checkEqual(await kinds.ask(HostMethod.ticks), 'fault INTERNAL FormatException: no');
          script.ticks = (a, b) => Stream.error(StateError('later'));
          checkEqual(await kinds.ask(HostMethod.ticks), 'fault INTERNAL Bad state: later');
        }),
    'a result that cannot be encoded': () => served((kinds, script) async {
          script.echo = (a, b) => -1;
          checkEqual((await kinds.ask(HostMethod.echo)).split(' ')[1], 'BAD_RANGE');
          script.ticks = (a, b) => Stream.fromIterable([0, 1, -1, 3]);
          checkEqual((await kinds.ask(HostMethod.ticks)).split(' ')[1], 'BAD_RANGE');
        }),
    'a method that is absent, or another': () => served((kinds, script) async {
          checkEqual(await kinds.ask(HostMethod.absent), 'refused UNIMPLEMENTED');
          checkEqual(await kinds.ask(HostMethod.changed), 'refused MISMATCH');
        }),
    'nobody serves': () async {
      final kinds = KindsApi.open(path);
      checkEqual(await kinds.ask(HostMethod.echo), 'refused UNIMPLEMENTED');
      kinds.connection.serve(ScriptHost(HostScript()));
      checkEqual(await kinds.ask(HostMethod.echo, a: 1, b: 1), 'ok 2', 'as soon as somebody does');
      await checkThrows<StateError>(() => kinds.connection.serve(ScriptHost(HostScript())));
      kinds.connection.close();
      await checkThrows<MbrDisconnected>(() => kinds.connection.serve(ScriptHost(HostScript())));
    },
    'a oneway': () => served((kinds, script) async {
          final notes = <int>[];
          script.note = (a, b) => notes.add(a);
          for (var i = 0; i < 50; i++) {
            checkEqual(await kinds.ask(HostMethod.note, a: i), 'sent');
          }
          await eventually(() => notes.length == 50, 'all have come');
          checkEqual(notes, List.generate(50, (i) => i));
          script.note = (a, b) => throw StateError('nobody hears of it');
          checkEqual(await kinds.ask(HostMethod.note), 'sent');
          checkEqual(await kinds.ask(HostMethod.echo), 'ok 0', 'and nothing is harmed');
        }),
    'what becomes of calls is counted': () => served((kinds, script) async {
          MbrCounters of(String method) => kinds.connection.counters('probe.Host.$method')!;
          await kinds.ask(HostMethod.echo, a: 1, b: 2);
          script.echo = (a, b) => throw HostRefusal(a);
          await kinds.ask(HostMethod.echo);
          script.echo = (a, b) => throw StateError('broken');
          await kinds.ask(HostMethod.echo);
          await kinds.ask(HostMethod.ticks, a: 9);
          checkEqual((of('echo').calls, of('echo').errors, of('echo').open), (3, 2, 0));
          checkEqual((of('ticks').calls, of('ticks').items, of('ticks').errors), (1, 9, 0));
          check(of('echo').bytesIn >= 3 * 24 && of('echo').bytesOut >= 3 * 16, 'bytes are counted');
          checkEqual(kinds.connection.counters('probe.Host.other'), null);
        }),
    'oneways beyond those that may wait are dropped, and counted': () => served((kinds, script) async {
          final first = Completer<void>();
          var ran = 0;
          script.note = (a, b) {
            ran++;
            return first.future;
          };
          const waiting = 1024, lost = 6;
          for (var i = 0; i < 1 + waiting + lost; i++) {
            checkEqual(await kinds.ask(HostMethod.note, a: i), 'sent');
          }
          MbrCounters counted() => kinds.connection.counters('probe.Host.note')!;
          await eventually(() => counted().dropped == lost, 'the last ones are dropped');
          checkEqual((counted().calls, counted().open, counted().queued), (1 + waiting, 1 + waiting, waiting));
          first.complete();
          await eventually(() => counted().open == 0, 'the others run');
          checkEqual((ran, counted().dropped, counted().errors), (1 + waiting, lost, 0));
        }),
    'a stream': () => served((kinds, script) async {
          for (final count in [0, 1, 8, 9, 2000]) {
            checkEqual(await kinds.ask(HostMethod.ticks, a: count), 'end $count');
          }
        }),
    'a stream is held back by a slow receiver': () => served((kinds, script) async {
          var produced = 0;
          script.ticks = (a, b) async* {
            for (var i = 0; i < a; i++) {
              produced++;
              yield i;
            }
          };
          checkEqual(await kinds.ask(HostMethod.ticks, a: 200, form: Form.pausing), 'end 200');
          checkEqual(produced, 200);
        }),
    'a stream that C cancels': () => served((kinds, script) async {
          for (var i = 0; i < 20; i++) {
            final stopped = Completer<void>();
            MbrCancelReason? reason;
            script.ticks = (a, b) {
              final call = MbrHostCall.current!;
              checkEqual(call.method, 'probe.Host.ticks');
              unawaited(call.whenCancelled.then((value) => reason = value));
              return (() async* {
                try {
                  for (var i = 0;; i++) {
                    yield i;
                  }
                } finally {
                  check(call.isCancelled, 'it says so');
                  stopped.complete();
                }
              })();
            };
            checkEqual(await kinds.ask(HostMethod.ticks, form: Form.cancelling), 'fault CANCELLED ');
            await stopped.future;
            checkEqual(reason, MbrCancelReason.cancelled);
          }
        }),
    'the newest items of a stream': () => served(isLatest: true, (kinds, script) async {
          script.ticks = (a, b) => Stream.fromIterable(Iterable.generate(4));
          checkEqual(await kinds.ask(HostMethod.ticks), 'end 4');
        }),
    'the newest items of a stream: those that a slow receiver missed are counted': () =>
        served(isLatest: true, (kinds, script) async {
          MbrCounters ticks() => kinds.connection.counters('probe.Host.ticks')!;
          const bursts = 10, size = 20;
          script.ticks = (a, b) async* {
            for (var i = 0; i < bursts; i++) {
              yield* Stream.fromIterable(Iterable.generate(size, (j) => i * size + j));
              await Future<void>.delayed(const Duration(milliseconds: 1));
            }
            await eventually(() => ticks().items + ticks().dropped == bursts * size, 'each is counted');
          };
          final text = await kinds.ask(HostMethod.ticks, form: Form.newest);
          checkEqual(text, 'end ${ticks().items}');
          check(ticks().dropped > 0, 'some were missed');
        }),
    'a stream parameter': () => served((kinds, script) async {
          for (final count in [1, 3, 4, 5, 500]) {
            final sum = 1 + count * (count + 1) ~/ 2;
            checkEqual(await kinds.ask(HostMethod.gather, a: 1, b: count), 'ok $sum');
          }
        }),
    'a stream parameter that is taken slowly': () => served((kinds, script) async {
          script.gather = (a, b, items) async {
            var sum = 0;
            await for (final item in items) {
              await Future<void>.delayed(const Duration(milliseconds: 1));
              sum += item;
            }
            return sum;
          };
          checkEqual(await kinds.ask(HostMethod.gather, b: 100), 'ok 5050');
        }),
    'a stream parameter of which some is enough': () => served((kinds, script) async {
          script.gather = (a, b, items) => items.take(5).fold(0, (sum, item) => sum + item);
          checkEqual(await kinds.ask(HostMethod.gather, b: 100), 'ok 15');
          script.gather = (a, b, items) => 7;
          checkEqual(await kinds.ask(HostMethod.gather, b: 100), 'ok 7', 'none');
        }),
    'a stream parameter with an item that Dart cannot decode ends with that error': () =>
        served((kinds, script) async {
          final items = <int>[];
          final error = Completer<Object>();
          script.item = (reader) => reader.checkInt(4, reader.readU32(), 'item', max: 2);
          script.gather = (a, b, stream) async {
            stream.listen(items.add, onError: error.complete);
            return await Completer<int>().future;
          };
          checkEqual(await kinds.ask(HostMethod.gather, b: 100), 'fault BAD_RANGE item');
          checkEqual((await error.future) is MbrCodecException, true);
          checkEqual(items, [1, 2]);
        }),
    'deadlines of C end calls on both sides': () => served((kinds, script) async {
          for (final form in [Form.told, Form.waiting]) {
            final reason = Completer<MbrCancelReason>();
            script.echo = (a, b) async {
              final call = MbrHostCall.current!;
              reason.complete(await call.whenCancelled);
              return 1;
            };
            final text = await kinds.ask(HostMethod.echo, form: form, timeoutMs: 30, onThread: true);
            checkEqual(text, 'fault DEADLINE ');
            checkEqual(await reason.future, MbrCancelReason.deadline);
          }
        }),
    'a deadline of C is enforced by Dart, though C does nothing': () => withoutClock(path, () async {
          await served((kinds, script) async {
            final reason = Completer<MbrCancelReason>();
            script.echo = (a, b) async {
              reason.complete(await MbrHostCall.current!.whenCancelled);
              return 1;
            };
            checkEqual(await kinds.ask(HostMethod.echo, timeoutMs: 30), 'fault DEADLINE ');
            checkEqual(await reason.future, MbrCancelReason.deadline);
          });
        }),
    'a deadline of C is enforced by C, though Dart does nothing': () => served((kinds, script) async {
          for (final form in [Form.told, Form.waiting]) {
            script.echo = (a, b) {
              standStillUntil(() => counters.openJobs == 0, 'C has ended its call');
              return 1;
            };
            final text = await kinds.ask(HostMethod.echo, form: form, timeoutMs: 30, onThread: true);
            checkEqual(text, 'fault DEADLINE ');
          }
        }),
    'handlers run in order, one at a time': () => served((kinds, script) async {
          final log = <String>[];
          script.echo = (a, b) async {
            log.add('begin $a');
            await Future<void>.delayed(const Duration(milliseconds: 2));
            log.add('end $a');
            return a;
          };
          await Future.wait([for (var i = 0; i < 20; i++) kinds.ask(HostMethod.echo, a: i)]);
          for (var i = 0; i < 40; i += 2) {
            checkEqual(log[i].split(' ')[0], 'begin');
            checkEqual(log[i + 1], 'end ${log[i].split(' ')[1]}');
          }
        }),
    'concurrent ones do not wait for each other': () => served(isConcurrent: true, (kinds, script) async {
          var now = 0, most = 0;
          script.echo = (a, b) async {
            if (++now > most) most = now;
            await Future<void>.delayed(const Duration(milliseconds: 20));
            now--;
            return a;
          };
          await Future.wait([for (var i = 0; i < 20; i++) kinds.ask(HostMethod.echo, a: i)]);
          check(most > 5, 'at once: $most');
        }),
    'a handler calls back to C': () => served((kinds, script) async {
          script.echo = (a, b) async => await kinds.inlineLater(2, a + b);
          checkEqual(await kinds.askWaiting(HostMethod.echo, a: 4, b: 5), 'ok 9');
          script.echo = (a, b) => kinds.add(a, b);
          checkEqual(await kinds.askWaiting(HostMethod.echo, a: 4, b: 6), 'ok 10');
        }),
    'the current call is known all through a handler, and nowhere else': () => served((kinds, script) async {
          final seen = <String?>[];
          void look() => seen.add(MbrHostCall.current?.method);
          script.echo = (a, b) async {
            look();
            await Future<void>.delayed(Duration.zero);
            look();
            return 1;
          };
          script.ticks = (a, b) async* {
            look();
            yield 0;
          };
          checkEqual(await kinds.ask(HostMethod.echo), 'ok 1');
          checkEqual(await kinds.ask(HostMethod.ticks), 'end 1');
          look();
          checkEqual(seen, ['probe.Host.echo', 'probe.Host.echo', 'probe.Host.ticks', null]);
        }),
    'handlers run in the zone where they were offered': () async {
      final kinds = KindsApi.open(path);
      Object? zone;
      runZoned(() {
        kinds.connection.serve(ScriptHost(HostScript()..echo = (a, b) {
          zone = Zone.current[#probe];
          return 1;
        }));
      }, zoneValues: {#probe: 'ours'});
      checkEqual(await kinds.ask(HostMethod.echo), 'ok 1');
      checkEqual(zone, 'ours');
      kinds.connection.close();
    },
    'close ends what C has open': () async {
      final script = HostScript();
      final kinds = KindsApi.open(path);
      kinds.connection.serve(ScriptHost(script));
      final begun = Completer<void>();
      final reason = Completer<MbrCancelReason>();
      script.echo = (a, b) async {
        begun.complete();
        reason.complete(await MbrHostCall.current!.whenCancelled);
        return 1;
      };
      final asked = checkThrows<MbrDisconnected>(() => kinds.askWaiting(HostMethod.echo));
      await begun.future;
      kinds.connection.close();
      checkEqual(await reason.future, MbrCancelReason.disconnected);
      await asked;
      await eventually(() => counters.openJobs == 0, 'all calls of C have ended');
    },
    'nothing is encoded for a connection that has ended': () async {
      final host = _CountingHost();
      final kinds = KindsApi.open(path);
      kinds.connection.serve(host);
      kinds.ask(HostMethod.echo).ignore();
      await eventually(() => host.begun == 1, 'a handler runs');
      host.answer.complete(1);
      kinds.connection.close();
      await eventually(() => counters.openJobs == 0, 'all calls of C have ended');
      checkEqual(host.encoded, 0, 'answers');
    },
    'a call that waits when its connection ends never starts': () async {
      final host = _CountingHost();
      final kinds = KindsApi.open(path);
      kinds.connection.serve(host);
      kinds.inlineLater(0, 1).whenComplete(kinds.connection.close).ignore();
      sleep(const Duration(milliseconds: 50)); // the answer comes
      kinds.ask(HostMethod.echo).ignore();
      kinds.ask(HostMethod.note).ignore();
      sleep(const Duration(milliseconds: 50)); // behind it come the calls
      await kinds.connection.done;
      await eventually(() => counters.openJobs == 0, 'all calls of C have ended');
      checkEqual(host.begun, 0, 'handlers');
    },
    'a thousand calls at once, as far as there is room': () => served((kinds, script) async {
          final answers =
              await Future.wait([for (var i = 0; i < 1000; i++) kinds.ask(HostMethod.echo, a: i)]);
          for (final (i, answer) in answers.indexed) {
            check(answer == 'ok $i' || answer == 'refused BUSY', '$i: $answer');
          }
          check(answers.where((answer) => answer.startsWith('ok')).length >= 256, 'most were served');
        }),
  });
  await eventually(() => counters.liveBlocks == 0, 'nothing is left');
}

/// Counts the handlers that began, which all give one answer, and how often that was encoded.
final class _CountingHost extends MbrHost {
  _CountingHost._(List<MbrHostMethod<Object?>> methods) : super(const MbrContract('probe.Host'), methods);

  factory _CountingHost() {
    late final _CountingHost host;
    MbrHandler<Future<int>> handler() => (call, reader) {
          reader
            ..readU32()
            ..readU32();
          return () {
            host.begun++;
            return host.answer.future;
          };
        };
    return host = _CountingHost._([
      MbrHostMethod<int>.unary(fnv1a('probe.Host.echo'), 'probe.Host.echo',
          fingerprintOf(fnv1a('probe.Host.echo')), handler(), (writer, value) {
        host.encoded++;
        writer.writeU32(value);
      }),
      MbrHostMethod<int>.oneway(fnv1a('probe.Host.note'), 'probe.Host.note',
          fingerprintOf(fnv1a('probe.Host.note')), handler()),
    ]);
  }

  final Completer<int> answer = Completer<int>();
  int begun = 0;
  int encoded = 0;
}
