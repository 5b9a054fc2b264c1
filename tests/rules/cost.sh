#!/bin/sh
# Work is bounded by what comes in: cost.sh MBRC SCRATCH   (run in the project's root)
#
# Instructions, counted by callgrind, for what a sender that means ill may send in n, 2n and 4n bytes: the same for each
# byte that an interrupt feeds to a link, linear for a poll and for frames, n log n for a check of keys. A growth below
# that is memcpy, which takes another way for many bytes.
set -eu

here=tests/rules
mbrc=$1
rm -rf "$2"
mkdir -p "$2"
scratch=$2

"$mbrc" --c "$scratch/c" $here/cost.mbr
gcc -std=c11 -O2 -Wall -Wextra -Werror -Iinclude -I"$scratch/c" -o "$scratch/cost" $here/cost.c "$scratch"/c/*.c \
  runtime/wire/*.c runtime/peer/*.c runtime/link/*.c
valgrind -q --tool=callgrind --callgrind-out-file="$scratch/counted" "$scratch/cost"

# Of each dump its name and its total, in order of sizes.
for dump in "$scratch"/counted.*; do
  awk '/^desc: Trigger: Client Request:/ { name = $5; size = $6 } /^totals:/ { print name, size, $2 }' "$dump"
done | sort -k1,1 -k2,2n |
  awk '
    # group: instructions a byte at most, where n goes to infinity; growth of the second step over the first.
    function allow(groups, bytes, growth,  name, i) {
      i = split(groups, name, " ")
      for (; i > 0; i--) { most[name[i]] = bytes; steepest[name[i]] = growth }
    }
    function complain(text) { print "cost: " text > "/dev/stderr"; failed = 1 }
    BEGIN {
      linear = 2.05
      allow("feed_zeros feed_blocks feed_short feed_empty feed_noise feed_repeated feed_full", 64, linear)
      allow("poll_zeros poll_blocks poll_short poll_empty poll_noise poll_repeated", 80, linear)
      allow("numbers numbers_lie texts_lie hello", 6, linear)
      allow("bools text text_wide text_bad texts_empty rows", 40, linear)
      allow("keys_rising keys_falling keys_shuffled", 300, 2.4)
      allow("nothings", 0.1, linear)
    }
    { count[$1]++; size[$1, count[$1]] = $2; cost[$1, count[$1]] = $3 }
    END {
      printf "%-14s %9s %9s %9s %6s %6s\n", "instructions", "8 KiB", "16 KiB", "32 KiB", "a byte", "growth"
      for (name in most) {
        if (count[name] != 3) { complain(name " was not measured"); continue }
        first = cost[name, 2] - cost[name, 1]
        second = cost[name, 3] - cost[name, 2]
        bytes = second / (size[name, 3] - size[name, 2])
        growth = first > 0 ? second / first : 0
        printf "%-14s %9d %9d %9d %6.1f %6.2f\n", name, cost[name, 1], cost[name, 2], cost[name, 3], bytes, growth | "sort"
        if (bytes > most[name]) complain(name " takes " bytes " instructions a byte, more than " most[name])
        if (bytes > 0.1 && growth > steepest[name]) complain(name " grows by " growth " where the input grows by 2")
        if (bytes < 0.1 && cost[name, 1] > 10000) complain(name " takes " cost[name, 1] " instructions whatever its size")
      }
      close("sort")
      for (name in count) if (!(name in most)) complain(name " has no bound")
      exit failed
    }'
