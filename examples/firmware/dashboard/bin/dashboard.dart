/// A console dashboard: shows what the unit does, sets its targets and has it reset in the middle.
/// usage: dashboard.dart [--library PATH] [--monitor PATH]
///
/// --monitor is the socket of the emulator's monitor, which has the reset button.
library;

import 'dart:io';

import 'package:climate/climate.dart';

import '../lib/evening.dart';
import '../lib/reset_button.dart';

Future<void> main(List<String> arguments) async {
  final library = _option(arguments, '--library');
  if (library != null) ClimateLibrary.path = library;
  final monitor = _option(arguments, '--monitor');

  final clock = Stopwatch()..start();
  await spendEvening(
    ClimateApi(),
    pressReset: monitor == null ? null : () => pressReset(monitor),
    log: (line) => print('${(clock.elapsedMilliseconds / 1000).toStringAsFixed(1).padLeft(5)} s  $line'),
  );
}

String? _option(List<String> arguments, String name) {
  final at = arguments.indexOf(name);
  return at >= 0 && at + 1 < arguments.length ? arguments[at + 1] : null;
}
