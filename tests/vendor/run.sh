#!/bin/sh
# `mbrc vendor` in an empty folder: run.sh MBRC SCRATCH
# What it writes, what `mbrc --profile firmware` writes and one main file are a program, by one compiler command,
# with nothing of the project in reach; every file passes the warning wall; versions that differ are refused.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mbrc=$(realpath "$1")
rm -rf "$2"
mkdir -p "$2/all"
cd "$2"

fail() { echo "tests/vendor: $*" >&2; exit 1; }
contains() { grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "$1 lacks '$2'"; }; }
refused() { # TEXT COMMAND...: must fail and say TEXT
  text=$1
  shift
  if "$@" > said.txt 2>&1; then fail "was accepted: $*"; fi
  contains said.txt "$text"
}

wall='-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Wcast-align
      -Wdouble-promotion -Wvla -Werror'
wall_c="$wall -Wstrict-prototypes -Wmissing-prototypes"
version=$("$mbrc" --version | cut -d ' ' -f 2)

echo '== the core and a firmware, by one command'
"$mbrc" vendor .
[ "$(echo mbr/*)" = 'mbr/core.c mbr/core.h' ] || fail "the core is more than two files: $(echo mbr/*)"
cp "$here/climate.mbr" "$here/main.c" .
"$mbrc" --profile firmware --c . --c-client . climate.mbr
for std in c99 c11; do
  # Unquoted on purpose: lists of flags.
  gcc -std=$std $wall_c -g -fsanitize=address,undefined -fno-sanitize-recover=all -I. -o main ./*.c mbr/*.c
  ./main
  clang -std=$std $wall_c -O2 -I. -o main ./*.c mbr/*.c
  ./main
done
gcc -m32 -std=c99 $wall_c -Os -DMBR_SMALL=1 -DNDEBUG -DMBR_LOG_LEVEL=0 -I. -o main ./*.c mbr/*.c
./main

echo '== every part'
"$mbrc" vendor all --with exec,dart,link,line,bridge,loopback,uv
for file in all/mbr/*; do
  head -n 1 "$file" > first.txt
  contains first.txt "version $version"
  contains "$file" 'MIT License'
done
for header in all/mbr/*.h; do
  [ "$header" != all/mbr/uv.h ] || echo '#include <uv.h>' | cc -E - > uv.txt 2>&1 || continue
  echo "#include \"mbr/$(basename "$header")\"" > header.cpp
  g++ -std=c++17 $wall -Iall -fsyntax-only header.cpp
  clang++ -std=c++17 $wall -Iall -fsyntax-only header.cpp
  source=${header%.h}.c
  for cc in gcc clang; do $cc -std=c11 -D_POSIX_C_SOURCE=200809L $wall_c -Iall -c -o part.o "$source"; done
  nm -g --defined-only part.o | awk '$3 !~ /^mbr_/ { print $3 }' > foreign.txt
  [ ! -s foreign.txt ] || fail "$source defines what does not begin with mbr_: $(cat foreign.txt)"
done
gcc -std=c99 $wall_c -Iall -c -o part.o all/mbr/link.c

echo '== what is there stays, what is stale goes'
cp -r all again
"$mbrc" vendor again --with uv,loopback,bridge,dart
diff -r all again
"$mbrc" vendor again --with link
[ "$(echo again/mbr/*)" = 'again/mbr/core.c again/mbr/core.h again/mbr/link.c again/mbr/link.h' ] ||
  fail "parts that are not asked for any more: $(echo again/mbr/*)"
mkdir -p mine/mbr
echo 'int mine;' > mine/mbr/core.c
refused 'mbr/core.c' "$mbrc" vendor mine
[ "$(cat mine/mbr/core.c)" = 'int mine;' ] || fail 'a file of the user was overwritten'

echo '== versions that differ'
mkdir newer
cp -r mbr demo_climate.[ch] newer
sed -i 's/^#define MBR_VERSION_PATCH .*/#define MBR_VERSION_PATCH 99/' newer/mbr/core.h
refused 'the runtime has another version' cc -std=c99 -Inewer -c -o part.o newer/demo_climate.c
refused 'mbr/core.h of another one' cc -std=c99 -Inewer -c -o part.o newer/mbr/core.c
echo 'passed'
