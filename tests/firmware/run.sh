#!/bin/sh
# Runs the tests side by side, since they wait most of the time, and shows what each of them says: C programs of
# a folder, the demonstration, and a Dart program that cuts the power.
# usage: run.sh FOLDER 'TEST...' IMAGE LIBRARY DART ARGUMENT...   the VM with its arguments; in the project's root
set -eu
root=$(pwd)
folder=$(realpath "$1")
tests=$2
FIRMWARE=$(realpath "$3")
library=$(realpath "$4")
export FIRMWARE
shift 4

pids=
names=
# begin NAME COMMAND...: in a folder of its own, where its sockets are
begin() {
  name=$1
  shift
  mkdir -p "$folder/$name.run"
  (cd "$folder/$name.run" && rm -f line monitor && exec timeout 120 "$@") > "$folder/$name.txt" 2>&1 &
  pids="$pids $!"
  names="$names $name"
}

for test in $tests; do begin "$test" "$folder/$test"; done
begin demo "$root/examples/firmware/demo.sh" "$FIRMWARE" "$library" "$@" "$root/examples/firmware/dashboard/bin/dashboard.dart"
begin power env CLIMATE_LINE=line "$@" "$root/tests/firmware/power.dart" "$library" "$FIRMWARE" monitor

failed=0
for pid in $pids; do
  wait "$pid" || failed=1
done
for name in $names; do
  echo "== $name"
  cat "$folder/$name.txt"
done

for text in 'the unit answers' 'has reached its target' '45 °C refused' 'zone 7 refused' 'schedule of 3 points' \
  'none missing' 'steps: disconnected' 'start 2' 'that was all'; do
  grep -q "$text" "$folder/demo.txt" || { echo "the demonstration does not show: $text" >&2; failed=1; }
done
exit $failed
