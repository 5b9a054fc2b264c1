#!/bin/sh
# What the core promises to a machine without a heap or an operating system, seen in what compilers make of it:
# run.sh SCRATCH   (run in the project's root; STACK=1 shows the way to each depth)
#
# runtime/{wire,peer,link} and code generated for a firmware use no heap, no stdio, no errno and no state of their own,
# no recursion, no frame without a fixed size, and no more stack than bounds.*.txt says. Programs in bad/ break one of
# these each, and must be found.
set -eu

here=tests/rules
rm -rf "$1"
mkdir -p "$1"
scratch=$1
ARM_CC=${ARM_CC:-arm-none-eabi-gcc}
GCC=${GCC:-gcc}
common='-std=c99 -Wall -Wextra -Wvla -Walloca -Werror -fstack-usage -fcallgraph-info=su -fno-pic -fno-ipa-icf'
headers='stddef stdint stdbool string' # of the C library: macros and types but for string.h, whose mem… are allowed
# What compilers call for plain C: copies, and arithmetic that a Cortex-M3 has no instruction for.
allowed='mem(cpy|set|move|cmp)|__aeabi_(mem|u?l|u?idiv|lcmp|ulcmp|[dfil]|llsl|llsr|lasr)[a-z0-9_]*'

complain() { echo "rules: $*" >&2; exit 1; }

# Compiles each source, whose objects and graphs are named after their paths: build FOLDER "COMPILER FLAGS" SOURCE...
build() {
  folder=$1
  cc=$2
  shift 2
  rm -rf "$folder"
  mkdir -p "$folder"
  for source; do
    # Unquoted on purpose, here and below: lists of words.
    $cc $common -c -o "$folder/$(echo "$source" | tr / _ | sed 's/\.c$//').o" "$source" || return 1
  done
}

# Nothing from outside but what is allowed, and no data that can change: symbols FOLDER PREFIX
symbols() {
  "$2ld" -r -o "$1/whole.elf" "$1"/*.o
  foreign=$("$2nm" -u "$1/whole.elf" | awk '{ print $2 }' | grep -vxE "$allowed|_GLOBAL_OFFSET_TABLE_" || true)
  [ -z "$foreign" ] || { echo "rules: calls from outside:" $foreign >&2; return 1; }
  state=$("$2nm" "$1/whole.elf" | awk '$2 ~ /^[bBdDcCsSgG]$/ { print $3 }')
  [ -z "$state" ] || { echo "rules: state:" $state >&2; return 1; }
}

# The sources themselves, whatever this compiler makes of them: no header but those four.
includes() {
  others=$(cat "$@" | sed -n 's/^ *# *include *<\(.*\)\.h>.*/\1/p' | sort -u | grep -vxE "$(echo $headers | tr ' ' '|')" || true)
  [ -z "$others" ] || { echo "rules: includes:" $others >&2; return 1; }
}

check() { # NAME PREFIX "COMPILER FLAGS" ALL
  echo "$1:"
  build "$scratch/$1" "$3 -Iinclude -Itests/golden/firmware/c" $sources
  symbols "$scratch/$1" "$2"
  awk -v all="${4:-}" -v show="${STACK:-}" -f $here/graph.awk $here/indirect.txt "$here/bounds.$1.txt" "$scratch/$1"/*.ci
}

sources="runtime/wire/*.c runtime/peer/*.c runtime/link/*.c
         tests/golden/firmware/c/*.c tests/golden/firmware/c_client/*.c"
sources=$(echo $sources)
includes $sources runtime/wire/*.c runtime/peer/*.[ch] runtime/link/*.[ch] tests/golden/firmware/*/*.h \
  $(sed -n 's/^#include "\(mbr\/.*\)"/include\/\1/p' include/mbr/core.h) include/mbr/core.h include/mbr/link.h

check host '' "$GCC -O2 -maccumulate-outgoing-args -mno-red-zone" all
if command -v "$ARM_CC" > /dev/null; then
  check cortex-m3 arm-none-eabi- "$ARM_CC -mcpu=cortex-m3 -mthumb -Os -DMBR_SMALL=1 -DMBR_LOG_LEVEL=0 -DNDEBUG"
else
  echo "cortex-m3: skipped: $ARM_CC is not installed (Debian: gcc-arm-none-eabi)"
fi

echo 'no log where it is compiled out:'
bytes_of() { # STRUCT LEVEL
  printf '#include "mbr/transport.h"\nchar bytes[sizeof(struct %s)];\n' "$1" > "$scratch/bytes.c"
  $GCC -std=c99 -Iinclude -fno-common -DMBR_LOG_LEVEL="$2" -c -o "$scratch/bytes.o" "$scratch/bytes.c"
  printf '%d' "0x$(nm -S "$scratch/bytes.o" | awk '{ print $2 }')"
}
saves() { # STRUCT BYTES
  saved=$(($(bytes_of "$1" 4) - $(bytes_of "$1" 0)))
  [ "$saved" -ge "$2" ] || complain "$1 is $saved bytes smaller without a log, not $2"
}
saves mbr_peer $((8 * $(bytes_of mbr_note 4) + 2 * 8 + 8)) # the notes, where they are told, level and count
saves mbr_slot 8
! $GCC -E -P -Iinclude -DMBR_LOG_LEVEL=0 include/mbr/transport.h |
  sed -n '/^struct mbr_peer {/,/^};/p; /^struct mbr_slot {/,/^};/p' | grep -wE '(log|notes?)(_[a-z]*)?|begun' ||
  complain 'fields of the log are left'
# All sentences in the peer's sources are of its log.
told() { # LEVEL: how many of them are in the objects
  build "$scratch/log$1" "$GCC -O2 -Iinclude -DMBR_LOG_LEVEL=$1" runtime/peer/*.c
  strings -a "$scratch/log$1"/*.o | grep -cxF -f "$scratch/sentences" || true
}
sed -n 's/.*"\([a-z]* [a-z ]*\)".*/\1/p' runtime/peer/*.c | sort -u > "$scratch/sentences"
count=$(wc -l < "$scratch/sentences")
[ "$count" -ge 10 ] && [ "$(told 4)" -ge "$count" ] || complain "not all $count sentences of the log were found"
[ "$(told 0)" -eq 0 ] || complain 'sentences of the log are left'
! nm "$scratch/log0"/*.o | grep -E 'mbr_(note|log)' || complain 'functions of the log are left'
echo "  $count sentences"

echo 'what breaks the rules is found:'
found() { # NAME TEXT: bad/NAME.c is refused, with these words
  if { includes $here/bad/$1.c && build "$scratch/$1" "$GCC -O1 -mno-red-zone" $here/bad/$1.c && symbols "$scratch/$1" '' &&
       awk -f $here/graph.awk $here/bad/indirect.txt $here/bad/bounds.txt "$scratch/$1"/*.ci; } \
    > "$scratch/$1.txt" 2>&1; then
    complain "bad/$1.c was not found"
  fi
  grep -q "$2" "$scratch/$1.txt" || { cat "$scratch/$1.txt" >&2; complain "bad/$1.c was refused for something else"; }
  echo "  $1"
}
found heap 'calls from outside: free malloc'
found stdio 'includes: stdio'
found errno 'includes: errno'
found state 'state: counted'
found vla 'variable length'
found alloca 'alloca'
found recursion 'recursion through bad_even'
found pointer 'calls through hooks->unknown .*, which is not listed'
found cycle 'recursion through bad_walk'
found deep 'bad_enter takes .* bytes of stack, more than 256'
