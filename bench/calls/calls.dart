/// Calls between Dart and C, measured against what they cannot be faster than: bare foreign functions and bare
/// posts, in the same library and the same run. Each subject takes turns with its floor in short rounds, of which
/// the median counts: of the times, and of the ratios of neighbours, which what disturbs the machine for longer
/// than a round leaves as they are. Compare ratios, not nanoseconds. Prints, asserts nothing but results.
///
/// calls.dart LIBRARY
library;

import 'dart:async';
import 'dart:ffi';

import 'package:calls/calls.dart';

import 'floors.dart';

/// One subject beside its floor. The goal is the most, or with [atLeast] the least, that the ratio may be:
/// subject / floor, or with [atLeast] floor / subject. There may be none.
final class Comparison {
  Comparison(this.name, this.floorName, this.count, this.subject, this.floor, this.goal, {this.atLeast = false});

  final String name;
  final String floorName;
  final int count;
  final Round subject;
  final Round floor;
  final double? goal;
  final bool atLeast;
}

const _rounds = 31;

Future<double> _time(Round round, int count) async {
  final watch = Stopwatch()..start();
  await round(count);
  return watch.elapsedTicks * 1e9 / watch.frequency / count;
}

double _median(List<double> times) => (times..sort())[times.length ~/ 2];

String _nanoseconds(double time) => '${time.toStringAsFixed(time < 100 ? 1 : 0)} ns'.padLeft(10);

Future<void> _compare(Comparison c) async {
  for (var i = 0; i < 3; i++) {
    await c.subject(c.count);
    await c.floor(c.count);
  }
  final subjects = <double>[], floors = <double>[], ratios = <double>[];
  for (var i = 0; i < _rounds; i++) {
    final subject = await _time(c.subject, c.count), floor = await _time(c.floor, c.count);
    subjects.add(subject);
    floors.add(floor);
    ratios.add(c.atLeast ? floor / subject : subject / floor);
  }
  final subject = _median(subjects), floor = _median(floors), ratio = _median(ratios);
  final goal = switch (c.goal) {
    null => '',
    final goal when c.atLeast => '≥ $goal${ratio >= goal ? '' : '  NOT REACHED'}',
    final goal => '≤ $goal${ratio <= goal ? '' : '  NOT REACHED'}',
  };
  print('${c.name.padRight(38)}${_nanoseconds(subject)}  ${c.floorName.padRight(42)}${_nanoseconds(floor)}'
      '  ${ratio.toStringAsFixed(2).padLeft(6)}  $goal');
}

late final CallsApi api;
late final Floors floors;

const _small = Small(a: 1, b: 2, c: 3, d: true, e: 'hello world');

Future<void> _add(int count) async {
  for (var i = 0; i < count; i++) {
    if (api.add(a: i, b: 1) != i + 1) throw StateError('add');
  }
}

Future<void> _addLeaf(int count) async {
  for (var i = 0; i < count; i++) {
    if (api.addLeaf(a: i, b: 1) != i + 1) throw StateError('addLeaf');
  }
}

Future<void> _echoSync(int count) async {
  for (var i = 0; i < count; i++) {
    if (api.echoSync(value: _small).a != 1) throw StateError('echoSync');
  }
}

Future<void> _echoInline(int count) async {
  for (var i = 0; i < count; i++) {
    if (await api.echoInline(value: i) != i) throw StateError('echoInline');
  }
}

Future<void> _echo(int count) async {
  for (var i = 0; i < count; i++) {
    if (await api.echo(value: i) != i) throw StateError('echo');
  }
}

Future<void> _echoSmall(int count) async {
  for (var i = 0; i < count; i++) {
    if ((await api.echoSmall(value: _small)).b != 2) throw StateError('echoSmall');
  }
}

const _inFlight = 100;

/// As many calls, each started when one ends, so that there are always that many.
Future<void> _echoMany(int count) {
  final done = Completer<void>();
  var started = 0, ended = 0;
  void start() {
    if (started == count) return;
    final value = started++;
    api.echo(value: value).then((result) {
      if (result != value) throw StateError('echo');
      if (++ended == count) done.complete();
      start();
    });
  }

  for (var i = 0; i < _inFlight; i++) {
    start();
  }
  return done.future;
}

Round _images(int size) => (count) async {
      for (var i = 0; i < count; i++) {
        if ((await api.image(size: size)).length != size) throw StateError('image');
      }
    };

/// The number of the items that came, which must be in order.
Future<void> _samples(int count) {
  final done = Completer<void>();
  var next = 0;
  api.samples(count: count).listen((sample) {
    if (sample.number != next++) throw StateError('samples: ${sample.number}');
  }, onDone: () => next == count ? done.complete() : throw StateError('samples: $next of $count'));
  return done.future;
}

Future<void> main(List<String> arguments) async {
  final [path] = arguments;
  CallsLibrary.path = path;
  api = CallsApi();
  floors = Floors(DynamicLibrary.open(path));
  print('${'call'.padRight(38)}${'time'.padLeft(10)}  ${'floor'.padRight(42)}${'time'.padLeft(10)}   ratio  goal');
  for (final comparison in [
    Comparison('sync, two i64', 'bare function, not leaf', 100000, _add, floors.add, 1.5),
    Comparison('@leaf sync, two i64', 'bare function, leaf', 100000, _addLeaf, floors.addLeaf, 1.5),
    Comparison('sync, small struct', 'bare function, not leaf', 20000, _echoSync, floors.add, null),
    Comparison('@inline, i64', 'PostInteger there and back', 10000, _echoInline, floors.post, 1.0),
    Comparison('@inline, i64', 'the same with Completer and await', 10000, _echoInline, floors.postAwaited, 1.0),
    Comparison('@inline, i64', 'a port a call, external typed data', 5000, _echoInline, floors.answer, 3,
        atLeast: true),
    for (final kib in [4, 16, 64])
      Comparison('@inline, bytes, $kib KiB', 'a message of external typed data', 1000, _images(kib * 1024),
          floors.bytes(kib * 1024), null),
    Comparison('worker, i64', 'PostInteger from another thread', 500, _echo, floors.postFromThread, 1.3),
    Comparison('worker, small struct', 'PostInteger from another thread', 500, _echoSmall, floors.postFromThread, 1.3),
    Comparison('worker, 100 in flight, a call', 'flood of PostInteger, an item', 20000, _echoMany, floors.flood, 1.5),
    Comparison('stream of 64 bytes, an item', 'a message an item, decoded', 100000, _samples, floors.items, 8,
        atLeast: true),
    Comparison('stream of 64 bytes, an item', 'the same, through a Stream', 100000, _samples, floors.itemStream, 4,
        atLeast: true),
  ]) {
    await _compare(comparison);
  }
  floors.close();
  CallsLibrary.connection.close();
}
