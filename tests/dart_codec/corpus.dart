/// The whole vehicle signal corpus as one package: it loads, and values of it travel.
library;

import 'package:vss/src/vss_current_location_codec.dart';
import 'package:vss/src/mbr/wire.dart';
import 'package:vss/vss.dart';
import 'package:vss/vss_vehicle.dart' as vehicle;

import '../dart/harness.dart';

void main() => runCases({
      'a value travels': () {
        const value = CurrentLocation(
          latitude: 52.5,
          heading: 360,
          gnssReceiver: CurrentLocationGnssReceiver(
            fixType: CurrentLocationGnssReceiverFixType.none,
            mountingPosition: CurrentLocationGnssReceiverMountingPosition(x: -1, z: 3),
          ),
        );
        final writer = MbrWriter.onHeap();
        encodeCurrentLocation(writer, value);
        final reader = MbrReader(writer.data, 0, writer.offset);
        checkEqual(decodeCurrentLocation(reader), value);
        reader.finish();
        checkEqual(value.copyWith(latitude: null).latitude, null);
      },
      'a namespace and the umbrella export the same types': () =>
          check(identical(const vehicle.Vehicle(), const Vehicle()), 'one class'),
      'errors of another namespace are thrown': () =>
          check(const AccessErrorNotAvailable() is AccessError, 'sealed'),
    });
