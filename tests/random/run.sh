#!/bin/sh
# Random contracts and random values of them between C and Dart: run.sh DART MBRC SCRATCH SEED COUNT CC...
# One contract for each of COUNT seeds from SEED on. DART is a Dart VM, MBRC the compiler, SCRATCH a folder
# to write in, CC a C compiler with its flags. What failed stays in SCRATCH/SEED; COUNT 1 repeats it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dart=$1
mbrc=$2
mkdir -p "$3"
scratch=$(cd "$3" && pwd)
first=$4
count=$5
shift 5

compile() {
  "$@" -std=c11 -D_POSIX_C_SOURCE=200809L -I"$root/include" -I"$root/tests/codec" -I"$here"
}

# What knows no contract is compiled once.
runtime=$scratch/runtime
rm -rf "$runtime"
mkdir -p "$runtime"
for source in "$here/exchange.c" "$root"/runtime/wire/*.c "$root"/runtime/peer/*.c; do
  compile "$@" -c -o "$runtime/$(basename "$source" .c).o" "$source"
done

# $1 is the folder of a contract, the rest the C compiler.
run_contract() {
  folder=$1
  shift
  cat > "$folder/packages.json" <<JSON
{"configVersion": 2, "packages": [
  {"name": "random", "rootUri": "file://$here", "packageUri": "./", "languageVersion": "3.5"},
  {"name": "contract", "rootUri": "file://$folder/dart", "packageUri": "lib/", "languageVersion": "3.5"}
]}
JSON
  "$mbrc" --dart "$folder/dart" --c "$folder/c" --package contract "$folder"/*.mbr 2> "$folder/mbrc.txt" || {
    grep -A 2 'error:' "$folder/mbrc.txt" >&2
    return 1
  }
  compile "$@" -I"$folder/c" -o "$folder/exchange" \
    "$folder/subjects.c" "$folder"/c/*.c "$runtime"/*.o || return 1
  timeout 300 "$dart" --enable-asserts --packages="$folder/packages.json" "$folder/values.dart" \
    "$(basename "$folder")" "$folder/values.bin" "$folder/answers.bin" "$folder/exchange"
}

"$dart" "$here/generate.dart" "$scratch" "$first" "$count"
failed=
seed=$first
while [ "$seed" -lt $((first + count)) ]; do
  if run_contract "$scratch/$seed" "$@"; then
    rm -rf "${scratch:?}/$seed"
  else
    echo "random contract $seed failed; see $scratch/$seed" >&2
    failed="$failed $seed"
  fi
  seed=$((seed + 1))
done
[ -z "$failed" ] || { echo "failed seeds:$failed" >&2; exit 1; }
