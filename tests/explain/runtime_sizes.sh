#!/bin/sh
# Writes compiler/explain/runtime_sizes.h as it is to be: sizes are read from objects, so nothing need run.
# usage: runtime_sizes.sh SCRATCH > runtime_sizes.h       (in the project's root)
set -eu
mkdir -p "$1"
names='mbr_peer mbr_slot mbr_binding mbr_asked mbr_link'

{
  printf '#include "mbr/link.h"\n'
  for name in $names; do printf 'char size_of_%s[sizeof(struct %s)];\n' "$name" "$name"; done
} > "$1/sizes.c"
measure() { # NAME FLAGS...
  object=$scratch/$1.o
  shift
  gcc -std=c99 -Iinclude -fno-common "$@" -c -o "$object" "$scratch/sizes.c"
  nm -S "$object" | awk '{ sub(/^0*/, "", $2); print $4, $2 }' | sort
}
scratch=$1
# i386 aligns numbers of eight bytes to four, but for this option; ARM and RISC-V do not.
measure ilp32 -m32 -malign-double > "$1/ilp32"
measure lp64 -m64 > "$1/lp64"
cat << 'END'
/* Bytes of the runtime's own structs, of which a peer's memory is made: X(name, ilp32, lp64). Written by
 * `make runtime-sizes`. */
#ifndef COMPILER_EXPLAIN_RUNTIME_SIZES_H
#define COMPILER_EXPLAIN_RUNTIME_SIZES_H

#define RUNTIME_SIZES(X) \
END
join "$1/ilp32" "$1/lp64" | while read -r name small large; do
  printf '  X(%s, %d, %d) \\\n' "${name#size_of_}" "0x$small" "0x$large"
done | sed '$ s/ \\$//'
printf '\n#endif\n'
