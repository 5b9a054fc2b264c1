/// Every kind of call from Dart to C: sync, inline, with a stream parameter, of the newest item, of large
/// bytes; and what both sides must agree on before.
library;

import 'dart:async';
import 'dart:typed_data';

import 'harness.dart';
import 'kinds_api.dart';
import 'probe.dart';

Future<void> main(List<String> arguments) async {
  final path = arguments[0];
  final kinds = KindsApi.open(path);
  final probe = ProbeApi(kinds.connection);
  final counters = ProbeCounters(path);

  Future<void> settled() async {
    await eventually(() => counters.openJobs == 0, 'the threads of the library have ended');
    await eventually(() => kinds.connection.openCalls == 0, 'no call is open');
  }

  await runCases({
    'inline: answered before the call returned': () async {
      checkEqual(await kinds.inlineEcho(7), 7);
      for (var i = 0; i < 20000; i++) {
        if (await kinds.inlineEcho(i) != i) throw CheckFailure('call $i');
      }
      final calls = [for (var i = 0; i < 100; i++) kinds.inlineEcho(i)];
      checkEqual(kinds.connection.openCalls, 0, 'open calls');
      checkEqual(await Future.wait(calls), List.generate(100, (i) => i));
    },
    'inline: answered later': () async {
      checkEqual(await kinds.inlineLater(10, 5), 5);
      await settled();
    },
    'inline: the declared error': () async =>
        checkEqual((await checkThrows<ProbeLimit>(kinds.inlineLimited)).limit, 2.5),
    'inline: a stream starts to flow after listen()': () async {
      final items = <int>[];
      final done = Completer<void>();
      kinds.inlineNumbers(20).listen(items.add, onDone: done.complete);
      checkEqual(items, <int>[], 'items within listen()');
      await done.future;
      checkEqual(items, List.generate(20, (i) => i));
    },
    'inline: what it finds for others waits for its own turn': () async {
      final items = <int>[];
      final done = Completer<void>();
      probe.numbers(5000).listen(items.add, onDone: done.complete);
      while (!done.isCompleted) {
        final before = items.length;
        final calls = [for (var i = 0; i < 50; i++) kinds.inlineEcho(i)];
        checkEqual(items.length, before, 'items within the calls');
        await calls.last;
        await Future<void>.delayed(Duration.zero);
      }
      checkEqual(items, List.generate(5000, (i) => i));
    },
    'inline: within a listener, the order of items is kept': () async {
      final items = <int>[];
      await for (final item in probe.numbers(1000)) {
        items.add(item);
        checkEqual(await kinds.inlineEcho(item), item);
      }
      final seen = <int>[];
      final done = Completer<void>();
      probe.numbers(2000).listen((item) {
        seen.add(item);
        kinds.inlineEcho(item).ignore();
      }, onDone: done.complete);
      await done.future;
      checkEqual(items, List.generate(1000, (i) => i));
      checkEqual(seen, List.generate(2000, (i) => i));
    },
    'sync: a text, small and large': () {
      checkEqual(kinds.syncText('hello'), 'hello');
      checkEqual(kinds.syncText(''), '');
      for (final size in [3000, 4000, 5000, 100000, 1000000, 10]) {
        checkEqual(kinds.syncText('x' * size).length, size);
      }
    },
    'sync: every other ending': () async {
      checkEqual((await checkThrows<ProbeLimit>(() => kinds.syncText('limit'))).limit, 4.5);
      final fault = await checkThrows<MbrFault>(() => kinds.syncText('fault'));
      checkEqual((fault.code, fault.text), (MbrStatus.internal, 'as told'));
      checkEqual(fault.method, 'probe.Kinds.sync_text');
      checkEqual((await checkThrows<MbrFault>(() => kinds.syncText('forget'))).code, MbrStatus.dropped);
      final unencoded = await checkThrows<MbrCodecException>(() => kinds.syncText('\ud800'));
      checkEqual(unencoded.status, MbrStatus.badUtf8);
      checkEqual(kinds.syncText('still'), 'still');
    },
    'sync: from a listener, while streams flow': () async {
      var count = 0;
      await for (final item in probe.numbers(500)) {
        checkEqual(kinds.syncText('$item'), '$item');
        count++;
      }
      checkEqual(count, 500);
    },
    'scalars: a plain function': () async {
      checkEqual(kinds.add(2, 3), 5);
      checkEqual(kinds.add(0xffffffff, 1), 0);
      final other = KindsApi.open(path);
      checkEqual(other.add(1, 1), 2);
      other.connection.close();
      await checkThrows<MbrDisconnected>(() => other.add(1, 1));
      checkEqual((await checkThrows<MbrFault>(kinds.noFunction)).code, MbrStatus.unsupported);
    },
    'a thousand views of a service do not make a thousand targets': () {
      final targets = {for (var i = 0; i < 1000; i++) kinds.addDirect().$2};
      checkEqual(targets.length, 1);
    },
    'a method that the library lacks': () async {
      final fault = await checkThrows<MbrFault>(probe.unknown);
      checkEqual((fault.code, fault.method), (MbrStatus.unimplemented, 'probe.Probe.unknown'));
    },
    'a method whose types changed names them': () async {
      for (final call in [
        kinds.changed,
        () => kinds.changedStream().toList(),
        kinds.changedSync,
      ]) {
        final fault = await checkThrows<MbrFault>(call);
        checkEqual((fault.code, fault.text), (MbrStatus.mismatch, 'probe.Colour differs'));
      }
    },
    'a method of which only the signature changed says so': () async {
      final fault = await checkThrows<MbrFault>(kinds.resigned);
      checkEqual((fault.code, fault.text), (MbrStatus.mismatch, 'its signature differs'));
    },
    'answered twice, and by ten threads at once': () async {
      var late = counters.late;
      checkEqual(await kinds.twice(), 1);
      await eventually(() => counters.late == late + 1, 'the second was refused');
      for (var i = 0; i < 50; i++) {
        late = counters.late;
        check(await kinds.raced() < 10, 'one of them');
        await eventually(() => counters.late == late + 9, 'nine were refused');
      }
      await settled();
    },
    'handlers of a service run in order, one at a time': () async {
      counters.crowded;
      final calls = <Future<void>>[];
      final ended = <int>[];
      for (var i = 0; i < 50; i++) {
        calls.add(kinds.ordered(i).then(ended.add));
      }
      await Future.wait(calls);
      checkEqual(ended, List.generate(50, (i) => i));
      checkEqual(counters.crowded, 1);
    },
    'concurrent ones beside each other': () async {
      counters.crowded;
      await Future.wait([for (var i = 0; i < 50; i++) kinds.concurrent(i)]);
      check(counters.crowded > 1, 'some ran at once');
    },
    'the newest: a slow listener gets it, what it missed is counted': () async {
      final before = (counters.emitted, counters.dropped);
      final items = <int>[];
      await for (final item in kinds.newest(2000, 50)) {
        items.add(item);
        await Future<void>.delayed(const Duration(milliseconds: 3));
      }
      for (var i = 1; i < items.length; i++) {
        check(items[i] > items[i - 1], 'rising: $items');
      }
      checkEqual(items.last, 1999, 'the last');
      await settled();
      checkEqual(counters.emitted - before.$1, 2000, 'emitted');
      checkEqual(counters.dropped - before.$2, 2000 - items.length, 'dropped');
      check(items.length < 1000, 'some were missed');
    },
    'the newest: while the listener is paused, the source goes on': () async {
      final before = counters.emitted;
      final items = <int>[];
      final done = Completer<void>();
      final subscription = kinds.newest(500, 20).listen(items.add, onDone: done.complete);
      subscription.pause();
      await eventually(() => counters.emitted == before + 500, 'all were emitted');
      subscription.resume();
      await done.future;
      check(items.length <= 3 && items.last == 499, '$items');
      await settled();
    },
    'a stream parameter: the sum of what it had': () async {
      for (final count in [0, 1, 7, 8, 9, 1000]) {
        final sum = await kinds.collect(Stream.fromIterable(Iterable.generate(count)));
        checkEqual(sum, count * (count - 1) ~/ 2, 'of $count');
      }
    },
    'a stream parameter: is not read before there is credit, nor faster': () async {
      var produced = 0;
      Stream<int> source() async* {
        for (var i = 0; i < 200; i++) {
          produced++;
          yield i;
        }
      }

      final before = counters.taken;
      final sum = kinds.collect(source(), slowUs: 1000);
      var most = 0;
      final watch = Timer.periodic(const Duration(milliseconds: 2), (_) {
        final ahead = produced - (counters.taken - before);
        if (ahead > most) most = ahead;
      });
      checkEqual(await sum, 199 * 100);
      watch.cancel();
      check(most <= 8 + 2, 'the source was $most items ahead');
    },
    'a stream parameter: the call ends before it does': () async {
      for (final mode in [Collect.answerAt, Collect.errorAt, Collect.faultAt]) {
        final stopped = Completer<void>();
        final source = StreamController<int>(onCancel: stopped.complete);
        final call = kinds.collect(source.stream, mode: mode, limit: 10);
        for (var i = 0; i < 10; i++) {
          source.add(i);
        }
        switch (mode) {
          case Collect.errorAt:
            checkEqual((await checkThrows<ProbeLimit>(() => call)).limit, 6.5);
          case Collect.faultAt:
            checkEqual((await checkThrows<MbrFault>(() => call)).text, 'enough');
          default:
            checkEqual(await call, 45);
        }
        await stopped.future;
      }
    },
    'a stream parameter: its error ends the call': () async {
      final cancelled = counters.cancelled, taken = counters.taken;
      Stream<int> source() async* {
        yield 1;
        await eventually(() => counters.taken == taken + 1, 'it was taken');
        throw const FormatException('source');
      }

      final error = await checkThrows<FormatException>(() => kinds.collect(source()));
      checkEqual(error.message, 'source');
      await eventually(() => counters.cancelled == cancelled + 1, 'the handler was told');
      checkEqual(kinds.connection.openCalls, 0, 'open calls');
    },
    'a stream parameter: an item that cannot be encoded ends the call': () async {
      final error = await checkThrows<MbrCodecException>(() => kinds.collect(Stream.value(-1)));
      checkEqual(error.status, MbrStatus.badRange);
    },
    'a stream parameter: a source that throws when it is paused ends the call': () async {
      final error = await checkThrows<UnsupportedError>(() => kinds.collect(_Unruly(const Stream.empty())));
      checkEqual(error.message, 'pause');
      checkEqual(kinds.connection.openCalls, 0, 'open calls');
      checkEqual(await kinds.inlineEcho(1), 1, 'and harms nothing');
    },
    'a stream parameter: that was listened to already ends the call': () async {
      final source = Stream.value(1);
      await source.drain<void>();
      await checkThrows<StateError>(() => kinds.collect(source));
    },
    'a stream parameter: a deadline and a token stop the source': () async {
      for (final byToken in [false, true]) {
        final stopped = Completer<void>();
        final source = StreamController<int>(onCancel: stopped.complete)..add(1);
        final token = MbrCancelToken();
        final view = byToken
            ? kinds.withOptions(cancelToken: token)
            : kinds.withOptions(timeout: const Duration(milliseconds: 30));
        final call = view.collect(source.stream, mode: Collect.never);
        if (byToken) Timer(const Duration(milliseconds: 30), token.cancel);
        if (byToken) {
          await checkThrows<MbrCancelled>(() => call);
        } else {
          await checkThrows<MbrDeadlineExceeded>(() => call);
        }
        await stopped.future;
      }
    },
    'a stream parameter and a stream result': () async {
      final items = await kinds.doubled(Stream.fromIterable(Iterable.generate(3000))).toList();
      checkEqual(items, List.generate(3000, (i) => 2 * i));
      // The listener goes away: the source is stopped.
      final stopped = Completer<void>();
      Stream<int> endless() async* {
        try {
          for (var i = 0;; i++) {
            yield i;
          }
        } finally {
          stopped.complete();
        }
      }

      checkEqual(await kinds.doubled(endless()).take(10).toList(), List.generate(10, (i) => 2 * i));
      await stopped.future;
      await eventually(() => kinds.connection.openCalls == 0, 'no call is open');
    },
    'large bytes are taken over, and freed once': () async {
      final before = counters.liveBlocks;
      final images = <Uint8List>[];
      for (final size in [0, 1, 12280, 12281, 100000, 1000000]) {
        final image = await kinds.image(size);
        checkEqual(image.length, size);
        for (var i = 0; i < size; i++) {
          if (image[i] != i % 251) throw CheckFailure('byte $i of $size is ${image[i]}');
        }
        await checkThrows<UnsupportedError>(() => image[0] = 1);
        images.add(image);
      }
      checkEqual(counters.liveBlocks, before + 3, 'blocks in our hands');
      checkEqual(images.last[999999], 999999 % 251);
      images.clear();
      for (var i = 0; i < 3000; i++) {
        await kinds.image(100000);
      }
      check(counters.liveBlocks - before < 2500, 'garbage was collected: ${counters.liveBlocks - before}');
    },
    'bytes outlive their connection': () async {
      final other = KindsApi.open(path);
      final image = await other.image(50000);
      other.connection.close();
      await Future<void>.delayed(const Duration(milliseconds: 20));
      checkEqual(image[49999], 49999 % 251);
    },
    'no item is encoded for a connection that has ended': () async {
      final other = KindsApi.open(path);
      final source = StreamController<List<int>>(sync: true);
      final encoded = <int>[];
      final ended = checkThrows<MbrDisconnected>(
          () => other.collectLists(source.stream, (list) => encoded.add(list.single)));
      await eventually(() => !source.isPaused, 'there is credit');
      source.add([1]);
      other.connection.close();
      source.add([2]);
      await ended;
      checkEqual(encoded, [1]);
    },
    'counters of a method': () async {
      final other = KindsApi.open(path);
      await other.inlineEcho(1);
      await checkThrows<ProbeLimit>(other.inlineLimited);
      await other.inlineNumbers(5).drain<void>();
      final echo = other.connection.counters('probe.Kinds.inline_echo')!;
      checkEqual((echo.calls, echo.errors, echo.open, echo.items), (1, 0, 0, 0));
      check(echo.bytesIn >= 28 && echo.bytesOut >= 20, '$echo');
      checkEqual(other.connection.counters('probe.Kinds.inline_limited')!.errors, 1);
      checkEqual(other.connection.counters('probe.Kinds.inline_numbers')!.items, 5);
      checkEqual(other.connection.counters('probe.Kinds.nothing_like_it'), null);
      other.connection.close();
      checkEqual(other.connection.counters('probe.Kinds.inline_echo'), null);
    },
    'counters of a method: what runs, what waits and what was cancelled': () async {
      final other = KindsApi.open(path);
      MbrCounters of(String method) => other.connection.counters('probe.Kinds.$method')!;
      counters.hold(true);
      final calls = [for (var i = 0; i < 20; i++) other.ordered(i)];
      try {
        await eventually(() => of('ordered').queued == 19, 'one runs, the others wait');
        checkEqual((of('ordered').calls, of('ordered').open), (20, 20));
      } finally {
        counters.hold(false);
      }
      await Future.wait(calls);
      checkEqual((of('ordered').calls, of('ordered').open, of('ordered').queued), (20, 0, 0));
      final token = MbrCancelToken();
      final hanging = checkThrows<MbrCancelled>(other.withOptions(cancelToken: token).hang);
      await eventually(() => counters.openJobs == 1, 'it runs');
      checkEqual((of('hang').open, of('hang').cancelled), (1, 0));
      token.cancel();
      await hanging;
      checkEqual((of('hang').calls, of('hang').open, of('hang').cancelled), (1, 0, 1));
      checkEqual((of('hang').errors, of('ordered').cancelled), (0, 0));
      other.connection.close();
      await settled();
    },
    'counters of a method: the items that newer ones replaced': () async {
      final other = KindsApi.open(path);
      final before = counters.emitted;
      final subscription = other.newest(500, 0).listen(null)..pause();
      await eventually(() => counters.emitted == before + 500, 'all were emitted');
      final newest = other.connection.counters('probe.Kinds.newest')!;
      checkEqual((newest.items, newest.dropped), (1, 498), 'the first was sent, and the last is kept');
      await subscription.cancel();
      other.connection.close();
      await settled();
    },
    'what is logged reaches the hook': () async {
      final before = counters.logged;
      await checkThrows<MbrFault>(probe.faulty);
      await eventually(() => counters.logged > before, 'a record');
    },
    'handlers run on the executor that was asked for': () async {
      final other = KindsApi.open(path, package: 'elsewhere');
      final before = counters.onOther;
      checkEqual(await other.ordered(3), 3);
      check(counters.onOther > before, 'it had tasks');
      other.connection.close();
    },
    'calls show in the timeline, when they are to': () async {
      MbrConnection.timeline = true;
      checkEqual(await kinds.inlineEcho(1), 1);
      checkEqual(await probe.later(value: 4), 4);
      checkEqual(await probe.numbers(3).toList(), [0, 1, 2]);
      MbrConnection.timeline = false;
    },
    'done tells of the end': () async {
      final other = KindsApi.open(path);
      var isDone = false;
      unawaited(other.connection.done.then((_) => isDone = true));
      await other.inlineEcho(1);
      check(!isDone, 'not yet');
      other.connection.close();
      await other.connection.done;
    },
  });
  kinds.connection.close();
}

/// A stream of somebody's own making, whose subscription can do nothing.
final class _Unruly extends StreamView<int> {
  const _Unruly(super.stream);

  @override
  StreamSubscription<int> listen(void Function(int)? onData,
          {Function? onError, void Function()? onDone, bool? cancelOnError}) =>
      const _UnrulySubscription();
}

final class _UnrulySubscription implements StreamSubscription<int> {
  const _UnrulySubscription();

  @override
  void pause([Future<void>? resumeSignal]) => throw UnsupportedError('pause');

  @override
  Future<void> cancel() => throw UnsupportedError('cancel');

  @override
  Object? noSuchMethod(Invocation invocation) => super.noSuchMethod(invocation);
}
