#!/bin/sh
# The C side on machines unlike the usual one: run.sh MBRC SCRATCH
# The tests of the runtime's core and of generated codecs, and the byte vectors, for this machine, for 32-bit x86
# (whose x87 unit computes floats with more precision than they have) and for s390x, which is big-endian and
# run by qemu. All give the same bytes and refuse the same inputs at the same places, with code in line and with
# calls in its place (MBR_SMALL).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mbrc=$1
mkdir -p "$2"
scratch=$(cd "$2" && pwd)

"$mbrc" --c "$scratch/c" "$root"/tests/codec/*.mbr "$root/tests/vectors/vectors.mbr"
"$root/tests/codec/vector_types.sh" < "$root/tests/vectors/vectors.mbr" > "$scratch/c/vector_type_list.h"

flags="-std=c11 -O1 -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L -I$here -I$root/include -I$scratch/c"

# on NAME COMPILER EMULATOR, where a compiler is a command and flags
on() {
  echo "== $1"
  rm -rf "$scratch/$1"
  mkdir -p "$scratch/$1"
  # Unquoted on purpose, here and below: lists of words.
  (cd "$scratch/$1" && $2 $flags -c "$scratch"/c/*.c "$root"/runtime/wire/*.c "$root"/runtime/peer/*.c)
  for test in codec/vectors codec/test_codec codec/test_service runtime/test_wire runtime/test_frame \
    runtime/test_peer runtime/test_peer_deadline runtime/test_peer_upload runtime/test_peer_latest \
    runtime/test_peer_sync runtime/test_peer_observe runtime/test_peer_wakes runtime/test_peer_model; do
    $2 $flags -o "$scratch/$1/test" "$root/tests/$test.c" "$scratch/$1"/*.o -lm
    # Only the first looks at its arguments.
    $3 "$scratch/$1/test" "$root/tests/vectors/vectors.txt" "$root/tests/vectors/bad.txt" > "$scratch/$1/told.txt"
    echo "$test: $(cat "$scratch/$1/told.txt")" | tee -a "$scratch/$1.txt"
  done
  cmp "$scratch/host.txt" "$scratch/$1.txt"
}

rm -f "$scratch"/*.txt
on host "${CC:-cc}" ""
on small "${CC:-cc} -DMBR_SMALL=1" ""
on m32 "${CC:-cc} -m32" ""
on s390x "s390x-linux-gnu-gcc -static" qemu-s390x
on s390x-small "s390x-linux-gnu-gcc -static -DMBR_SMALL=1" qemu-s390x
