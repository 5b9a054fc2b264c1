/// A console dashboard: subscribes to the car and the machine behind it, drives the climate, and stops
/// after some seconds. usage: dashboard.dart [--library PATH] [--seconds N]
library;

import 'dart:async';
import 'dart:io';
import 'dart:math';

import 'package:ivi/ivi.dart';

import '../lib/driver.dart';

/// The latest value of every stream; null until the first item has come.
final class State {
  CabinHvac? hvac;
  PowertrainElectricMotor? motor;
  PowertrainTractionBatteryStateOfCharge? charge;
  Sample? sample;
  int items = 0;
  final List<String> log = [];
}

Future<void> main(List<String> arguments) async {
  final library = _option(arguments, '--library');
  if (library != null) IviLibrary.path = library;
  final seconds = int.parse(_option(arguments, '--seconds') ?? '8');

  final cabin = CabinSignalsApi();
  final powertrain = PowertrainSignalsApi();
  final machine = MachineApi();

  final state = State();
  final subscriptions = [
    cabin.watchCabinHvac(hz: 10).listen((value) => state
      ..hvac = value
      ..items += 1),
    powertrain.watchPowertrainElectricMotor(hz: 50).listen((value) => state
      ..motor = value
      ..items += 1),
    powertrain.watchPowertrainTractionBatteryStateOfCharge(hz: 2).listen((value) => state
      ..charge = value
      ..items += 1),
    machine.watch(hz: 4).listen((value) => state
      ..sample = value
      ..items += 1),
  ];

  final screen = stdout.hasTerminal ? _redraw : _print;
  final period = stdout.hasTerminal ? const Duration(milliseconds: 100) : const Duration(seconds: 1);
  final clock = Stopwatch()..start();
  final timer = Timer.periodic(period, (_) => screen(state, clock.elapsed));

  await drive(cabin, Duration(milliseconds: seconds * 1000 ~/ 5), state.log.add);

  timer.cancel();
  await Future.wait([for (final subscription in subscriptions) subscription.cancel()]);
  screen(state, clock.elapsed);
  print('${state.items} stream items in ${clock.elapsed.inMilliseconds} ms; all streams cancelled.');
}

void _redraw(State state, Duration elapsed) => stdout.write('\x1b[H\x1b[2J${_render(state, elapsed)}');

void _print(State state, Duration elapsed) => stdout.writeln(_render(state, elapsed));

String _render(State state, Duration elapsed) {
  final seconds = (elapsed.inMilliseconds / 1000).toStringAsFixed(1);
  final out = StringBuffer('── ivi dashboard ─ $seconds s ─ ${state.items} items ${'─' * 30}\n');
  if (state.motor case final motor?) {
    out
      ..writeln('motor    ${_bar((motor.speed ?? 0) / 8000)} ${_number(motor.speed, 0, 6)} rpm   '
          '${_number(motor.power, 0, 5)} kW   ${_number(motor.torque, 0, 5)} Nm   ${_number(motor.temperature, 1, 5)} °C');
  }
  if (state.charge case final charge?) {
    out.writeln('battery  ${_bar((charge.current ?? 0) / 100)} ${_number(charge.current, 2, 6)} %     '
        '${_number(charge.currentEnergy, 1, 5)} kWh');
  }
  if (state.hvac case final hvac?) {
    final station = hvac.station.first;
    out.writeln('climate  ${_bar(((hvac.ambientAirTemperature ?? 16) - 16) / 12)} '
        '${_number(hvac.ambientAirTemperature, 2, 6)} °C    fan ${station.fanSpeed ?? '–'} %   '
        'A/C ${hvac.isAirConditioningActive ?? false ? 'on' : 'off'}');
  }
  if (state.sample case final sample?) _machine(out, sample);
  for (final line in state.log) {
    out.writeln('  • $line');
  }
  return out.toString();
}

void _machine(StringBuffer out, Sample sample) {
  final memory = sample.memory;
  final used = memory.total - memory.available;
  out.writeln('machine  ${_bar(used / max(memory.total, 1))} ${(used / (1 << 20)).toStringAsFixed(1)} of '
      '${(memory.total / (1 << 20)).toStringAsFixed(1)} GiB   load ${sample.load.oneMinute.toStringAsFixed(2)}   '
      'cpu ${sample.busy.map((share) => '${share.round()} %').join(' ')}');
  for (final sensor in sample.temperatures) {
    out.writeln('         ${sensor.sensor}: ${sensor.celsius.toStringAsFixed(1)} °C');
  }
  final interfaces = [
    for (final interface in sample.interfaces)
      if (interface.received + interface.sent > 0)
        '${interface.name} ↓${_size(interface.received)} ↑${_size(interface.sent)}',
  ];
  out.writeln('network  ${interfaces.join('   ')}');
}

String _bar(double share) {
  final filled = (share.clamp(0, 1) * 20).round();
  return '${'█' * filled}${'░' * (20 - filled)}';
}

String _number(num? value, int digits, int width) => (value?.toStringAsFixed(digits) ?? '–').padLeft(width);

String _size(int bytes) => switch (bytes) {
      < 1 << 10 => '$bytes B',
      < 1 << 20 => '${(bytes / (1 << 10)).toStringAsFixed(1)} KiB',
      _ => '${(bytes / (1 << 20)).toStringAsFixed(1)} MiB',
    };

String? _option(List<String> arguments, String name) {
  final at = arguments.indexOf(name);
  return at >= 0 && at + 1 < arguments.length ? arguments[at + 1] : null;
}
