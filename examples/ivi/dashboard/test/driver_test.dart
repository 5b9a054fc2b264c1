/// The driver tested without a car: a generated fake answers, and records what it was asked.
library;

import 'package:ivi/ivi.dart';
import 'package:ivi/ivi_testing.dart';

import '../lib/driver.dart';

Future<void> main() async {
  final cabin = CabinSignalsFake()
    ..onSetCabinHvacStationTemperature = ({required value}) {
      if (value > 28) throw const AccessErrorOutOfRange(min: 16, max: 28);
    }
    ..onSetCabinHvacStationFanSpeed = ({required value}) {};

  final log = <String>[];
  await drive(cabin, Duration.zero, log.add);

  _expect(cabin.calls, const [
    MbrFakeCall('setCabinHvacStationTemperature', {'value': 19.5}),
    MbrFakeCall('setCabinHvacStationTemperature', {'value': 45.0}),
    MbrFakeCall('setCabinHvacStationFanSpeed', {'value': 70}),
    MbrFakeCall('setCabinHvacIsFrontDefrosterActive', {'value': true}),
  ]);
  // The fake was given no answer for the front defroster.
  _expect(log, const [
    'target set to 19.5 °C',
    '45 °C refused: allowed are 16.0 to 28.0 °C',
    'fan set to 70 %',
    'front defroster: unimplemented',
  ]);
  print('driver: passed');
}

void _expect(List<Object> got, List<Object> wanted) {
  if (got.join('\n') != wanted.join('\n')) {
    throw StateError('got:\n${got.join('\n')}\nwanted:\n${wanted.join('\n')}');
  }
}
