#!/bin/sh
# What the test programs cannot see of generated C: run.sh MBRC SCRATCH
# It passes the warning wall of both compilers as C99, C11 and C++17, for 32 bits too; it is the same from
# run to run; what cannot be generated is refused at its place, and nothing is written then.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mbrc=$1
mkdir -p "$2"
scratch=$(cd "$2" && pwd)

wall='-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Wcast-align
      -Wdouble-promotion -Wvla -Werror'
wall_c="$wall -Wstrict-prototypes -Wmissing-prototypes"

echo '== the same twice'
rm -rf "$scratch/c" "$scratch/again"
"$mbrc" --c "$scratch/c" --c-client "$scratch/c" "$here"/*.mbr "$here/../vectors/vectors.mbr"
"$mbrc" --c "$scratch/again" --c-client "$scratch/again" "$here"/*.mbr "$here/../vectors/vectors.mbr"
diff -r "$scratch/c" "$scratch/again"

echo '== warning wall'
include="-I$root/include -I$scratch/c"
for source in "$scratch"/c/*.c; do
  for cc in gcc clang; do
    # Unquoted on purpose: lists of flags.
    $cc -std=c11 $wall_c $include -fsyntax-only "$source"
    $cc -std=c99 $wall_c $include -fsyntax-only "$source"
  done
  gcc -std=c11 -O2 $wall_c $include -c -o "$scratch/object.o" "$source"
  gcc -m32 -std=c11 -O2 $wall_c $include -c -o "$scratch/object.o" "$source"
done
for header in "$scratch"/c/*.h; do
  echo "#include \"$header\"" > "$scratch/header.cpp"
  g++ -std=c++17 $wall $include -fsyntax-only "$scratch/header.cpp"
  clang++ -std=c++17 $wall $include -fsyntax-only "$scratch/header.cpp"
done

for refused in "$here"/refused/*.mbr; do
  name=$(basename "$refused" .mbr)
  echo "== refused/$name"
  if (cd "$here/refused" && "$mbrc" --c "$scratch/refused" --c-client "$scratch/refused" "$name.mbr") 2> "$scratch/$name.txt"; then
    echo "$name.mbr was accepted" >&2
    exit 1
  fi
  diff -u "$here/refused/$name.txt" "$scratch/$name.txt"
  [ ! -e "$scratch/refused" ]
done
