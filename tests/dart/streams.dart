/// Streams: how they start, flow, pause and end.
library;

import 'dart:async';
import 'dart:io' show sleep;

import 'harness.dart';
import 'probe.dart';

/// What native.dart grants a stream.
const int window = 64;

Future<void> main(List<String> arguments) async {
  final probe = ProbeApi.open(arguments[0]);
  final counters = ProbeCounters(arguments[0]);

  Future<void> settled() async {
    await eventually(() => counters.openJobs == 0, 'the threads of the library have ended');
    await eventually(() => probe.connection.openCalls == 0, 'no call is open');
  }

  await runCases({
    'one item, then the listener goes away': () async {
      final before = counters.cancelled;
      checkEqual(await probe.endless().first, 0);
      checkEqual(probe.connection.openCalls, 0, 'open calls');
      await eventually(() => counters.cancelled == before + 1, 'the handler was told');
      await settled();
    },
    'all items of a finite stream, then its end': () async {
      for (final count in [0, 1, window, window + 1, 5000]) {
        checkEqual(await probe.numbers(count).toList(), List.generate(count, (i) => i));
      }
      await settled();
    },
    'the call starts at listen, and once': () async {
      final stream = probe.numbers(2);
      checkEqual(probe.connection.openCalls, 0, 'open calls before');
      final items = stream.toList();
      checkEqual(probe.connection.openCalls, 1, 'open calls after');
      checkEqual(await items, [0, 1]);
      await checkThrows<StateError>(() => stream.toList());
    },
    'await for takes items at its own pace': () async {
      final items = <int>[];
      await for (final item in probe.numbers(300)) {
        if (item % 50 == 0) await Future<void>.delayed(const Duration(milliseconds: 2));
        items.add(item);
      }
      checkEqual(items, List.generate(300, (i) => i));
    },
    'a slow await for holds the source back': () async {
      final before = counters.emitted;
      var taken = 0;
      await for (final _ in probe.endless()) {
        await Future<void>.delayed(const Duration(milliseconds: 1));
        taken++;
        final ahead = counters.emitted - before - taken;
        check(ahead <= window + 1, 'the source is $ahead items ahead');
        if (taken == 300) break;
      }
      await settled();
    },
    'the declared error after the items before it': () async {
      final items = <int>[];
      final error = await checkThrows<ProbeLimit>(() => probe.broken(200).forEach(items.add));
      checkEqual(error.limit, 1.5);
      checkEqual(items.length, 200, 'items');
      await settled();
    },
    'a fault after the items before it': () async {
      final items = <int>[];
      final fault = await checkThrows<MbrFault>(() => probe.broken(3, fault: true).forEach(items.add));
      checkEqual(fault.text, 'source lost');
      checkEqual(items, [0, 1, 2]);
    },
    'a stream that nobody serves': () async =>
        checkEqual((await checkThrows<MbrFault>(() => probe.unknownStream().toList())).code,
            MbrStatus.unimplemented),
    'an item that Dart cannot decode ends the stream and stops the source': () async {
      final before = counters.cancelled;
      final items = <int>[];
      final error = await checkThrows<MbrCodecException>(() => probe.garbledItems(5).forEach(items.add));
      checkEqual(error.status, MbrStatus.trailing);
      checkEqual(items, [0, 1, 2, 3, 4]);
      await eventually(() => counters.cancelled == before + 1, 'the handler was told');
      await settled();
    },
    'an item that Dart cannot decode stops the source of a paused listener too': () async {
      final before = counters.cancelled;
      final subscription = probe.garbledItems(5).listen(null)..pause();
      await eventually(() => counters.cancelled == before + 1, 'the handler was told');
      await settled();
      await subscription.cancel();
    },
    'what arrives late for a cancelled stream is not given to the next': () async {
      for (var i = 0; i < 20; i++) {
        final next = Completer<List<int>>();
        late final StreamSubscription<int> subscription;
        subscription = probe.endless().listen((item) {
          if (item != 10) return;
          sleep(const Duration(milliseconds: 2)); // more items come
          subscription.cancel();
          next.complete(probe.numbers(100).toList());
        });
        checkEqual(await next.future, List.generate(100, (i) => i));
      }
      await settled();
    },
    'pause stops the source, resume starts it again': () async {
      final before = counters.emitted;
      var received = 0;
      final subscription = probe.endless().listen((_) => received++);
      await eventually(() => received > 1000, 'items flow');
      subscription.pause();
      await Future<void>.delayed(const Duration(milliseconds: 50));
      final emitted = counters.emitted;
      final taken = received;
      check(emitted - before - taken <= window, 'at most a window waits: ${emitted - before - taken}');
      await Future<void>.delayed(const Duration(milliseconds: 50));
      checkEqual(counters.emitted, emitted, 'emitted while paused');
      checkEqual(received, taken, 'received while paused');
      subscription.resume();
      await eventually(() => received > taken + 1000, 'items flow again');
      await subscription.cancel();
      await settled();
    },
    'a paused stream that has ended gives its items and its end on resume': () async {
      final items = <int>[];
      final done = Completer<void>();
      final subscription = probe.numbers(40).listen(items.add, onDone: done.complete);
      subscription.pause();
      await settled();
      await Future<void>.delayed(const Duration(milliseconds: 20));
      checkEqual(items, <int>[]);
      subscription.resume();
      checkEqual(items, <int>[], 'given within resume()');
      await done.future;
      checkEqual(items.length, 40);
    },
    'pausing in the listener, one item at a time': () async {
      final items = <int>[];
      final done = Completer<void>();
      late final StreamSubscription<int> subscription;
      subscription = probe.numbers(200).listen((item) {
        items.add(item);
        subscription.pause(Future<void>.delayed(Duration.zero));
      }, onDone: done.complete);
      await done.future;
      checkEqual(items, List.generate(200, (i) => i));
    },
    'cancelling and calling in the listener': () async {
      final done = Completer<String>();
      late final StreamSubscription<int> subscription;
      subscription = probe.endless().listen((item) async {
        if (item < 10) return;
        await subscription.cancel();
        if (!done.isCompleted) done.complete(await probe.echo('from the listener'));
      });
      checkEqual(await done.future, 'from the listener');
      await settled();
    },
    'a listener that throws harms only itself': () async {
      final errors = <Object>[];
      final done = Completer<void>();
      runZonedGuarded(() {
        probe.numbers(20).listen((item) {
          if (item % 2 == 0) throw FormatException('$item');
        }, onDone: done.complete);
      }, (error, _) => errors.add(error));
      await done.future;
      checkEqual(errors.length, 10, 'errors in their zone');
      checkEqual(await probe.echo('unharmed'), 'unharmed');
    },
    'three hundred streams at once': () async {
      final all = await Future.wait([for (var i = 0; i < 300; i++) probe.numbers(100 + i).toList()]);
      for (final (i, items) in all.indexed) {
        checkEqual(items, List.generate(100 + i, (j) => j), 'stream $i');
      }
      await settled();
    },
    'items of several threads arrive whole, and in order for each': () async {
      const threads = 6, count = 500;
      final next = List.filled(threads, 0);
      await for (final item in probe.crowded(threads, count)) {
        checkEqual(item.number, next[item.thread]++, 'number of thread ${item.thread}');
        final length = (item.thread * 37 + item.number * 11) % 1000;
        checkEqual(item.text, String.fromCharCode(0x61 + item.thread) * length, 'text');
      }
      checkEqual(next, List.filled(threads, count));
    },
    'calls are answered while streams run': () async {
      final subscriptions = [for (var i = 0; i < 5; i++) probe.endless().listen((_) {})];
      for (var i = 0; i < 200; i++) {
        checkEqual(await probe.echo('$i'), '$i');
      }
      await Future.wait(subscriptions.map((subscription) => subscription.cancel()));
      await settled();
    },
    'calls are taken however many items wait': () async {
      final subscriptions = [for (var i = 0; i < 60; i++) probe.crowded(1, 0xffffffff).listen((_) {})];
      for (var i = 0; i < 20; i++) {
        sleep(const Duration(milliseconds: 10)); // two megabytes of items are on their way
        checkEqual(await Future.wait([for (var j = 0; j < 40; j++) probe.echo('$i $j')]),
            [for (var j = 0; j < 40; j++) '$i $j']);
      }
      await Future.wait(subscriptions.map((subscription) => subscription.cancel()));
      await settled();
    },
    'timers run while streams run': () async {
      final subscriptions = [for (var i = 0; i < 5; i++) probe.endless().listen((_) {})];
      final watch = Stopwatch()..start();
      for (var i = 0; i < 20; i++) {
        await Future<void>.delayed(const Duration(milliseconds: 1));
      }
      check(watch.elapsed < const Duration(seconds: 5), 'twenty timers took ${watch.elapsed}');
      for (final subscription in subscriptions) {
        unawaited(subscription.cancel());
      }
      await settled();
    },
    'started and cancelled in the same turn, a thousand times': () async {
      for (var i = 0; i < 1000; i++) {
        await probe.endless(everyUs: 100).listen((_) => check(false, 'an item after cancel')).cancel();
        if (i % 50 == 49) await settled();
      }
      await settled();
    },
    'close in the listener: what had come is delivered, then the end': () async {
      final other = ProbeApi.open(arguments[0]);
      final items = <int>[];
      final sibling = checkThrows<MbrDisconnected>(() => other.endless().drain<void>());
      await checkThrows<MbrDisconnected>(() => other.endless().forEach((item) {
            items.add(item);
            if (item == 5) other.connection.close();
          }));
      check(items.length <= window, 'no item came after close: ${items.length}');
      checkEqual(items, List.generate(items.length, (i) => i));
      await sibling;
      await settled();
    },
  });
}
