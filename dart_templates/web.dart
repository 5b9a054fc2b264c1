/// Stands in for native.dart where there is no dart:ffi.
library;

import 'connection.dart' show MbrConnection;

/// Throws: a native library cannot be loaded here.
MbrConnection openLibrary({required String package, String? library, String? path}) =>
    throw UnsupportedError("package '$package' reaches a native library through dart:ffi, which is missing "
        'on this platform; implement the interfaces of its services in Dart here');
