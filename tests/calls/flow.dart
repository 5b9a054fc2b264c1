/// Streams: their ends, credit, windows, newest-only, uploads, topics.
library;

import 'dart:async';

import 'package:calls/calls.dart';

import '../dart/harness.dart';

final FlowApi _flow = FlowApi();

const Duration _moment = Duration(milliseconds: 60);

/// Waits until the source makes no more progress, and answers how far it got.
Future<int> _settled() async {
  var last = -1;
  while (_flow.emitted() != last) {
    last = _flow.emitted();
    await Future<void>.delayed(_moment);
  }
  return last;
}

/// The source of a stream that is paused from its first item on stops within [window] items and one more.
Future<void> _stopsWithin(int window, Stream<int> stream) async {
  final items = <int>[];
  late final StreamSubscription<int> subscription;
  final first = Completer<void>();
  subscription = stream.listen((item) {
    items.add(item);
    if (first.isCompleted) return;
    subscription.pause();
    first.complete();
  });
  await first.future;
  final emitted = await _settled();
  check(emitted >= 1 && emitted <= window + 1, '$emitted items for a window of $window');
  checkEqual(items, [0], 'while paused');
  subscription.resume();
  await eventually(() => items.length > 10 * window, 'the source goes on');
  await subscription.cancel();
  checkEqual(items, [for (var i = 0; i < items.length; i++) i], 'nothing is lost');
}

/// A stream that tells how it is used.
final class _Source {
  _Source(this.count);

  final int count;
  int sent = 0;
  bool wasCancelled = false;

  Stream<int> get stream async* {
    try {
      while (sent < count) {
        yield sent++;
      }
    } finally {
      wasCancelled = sent < count;
    }
  }
}

final Map<String, FutureOr<void> Function()> flow = {
  'row 1: one item, then the listener goes away': () async {
    checkEqual(await _flow.endless().first, 0);
    final emitted = await _settled();
    check(emitted < 1000, 'the source has stopped, at $emitted');
  },
  'row 1: all items of a stream, and its end': () async {
    checkEqual(await _flow.count(to: 1000).toList(), [for (var i = 0; i < 1000; i++) i]);
    checkEqual(await _flow.count(from: 5, to: 5).toList(), const <int>[]);
    checkEqual(await _flow.count(from: 5, to: 7).toList(), [5, 6]);
  },
  'row 14: items of several threads arrive whole, each thread in order': () async {
    const threads = 6, each = 500;
    final next = List.filled(threads, 0);
    await for (final item in _flow.crowd(threads: threads, each: each)) {
      checkEqual(item.number, next[item.thread]++);
      checkEqual(item.text, 'item ${item.number} of thread ${item.thread}');
    }
    checkEqual(next, List.filled(threads, each));
  },
  'a paused listener stops the source within the default window': () => _stopsWithin(64, _flow.endless()),
  'and within the window of the contract': () => _stopsWithin(4, _flow.endlessBuffered()),
  'a listener that awaits stops the source as well': () async {
    var taken = 0;
    await for (final item in _flow.endlessBuffered()) {
      checkEqual(item, taken++);
      await Future<void>.delayed(const Duration(milliseconds: 5));
      check(_flow.emitted() <= taken + 5, 'the source runs away');
      if (taken == 20) break;
    }
  },
  'newest only: a slow listener sees rising numbers and the newest': () async {
    final items = <int>[];
    final subscription = _flow.endlessLatest().listen(items.add);
    await eventually(() => items.isNotEmpty, 'the first');
    subscription.pause();
    final seen = items.length;
    final from = _flow.emitted();
    await eventually(() => _flow.emitted() > from + 1000, 'the source is not held up');
    final newest = _flow.emitted();
    subscription.resume();
    await eventually(() => items.last >= newest - 1, 'the newest');
    await subscription.cancel();
    for (var i = 1; i < items.length; i++) {
      check(items[i] > items[i - 1], 'rising');
    }
    final missed = items.skip(seen).where((item) => item < newest - 1).length;
    check(missed <= 3, '$missed of what was missed were made up for');
  },
  'a stream parameter reaches its handler, and its end': () async {
    checkEqual(await _flow.collect(lines: Stream.fromIterable(['a', 'b', 'ü'])), 'a,b,ü');
    checkEqual(await _flow.collect(lines: Stream.fromIterable(['a', 'b']), separator: ' + '), 'a + b');
    checkEqual(await _flow.collect(lines: const Stream.empty()), '');
  },
  'a stream parameter beside a stream result': () async {
    checkEqual(await _flow.doubled(values: Stream.fromIterable([for (var i = 0; i < 500; i++) i])).toList(),
        [for (var i = 0; i < 500; i++) 2 * i]);
  },
  'a call that is refused half-way cancels its source': () async {
    final lines = StreamController<String>();
    final cancelled = Completer<void>();
    lines.onCancel = cancelled.complete;
    lines
      ..add('a')
      ..add('stop');
    await checkThrows<CallErrorGone>(() => _flow.collect(lines: lines.stream));
    await cancelled.future;
    final values = Stream.fromIterable([1, -1, 2]);
    final got = <int>[];
    final error = await checkThrows<CallErrorRefused>(() => _flow.doubled(values: values).forEach(got.add));
    checkEqual(got, [2]);
    checkEqual(error.why, 'negative');
  },
  'a call that is answered early cancels its source': () async {
    final source = _Source(1000000);
    checkEqual(await _flow.take(items: source.stream, count: 3), 2);
    await eventually(() => source.wasCancelled, 'the source is cancelled');
    check(source.sent < 200, 'the source was held back: ${source.sent}');
  },
  'an error of the source ends the call with it': () async {
    final lines = StreamController<String>()
      ..add('a')
      ..addError(const FormatException('mine'));
    await checkThrows<FormatException>(() => _flow.collect(lines: lines.stream));
    checkEqual(await _flow.collect(lines: Stream.value('next')), 'next');
  },
  'an item that the contract forbids ends the call': () async {
    final doubled = _flow.doubled(values: Stream.value(0x80000000));
    final error = await checkThrows<MbrCodecException>(() => doubled.drain<void>());
    checkEqual((error.status, error.path), (MbrStatus.badRange, 'Flow.doubled.values'));
  },
  'a cancel token ends an upload, and its source': () async {
    final lines = StreamController<String>();
    final cancelled = Completer<void>();
    lines.onCancel = cancelled.complete;
    final token = MbrCancelToken();
    final view = _flow.withOptions(cancelToken: token);
    final ended = checkThrows<MbrCancelled>(() => view.collect(lines: lines.stream));
    lines.add('a');
    await Future<void>.delayed(_moment);
    token.cancel();
    await ended;
    await cancelled.future;
  },
  'one value for every subscriber, and the last for a newcomer': () async {
    final other = CallsLibrary.open();
    try {
      final news = [<String>[], <String>[], <String>[]];
      final subscriptions = [
        _flow.news().listen(news[0].add),
        FlowApi(other).news().listen(news[1].add),
      ];
      await eventually(() {
        _flow.publish(text: 'first');
        return news[0].isNotEmpty && news[1].isNotEmpty;
      }, 'both hear of it');
      _flow.publish(text: 'last');
      await eventually(() => news[0].last == 'last' && news[1].last == 'last', 'both have the last');
      subscriptions.add(_flow.news().listen(news[2].add));
      await eventually(() => news[2].isNotEmpty, 'the newcomer hears');
      checkEqual(news[2], ['last']);
      for (final subscription in subscriptions) {
        await subscription.cancel();
      }
    } finally {
      other.close();
    }
  },
};
