#!/bin/bash
# Does what the README tells a newcomer to do, in an empty folder, and compares what comes out with what the
# README promises. usage: run.sh README PROJECT_FOLDER SCRATCH_FOLDER DART [DART_CFLAG...]
set -eu
readme=$(realpath "$1")
MBRC=$(realpath "$2")
dart_vm=$(realpath "$(command -v "$4")")
scratch=$3
shift 4
dart_cflags=$*
export MBRC
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

# Fenced blocks whose opening line names a file become that file; the sh blocks after "From nothing" are run.
awk '
  /^## / { tutorial = $0 ~ /From nothing to a running call/ }
  !tutorial { next }
  /^```/ && inside { inside = 0; next }
  /^```/ { inside = 1; file = $2; if ($1 == "```sh") file = "commands.sh"; next }
  inside && file != "" { print >> file }
' "$readme"
for file in climate.mbr climate.c main.dart pubspec.yaml commands.sh output; do
  [ -s "$file" ] || { echo "the README has no $file" >&2; exit 1; }
done

# Libraries are built for the Dart at hand. A bare VM has no `dart pub` and no `dart run`: then the path
# dependency of pubspec.yaml is written down here.
cc() { command cc $dart_cflags "$@"; }
dart() {
  if "$dart_vm" pub --version >/dev/null 2>&1; then "$dart_vm" "$@"; return; fi
  case $1 in
    pub)
      cat >packages.json <<EOF
{"configVersion": 2, "packages": [
  {"name": "hello", "rootUri": "./", "packageUri": "lib/", "languageVersion": "3.5"},
  {"name": "demo", "rootUri": "demo/", "packageUri": "lib/", "languageVersion": "3.5"}]}
EOF
      ;;
    run) shift; timeout 60 "$dart_vm" --packages=packages.json "$@" ;;
  esac
}
. ./commands.sh >got
diff output got
echo '1 passed, 0 failed'
