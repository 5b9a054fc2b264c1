/// What a driver might do with the climate. Knows the service by its interface, so that a test can put a fake
/// in its place.
library;

import 'package:ivi/ivi.dart';

/// Sets a new target, a wrong one, a louder fan, and something this car lacks; waits for [pause] before each and
/// at the end, and tells [log] what came of it.
Future<void> drive(CabinSignals cabin, Duration pause, void Function(String line) log) async {
  await Future<void>.delayed(pause);
  await cabin.setCabinHvacStationTemperature(value: 19.5);
  log('target set to 19.5 °C');

  await Future<void>.delayed(pause);
  try {
    await cabin.setCabinHvacStationTemperature(value: 45);
  } on AccessErrorOutOfRange catch (error) {
    log('45 °C refused: allowed are ${error.min} to ${error.max} °C');
  }

  await Future<void>.delayed(pause);
  await cabin.setCabinHvacStationFanSpeed(value: 70);
  log('fan set to 70 %');

  await Future<void>.delayed(pause);
  try {
    await cabin.setCabinHvacIsFrontDefrosterActive(value: true);
  } on MbrFault catch (fault) {
    log('front defroster: ${fault.code.name}');
  }
  await Future<void>.delayed(pause);
}
