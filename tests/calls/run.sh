#!/bin/sh
# Generates the tests' package and a changed version of it, builds the library and runs both against it, with
# sanitizers inside the VM where the flags say so. usage: run.sh DART MBRC SCRATCH CC FLAG...
# CALLS_PARTS chooses parts of calls.dart, as in CALLS_PARTS='flow types'.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dart=$1
mbrc=$2
mkdir -p "$3"
scratch=$(cd "$3" && pwd)
cc=$4
shift 4

# generate FOLDER CONTRACT...
generate() {
  folder=$scratch/$1
  shift
  "$mbrc" --c "$folder/c" --dart "$folder/dart" --package calls "$@"
  echo '{"configVersion": 2, "packages": [{"name": "calls", "rootUri": "dart/", "packageUri": "lib/", "languageVersion": "3.5"}]}' \
    > "$folder/packages.json"
}
generate calls "$here/calls.mbr" "$here/other.mbr"
generate changed "$here/changed/calls.mbr"

library=$scratch/libcalls.so
cd "$root"
"$cc" "$@" -I"$scratch/calls/c" -o "$library" "$here"/*.c "$scratch"/calls/c/*.c \
  runtime/wire/*.c runtime/peer/*.c runtime/exec/*.c runtime/dart/*.c

preload=
case " $* " in
  *-fsanitize=address*) preload=$("$cc" "$@" -print-file-name=libasan.so) ;;
esac
# run FOLDER PROGRAM ARGUMENT...
run() {
  packages=$scratch/$1/packages.json
  program=$here/$2
  shift 2
  timeout 300 env LD_PRELOAD="$preload" ASAN_OPTIONS=detect_leaks=0 \
    "$dart" --enable-asserts --packages="$packages" "$program" "$library" "$@"
}
echo '== calls'
run calls calls.dart ${CALLS_PARTS:-}
echo '== mismatch'
run changed mismatch.dart
