#!/bin/sh
# Fuzzes each target for some time: run.sh SECONDS BINARIES SCRATCH
# Before that it runs every input kept in corpus/ once, and what the byte vectors and the schemas of the tests
# make of it. An input that fails is left in SCRATCH; put it into corpus/ with the repair.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=$1
binaries=$2
scratch=$3
rm -rf "$scratch/seeds"
mkdir -p "$scratch/seeds/codec" "$scratch/seeds/peer" "$scratch/seeds/link" "$scratch/seeds/idl"

# A vector is the number of its type in vectors.mbr and its bytes; tens of kilobytes would only cost time.
"$root/tests/codec/vector_types.sh" < "$root/tests/vectors/vectors.mbr" > "$scratch/types.txt"
perl -e '
  my ($folder, $types, @vectors) = @ARGV;
  open my $in, "<", $types or die $!;
  my %number;
  while (<$in>) { $number{$1} = keys %number if /^VECTOR_TYPE\((\w+)/ }
  @ARGV = @vectors;
  while (<>) {
    my ($type, $hex) = split;
    next if length $hex > 2000;
    open my $out, ">:raw", "$folder/$." or die $!;
    print $out pack "C H*", $number{$type}, $hex eq "-" ? "" : $hex;
  }' "$scratch/seeds/codec" "$scratch/types.txt" "$root/tests/vectors/vectors.txt" "$root/tests/vectors/bad.txt"

count=0
for schema in $(find "$root/tests" "$root/examples" -name '*.mbr' -size -24k); do
  count=$((count + 1))
  cp "$schema" "$scratch/seeds/idl/$count"
done

# fuzz TARGET FLAGS
fuzz() {
  echo "== $1"
  mkdir -p "$scratch/grown/$1"
  # Unquoted on purpose: a list of flags.
  if ! "$binaries/fuzz_$1" $2 -max_total_time="$seconds" -timeout=25 -artifact_prefix="$scratch/$1-" \
    "$scratch/grown/$1" "$here/corpus/$1" "$scratch/seeds/$1" > "$scratch/$1.log" 2>&1; then
    grep -v '^#' "$scratch/$1.log" >&2
    exit 1
  fi
  grep '^Done' "$scratch/$1.log"
}

fuzz codec -max_len=1200
fuzz peer -max_len=600
fuzz link -max_len=600
fuzz idl "-max_len=4000 -dict=$here/idl.dict"
