#!/bin/sh
# Builds a library that serves a motor and one that lends two over a bridge, and runs the same Dart against both,
# with sanitizers inside the VM where the flags say so. usage: run.sh DART MBRC SCRATCH CC FLAG...
# BRIDGE_PARTS chooses parts of bridge.dart, as in BRIDGE_PARTS='same lent'.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dart=$1
mbrc=$2
mkdir -p "$3"
scratch=$(cd "$3" && pwd)
cc=$4
shift 4

"$mbrc" --c "$scratch/c" --c-client "$scratch/c" --dart "$scratch/dart" --package car "$here/car.mbr"
echo '{"configVersion": 2, "packages": [{"name": "car", "rootUri": "dart/", "packageUri": "lib/", "languageVersion": "3.5"}]}' \
  > "$scratch/packages.json"

cd "$root"
build() { # LIBRARY FLAG...
  library=$scratch/$1
  shift
  "$cc" "$@" -I"$scratch/c" -o "$library" "$here/library.c" "$here/motor.c" "$scratch"/c/*.c \
    runtime/wire/*.c runtime/peer/*.c runtime/exec/*.c runtime/dart/*.c runtime/link/*.c runtime/line/*.c runtime/bridge/*.c
}
build local.so "$@"
build lent.so "$@" -DLENT

preload=
case " $* " in
  *-fsanitize=address*) preload=$("$cc" "$@" -print-file-name=libasan.so) ;;
esac
# shellcheck disable=SC2086 # a list of parts
timeout 300 env LD_PRELOAD="$preload" ASAN_OPTIONS=detect_leaks=0 "$dart" --enable-asserts \
  --packages="$scratch/packages.json" "$here/bridge.dart" "$scratch/local.so" "$scratch/lent.so" ${BRIDGE_PARTS:-}
