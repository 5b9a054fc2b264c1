/// The vehicle schemas end to end: generated Dart calls generated C. usage: vehicle.dart LIBRARY
library;

import 'dart:ffi';

import 'package:vss/vss.dart';

import '../dart/harness.dart';

Future<void> main(List<String> arguments) async {
  VssLibrary.path = arguments.single;
  final cabin = CabinSignalsApi();
  final vehicle = VehicleSignalsApi();
  final service = ServiceSignalsApi();

  await runCases({
    'a struct of optionals, all absent but one': () async =>
        checkEqual(await service.getService(), Service(timeToService: -0x80000000)),
    'scalars at their extremes, text that is not ASCII': () async {
      checkEqual(
          await vehicle.getVehicle(),
          Vehicle(
            lowVoltageSystemState: VehicleLowVoltageSystemState.on,
            speed: 88.5,
            traveledDistance: 0xffffffff,
            startTime: '2026-03-01T07:30:00Z, Tromsø',
            roofLoad: -0x8000,
            isMoving: true,
          ));
    },
    'what was set can be read, by names that are keywords': () async {
      await cabin.setCabinRearShadeSwitch(value: CabinRearShadeSwitch.open);
      final shade = await cabin.getCabinRearShade();
      checkEqual(shade, CabinRearShade(isOpen: true, switch_: CabinRearShadeSwitch.open));
    },
    'the declared error, by type and with its fields': () async {
      final error = await checkThrows<AccessErrorOutOfRange>(
          () => vehicle.setVehicleTripMeterReading(value: 1001));
      checkEqual(error, const AccessErrorOutOfRange(min: 0, max: 1000));
      await vehicle.setVehicleTripMeterReading(value: 1000);
    },
    'a range is checked before anything is sent': () async {
      final error =
          await checkThrows<MbrCodecException>(() => vehicle.setVehiclePowerOptimizeLevel(value: 11));
      checkEqual(error.status, MbrStatus.badRange);
    },
    'what the car does not have': () async {
      final fault = await checkThrows<MbrFault>(() => vehicle.setVehicleIsAutoPowerOptimize(value: true));
      checkEqual(fault.code, MbrStatus.unimplemented);
    },
    'a stream that ends': () async {
      checkEqual(await cabin.watchCabinRearShade().map((shade) => shade.position).toList(),
          [for (var percent = 0; percent <= 100; percent += 10) percent]);
    },
    'a default argument reaches the other side': () async =>
        checkEqual((await service.watchService().toList()).length, 10),
    'an argument does too': () async =>
        checkEqual((await service.watchService(hz: 33).toList()).last, Service(distanceToService: 32)),
    'a stream from another thread, ended by its declared error': () async {
      final speeds = <double?>[];
      await checkThrows<AccessErrorNotAvailable>(
          () => vehicle.watchVehicle(hz: 50).forEach((item) => speeds.add(item.speed)));
      checkEqual(speeds, [for (var i = 0; i < 1000; i++) i.toDouble()]);
    },
    'one item, then the listener goes away': () async =>
        checkEqual((await vehicle.watchVehicle().first).speed, 0.0),
    'the end of the connection gives everything back': () async {
      VssLibrary.connection.close();
      final liveBlocks = DynamicLibrary.open(arguments.single)
          .lookupFunction<Uint32 Function(), int Function()>('vehicle_live_blocks');
      await eventually(() => liveBlocks() == 0, 'no live blocks');
    },
  });
}
