#!/bin/sh
# Runs the tests of the Dart connection: run.sh DART LIBPROBE SCRATCH [PROGRAM...]
# DART is a Dart VM, LIBPROBE the library of probe.c built for it, SCRATCH a folder to write in. Where the
# library needs the runtime of a sanitizer, VM_PRELOAD names it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dart=$1
library=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
mkdir -p "$3"
scratch=$(cd "$3" && pwd)
shift 3

# Tests and templates are held to the language version that generated packages ask for.
packages=$scratch/package_config.json
root=$(cd "$here/../.." && pwd)
cat > "$packages" <<END
{"configVersion": 2, "packages": [
  {"name": "mbr", "rootUri": "file://$root", "packageUri": "./", "languageVersion": "3.5"}
]}
END

[ $# -gt 0 ] || set -- calls streams kinds limits hosts calling isolates library timeline endings stress
for program in "$@"; do
  echo "== $program"
  timeout 300 env TMPDIR="$scratch" LD_PRELOAD="${VM_PRELOAD:-}" \
    "$dart" --enable-asserts --packages="$packages" "$here/$program.dart" "$library"
done
