/// The unit's power comes and goes while Dart calls it through the bridge: what is open ends as disconnected, the
/// line's state is told, and the same isolate goes on with the unit that comes back. Starts the emulator itself.
/// usage: power.dart LIBRARY IMAGE MONITOR   with CLIMATE_LINE set.
library;

import 'dart:async';
import 'dart:io';

import 'package:climate/climate.dart';

import '../../examples/firmware/dashboard/lib/reset_button.dart';
import '../dart/harness.dart';

const cuts = 3;
const resets = 5;

/// The unit's, after each start.
const firstTarget = 18.0;

late final String image, monitor;
final String line = Platform.environment['CLIMATE_LINE']!;
final climate = ClimateApi();

/// `timeout` bounds its life, should this program be killed.
Future<Process> powerOn() => Process.start(
      'timeout',
      [
        ...['120', 'qemu-system-arm', '-M', 'mps2-an385', '-nographic', '-nodefaults', '-nic', 'user,restrict=on'],
        ...['-kernel', image, '-serial', 'unix:$line,server=on,wait=off'],
        ...['-monitor', 'unix:$monitor,server=on,wait=off'],
      ],
      environment: {'LD_PRELOAD': ''},
    );

Future<void> powerOff(Process unit) async {
  unit.kill();
  await unit.exitCode;
}

/// A recording, a watch and calls one after the other, for as long as they are let.
final class Load {
  Load() {
    _recording = climate.record(zone: 0).listen(_take, onError: _recordingEnded.complete);
    _watch = climate.watch().listen((_) => states++, onError: _watchEnded.complete);
    _calls = _callOn();
  }

  int steps = 0, states = 0, calls = 0;
  int? _last;
  late final StreamSubscription<ControlStep> _recording;
  late final StreamSubscription<List<ZoneState>> _watch;
  late final Future<Object?> _calls;
  bool _ending = false;
  final _recordingEnded = Completer<Object>(), _watchEnded = Completer<Object>();

  void _take(ControlStep step) {
    if (_last case final last?) checkEqual(step.number, last + 1, 'number of the step');
    _last = step.number;
    steps++;
  }

  /// How the last call failed; null where none was open when the unit went: then the next one may have met it
  /// again, as it is after its start.
  Future<Object?> _callOn() async {
    try {
      double? before;
      while (!_ending) {
        final target = firstTarget + 1 + calls % 8 * 0.5;
        final told = await climate.setTarget(zone: 1, celsius: target);
        if (before != null) check(told == before || told == firstTarget, 'before was $before, not $told');
        before = target;
        calls++;
      }
      return null;
    } catch (error) {
      return error;
    }
  }

  Future<void> flows() {
    final (steps, calls, states) = (this.steps, this.calls, this.states);
    return eventually(() => this.steps > steps + 10 && this.calls > calls + 10 && this.states > states + 1,
        'steps, states and answers come');
  }

  Future<void> endsDisconnected() async {
    for (final end in [_recordingEnded.future, _watchEnded.future]) {
      final error = await end;
      check(error is MbrDisconnected, 'a stream ended with $error');
    }
    _ending = true;
    final error = await _calls;
    check(error is MbrDisconnected || error == null, 'a call ended with $error');
    await Future.wait([_recording.cancel(), _watch.cancel()]);
  }
}

Future<void> reaches(MbrLinkState wanted) => climate.linkState.firstWhere((state) => state == wanted);

Future<void> main(List<String> arguments) async {
  ClimateLibrary.path = arguments[0];
  image = arguments[1];
  monitor = arguments[2];
  late Process unit;
  await runCases({
    'calls fail at once while there is no unit': () async {
      await reaches(MbrLinkState.down);
      await checkThrows<MbrDisconnected>(climate.health);
      await checkThrows<MbrDisconnected>(() => climate.watch().first);
    },
    'a call waits for nothing but the state of the line': () async {
      unit = await powerOn();
      await reaches(MbrLinkState.up);
      checkEqual((await climate.health()).starts, 1, 'starts');
    },
    'the power is cut in the middle of calls and streams': () async {
      for (var i = 0; i < cuts; i++) {
        final load = Load();
        await load.flows();
        await powerOff(unit);
        await load.endsDisconnected();
        await reaches(MbrLinkState.down);
        unit = await powerOn();
        await reaches(MbrLinkState.up);
        checkEqual((await climate.health()).starts, 1, 'starts');
      }
    },
    'the unit is reset in the middle of calls and streams': () async {
      for (var i = 0; i < resets; i++) {
        final load = Load();
        await load.flows();
        await pressReset(monitor);
        await load.endsDisconnected();
        await reaches(MbrLinkState.up);
        checkEqual((await climate.health()).starts, i + 2, 'starts');
      }
    },
    'the line goes down for good': () => powerOff(unit),
  });
}
