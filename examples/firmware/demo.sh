#!/bin/sh
# Starts the image in the emulator, runs the dashboard against its serial line, and stops both:
# demo.sh IMAGE LIBRARY DART ARGUMENT...   the VM's arguments, and the dashboard's file.
# Nothing listens on the network: the emulator's line and monitor are sockets in a folder of their own.
set -eu
image=$1
library=$2
shift 2

folder=$(mktemp -d)
emulator=
stop() {
  [ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM

echo 'Starting the image in qemu, as a Cortex-M3 board; the dashboard reaches it over its serial line.'
qemu-system-arm -M mps2-an385 -nographic -nodefaults -nic user,restrict=on -kernel "$image" \
  -serial "unix:$folder/line,server=on,wait=off" -monitor "unix:$folder/monitor,server=on,wait=off" \
  2>"$folder/emulator.txt" &
emulator=$!

CLIMATE_LINE=$folder/line timeout 60 "$@" --library "$library" --monitor "$folder/monitor" || {
  cat "$folder/emulator.txt" >&2
  exit 1
}
