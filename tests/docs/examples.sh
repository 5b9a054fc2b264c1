#!/bin/bash
# Compiles every example of a page: each block that opens with ```mbr is a whole file, named behind the mbr where
# others import it, and gives no error and no warning. usage: examples.sh MBRC PAGE FOLDER
set -eu
mbrc=$(realpath "$1")
page=$2
rm -rf "$3"
mkdir -p "$3"

awk -v folder="$3" '
  /^```/ && inside { inside = 0; close(file); next }
  /^```/ { inside = 1; file = ""; if ($1 == "```mbr") file = folder "/" ($2 == "" ? "example_at_line_" NR ".mbr" : $2) }
  !/^```/ && inside && file != "" { print > file }
  END { exit inside }
' "$page" || { echo "$page: a block is not closed" >&2; exit 1; }

count=0
cd "$3"
for file in *.mbr; do
  [ -f "$file" ] || { echo "$page has no examples" >&2; exit 1; }
  shown=$("$mbrc" "$file" 2>&1) || { echo "$page: $shown" >&2; exit 1; }
  [ -z "$shown" ] || { echo "$page: $shown" >&2; exit 1; }
  count=$((count + 1))
done
echo "$count passed, 0 failed"
