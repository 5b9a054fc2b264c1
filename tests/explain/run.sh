#!/bin/sh
# The figures of `mbrc explain` against those of compilers: run.sh MBRC SCRATCH     (run in the project's root)
# What explain says of types and services must be what sizeof and the constants of generated headers are, on this
# machine and on those with 32 bits. Objects tell, by the sizes of their symbols: nothing need run there.
set -eu
mbrc=$1
rm -rf "$2"
mkdir -p "$2"
scratch=$2
checked=0

fail() { echo "tests/explain: $*" >&2; exit 1; }

# Lines "name figure": from explain's tables, and from an object in which each is an array of that size. Names are
# those of the arrays: an exact rule for how names are converted would need the compiler.
told() { # EXPLAINED HEADERS
  awk -v headers="$2" '
    function macro_exists(name) { return system("grep -qs \"^#define " name " \" " headers) == 0 }
    /^types of / { part = "types"; next }
    /^(host )?service / {
      name = tolower($NF)
      gsub(/\./, "_", name)
      part = $1 == "service" && macro_exists(toupper(name) "_STORAGE_SIZE") ? "service" : ""
      largest = 16
      next
    }
    /^memory of / { part = ""; next }
    $1 == "type" || $1 == "method" || $1 == "items" { next }
    NF == 0 {
      if (part == "service") print "service_" name "_STORAGE_SIZE", largest
      part = ""
      next
    }
    part == "types" {
      print "sizeof_" $1, $2
      if ($NF + 0 > 0 && macro_exists(toupper($1) "_ARENA_SIZE")) print "arena_" $1, $NF
    }
    part == "service" && $NF != "-" {
      print "storage_" name "__" $1, $NF
      if ($NF + 0 > largest) largest = $NF
    }' "$1" | sort
}

# C with one array for each of those names.
arrays() { # TOLD
  awk '
    { name = $1 }
    sub(/^sizeof_/, "", name) { print "char " $1 "[sizeof(" name ")];"; next }
    sub(/^arena_/, "", name) { print "char " $1 "[" toupper(name) "_ARENA_SIZE];"; next }
    sub(/^service_/, "", name) { print "char " $1 "[" toupper(name) "];"; next }
    sub(/^storage_/, "", name) {
      split(name, part, "__")
      print "char " $1 "[sizeof ((" part[1] "_storage *)0)->" part[2] "];"
    }' "$1"
}

compare() { # NAME ABI COMPILER... -- MBRC'S ARGUMENTS
  name=$1 abi=$2
  shift 2
  compiler=''
  while [ "$1" != -- ]; do
    compiler="$compiler $1"
    shift
  done
  shift
  folder=$scratch/$name
  rm -rf "$folder"
  mkdir -p "$folder/c"
  profile=''
  files=''
  for word; do
    case $word in --*) profile="$profile $word" ;; firmware) profile="$profile $word" ;; *) files="$files $word" ;; esac
  done
  # Unquoted on purpose: lists of words.
  "$mbrc" $profile --c "$folder/c" $files
  "$mbrc" explain $profile --abi "$abi" $files > "$folder/explained"
  told "$folder/explained" "$folder/c/*.h" > "$folder/told"
  for header in "$folder"/c/*.h; do echo "#include \"$header\""; done > "$folder/arrays.c"
  arrays "$folder/told" >> "$folder/arrays.c"
  $compiler -std=c99 -fno-common -Iinclude -I"$folder/c" -c -o "$folder/arrays.o" "$folder/arrays.c"
  nm -S "$folder/arrays.o" | while read -r _ size _ symbol; do
    [ -z "$symbol" ] || echo "$symbol $((0x$size))"
  done | sort > "$folder/true"
  diff "$folder/told" "$folder/true" || fail "$name: explain says what stands left, $compiler what stands right"
  [ -s "$folder/told" ] || fail "$name: nothing was compared"
  checked=$((checked + $(wc -l < "$folder/told")))
}

all() { # NAME ABI COMPILER...
  target=$1 measured=$2
  shift 2
  compare "$target-shapes" "$measured" "$@" -- --profile firmware tests/explain/shapes.mbr
  compare "$target-climate" "$measured" "$@" -- --profile firmware tests/vendor/climate.mbr
  compare "$target-vectors" "$measured" "$@" -- tests/vectors/vectors.mbr
  compare "$target-codec" "$measured" "$@" -- tests/codec/shapes.mbr tests/codec/units.mbr
}

all lp64 lp64 gcc -m64
# i386 aligns numbers of eight bytes to four, but for this option; ARM and RISC-V do not.
all ilp32 ilp32 gcc -m32 -malign-double
if command -v arm-none-eabi-gcc > /dev/null; then
  all arm ilp32 arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -fno-short-enums
else
  echo 'tests/explain: skipped ARM (arm-none-eabi-gcc is not installed)'
fi

tests/explain/runtime_sizes.sh "$scratch/runtime" > "$scratch/runtime_sizes.h"
diff -u compiler/explain/runtime_sizes.h "$scratch/runtime_sizes.h" ||
  fail 'structs of the runtime have other sizes now: make runtime-sizes'

echo "$checked passed, 0 failed"
