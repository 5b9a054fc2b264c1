/// The emulator's reset button, by the socket of its monitor.
library;

import 'dart:io';

/// Has pressed it when the monitor asks for the next command.
Future<void> pressReset(String monitor) async {
  final socket = await Socket.connect(InternetAddress(monitor, type: InternetAddressType.unix), 0);
  socket.write('system_reset\n');
  var said = '';
  await for (final bytes in socket) {
    said += String.fromCharCodes(bytes);
    if ('(qemu) '.allMatches(said).length >= 2) break;
  }
  socket.destroy();
}
