#!/bin/sh
# Runs the tests of generated Dart without a native library: run.sh DART MBRC SCRATCH [PROGRAM...]
# DART is a Dart VM, MBRC the compiler, SCRATCH a folder to write in.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dart=$1
mbrc=$2
mkdir -p "$3"
scratch=$(cd "$3" && pwd)
shift 3

"$mbrc" --dart "$scratch/cabin" --package cabin "$root/tests/golden/showcase.mbr"
"$mbrc" --dart "$scratch/clashes" --package clashes "$here/clashes.mbr"
"$mbrc" --dart "$scratch/shapes" --package shapes "$here/shapes.mbr"
"$mbrc" --dart "$scratch/marks" --package marks "$here/marks.mbr"
"$here/many.sh" > "$scratch/many.mbr"
"$mbrc" --dart "$scratch/many" --package many "$scratch/many.mbr"
"$mbrc" --dart "$scratch/vss" --package vss "$root"/tests/corpus/vss/*.mbr
"$mbrc" --dart "$scratch/vectors" --package vectors "$root/tests/vectors/vectors.mbr"
mkdir -p "$scratch/table/lib"
"$here/table.sh" vectors vectors "$scratch/vectors/lib/src/vectors_codec.dart" > "$scratch/table/lib/table.dart"

# What is refused is refused at its place, and nothing is written.
echo '== refused'
if (cd "$here" && "$mbrc" --dart "$scratch/refused" --package refused refused.mbr) 2> "$scratch/refused.txt"; then
  echo 'refused.mbr was accepted' >&2
  exit 1
fi
diff -u "$here/refused.txt" "$scratch/refused.txt"
[ ! -e "$scratch/refused" ]

# Generated code is held to the language version that its pubspec asks for.
packages=$scratch/package_config.json
cat > "$packages" <<END
{"configVersion": 2, "packages": [
  {"name": "mbr", "rootUri": "file://$root", "packageUri": "./", "languageVersion": "3.5"},
  {"name": "cabin", "rootUri": "file://$scratch/cabin", "packageUri": "lib/", "languageVersion": "3.5"},
  {"name": "clashes", "rootUri": "file://$scratch/clashes", "packageUri": "lib/", "languageVersion": "3.5"},
  {"name": "shapes", "rootUri": "file://$scratch/shapes", "packageUri": "lib/", "languageVersion": "3.5"},
  {"name": "marks", "rootUri": "file://$scratch/marks", "packageUri": "lib/", "languageVersion": "3.5"},
  {"name": "many", "rootUri": "file://$scratch/many", "packageUri": "lib/", "languageVersion": "3.5"},
  {"name": "vectors", "rootUri": "file://$scratch/vectors", "packageUri": "lib/", "languageVersion": "3.5"},
  {"name": "vectors_table", "rootUri": "file://$scratch/table", "packageUri": "lib/", "languageVersion": "3.5"},
  {"name": "vss", "rootUri": "file://$scratch/vss", "packageUri": "lib/", "languageVersion": "3.5"}
]}
END

# A package as platforms without dart:ffi see it: every import that asks for that takes the other way.
web=$scratch/web
rm -rf "$web"
cp -r "$scratch/cabin" "$web"
rm "$web"/lib/src/mbr/native*.dart "$web"/lib/src/*_native.dart
sed -i "s/ if (dart.library.ffi) '[^']*'//" "$web"/lib/src/*.dart "$web"/lib/src/mbr/*.dart
sed 's|/cabin", "packageUri"|/web", "packageUri"|' "$packages" > "$scratch/web_config.json"
if grep -lE "'dart:(ffi|io|isolate)'" -r "$web"; then
  echo 'these need a native platform' >&2
  exit 1
fi
if grep -nE '[^0-9a-f](0x[0-9a-f]{14,}|[0-9]{17,})' "$web"/lib/src/*_services.dart; then
  echo 'JavaScript has no such integers' >&2
  exit 1
fi

[ $# -gt 0 ] || set -- wire values codec json marks paths services fakes shapes many vectors clashes corpus web
for program in "$@"; do
  echo "== $program"
  case $program in
    web) config=$scratch/web_config.json ;;
    *) config=$packages ;;
  esac
  timeout 120 "$dart" --enable-asserts --packages="$config" "$here/$program.dart"
done
