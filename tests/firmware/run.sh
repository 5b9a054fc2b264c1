#!/bin/sh
# Runs the tests side by side, since they wait most of the time, and shows what each of them says:
# run.sh IMAGE TEST...   each TEST has its sockets in its own folder.
set -eu
FIRMWARE=$(realpath "$1")
export FIRMWARE
shift

pids=
for test in "$@"; do
  mkdir -p "$test.folder"
  (cd "$test.folder" && exec timeout 120 "../$(basename "$test")") > "$test.txt" 2>&1 &
  pids="$pids $!"
done
failed=0
for pid in $pids; do
  wait "$pid" || failed=1
done
for test in "$@"; do cat "$test.txt"; done
exit $failed
