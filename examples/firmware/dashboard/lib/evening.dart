/// What somebody in the car might do of an evening. Knows nothing of where the unit is.
library;

import 'dart:async';

import 'package:climate/climate.dart';

typedef Log = void Function(String line);

/// Goes through what the unit offers and tells [log] what came of it; with [pressReset], also through a reset of
/// the unit.
Future<void> spendEvening(ClimateApi climate, {required Log log, Future<void> Function()? pressReset}) async {
  final line = climate.linkState.listen((state) => log('the line is ${state.name}'));
  await meet(climate, log);
  await reachTarget(climate, log);
  await overstep(climate, log);
  await followSchedule(climate, log);
  await recordSteps(climate, log);
  if (pressReset != null) await surviveReset(climate, log, pressReset);
  await line.cancel();
  log('that was all');
}

/// While the line is down calls fail at once, so this waits until it is up.
Future<void> meet(ClimateApi climate, Log log) async {
  await climate.linkState.firstWhere((state) => state == MbrLinkState.up);
  final health = await climate.health();
  log('the unit answers: up for ${_seconds(health.uptimeMs)} s, start ${health.starts}, '
      '${health.stackUsed} of ${health.stackSize} bytes of stack used');
}

Future<void> reachTarget(Climate climate, Log log) async {
  const target = 25.0;
  final before = await climate.setTarget(zone: 0, celsius: target);
  log('zone 0 is to have ${_degrees(target)} °C, it was ${_degrees(before)} °C');
  await for (final zones in climate.watch()) {
    log(_state(zones));
    if ((zones[0].celsius - target).abs() < 0.5) break;
  }
  log('zone 0 has reached its target');
}

Future<void> overstep(Climate climate, Log log) async {
  try {
    await climate.setTarget(zone: 0, celsius: 45);
  } on ClimateErrorOutOfRange catch (error) {
    log('45 °C refused: allowed are ${_degrees(error.min)} to ${_degrees(error.max)} °C');
  }
  try {
    await climate.setTarget(zone: 7, celsius: 20);
  } on ClimateErrorNoSuchZone catch (error) {
    log('zone 7 refused: there are ${error.zones}');
  }
}

/// The points go to the unit one by one, as it takes them.
Future<void> followSchedule(Climate climate, Log log) async {
  const points = [
    Point(afterMs: 0, celsius: 19),
    Point(afterMs: 300, celsius: 23),
    Point(afterMs: 600, celsius: 21),
  ];
  final count = await climate.loadSchedule(zone: 1, points: Stream.fromIterable(points));
  log('zone 1 has a schedule of $count points');
  // The first state may be of a moment before.
  final targets = climate.watch().skip(1).map((zones) => zones[1].target).distinct();
  await for (final target in targets) {
    log('zone 1 is to have ${_degrees(target)} °C');
    if (target == points.last.celsius) break;
  }
}

Future<void> recordSteps(Climate climate, Log log) async {
  const count = 50;
  final steps = await climate.record(zone: 0).take(count).toList();
  final whole = [for (var i = 1; i < count; i++) steps[i].number - steps[i - 1].number].every((gap) => gap == 1);
  final heating = steps.where((step) => step.heating).length;
  log('$count control steps of zone 0, ${whole ? 'none missing' : 'SOME MISSING'}; '
      'its heater was on in ${heating * 100 ~/ count} % of them');
}

/// The unit is reset in the middle of a recording: that ends, and whatever comes after goes on by itself.
Future<void> surviveReset(ClimateApi climate, Log log, Future<void> Function() pressReset) async {
  final ended = Completer<Object?>();
  var steps = 0;
  climate.record(zone: 0).listen((_) => steps++, onError: ended.complete, onDone: ended.complete, cancelOnError: true);
  while (steps < 10) {
    await Future<void>.delayed(const Duration(milliseconds: 10));
  }
  await pressReset();
  log('the reset button of the unit is pressed');
  final error = await ended.future;
  log('the recording ended after $steps steps: ${error is MbrDisconnected ? 'disconnected' : error}');
  await meet(climate, log);
  await recordSteps(climate, log);
}

String _state(List<ZoneState> zones) => [
      for (final (index, zone) in zones.indexed)
        'zone $index ${_degrees(zone.celsius).padLeft(5)} of ${_degrees(zone.target)} °C ${_bar(zone.celsius)} '
            '${zone.heating ? 'heating' : '       '}',
    ].join('  ');

String _bar(double celsius) {
  final filled = ((celsius - 5) / 20 * 16).round().clamp(0, 16);
  return '${'█' * filled}${'░' * (16 - filled)}';
}

String _degrees(double celsius) => celsius.toStringAsFixed(1);

String _seconds(int ms) => (ms / 1000).toStringAsFixed(1);
