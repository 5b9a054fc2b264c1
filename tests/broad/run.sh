#!/bin/bash
# A schema as broad as any user's compiles: C and C++ headers pass the warning wall, Dart loads, generated code
# grows linearly and its functions stay short. usage: run.sh DART MBRC SCRATCH
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dart=$(realpath "$1")
mbrc=$(realpath "$2")
rm -rf "$3"
mkdir -p "$3"
cd "$3"

# Generated functions may have this many lines, unless they are a switch with a line an arm.
longest=200

for n in 200 400; do
  "$here/generate.sh" "$here/words.txt" $n >broad$n.mbr
  "$mbrc" --c c$n --c-client c$n --dart dart$n --package broad broad$n.mbr
done

echo '== warning wall'
wall='-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Wcast-align
      -Wdouble-promotion -Wvla -Werror -fsyntax-only'
for header in c400/*.h; do echo "#include \"$header\""; done >all.cpp
for cc in gcc clang; do
  for std in c99 c11; do
    $cc -std=$std $wall -Wstrict-prototypes -Wmissing-prototypes -I"$root/include" -Ic400 c400/*.c
  done
  $cc -x c++ -std=c++20 $wall -I"$root/include" all.cpp
done

echo '== Dart loads'
cat >packages.json <<EOF
{"configVersion": 2, "packages": [
  {"name": "broad", "rootUri": "dart400/", "packageUri": "lib/", "languageVersion": "3.5"}]}
EOF
cat >main.dart <<'EOF'
import 'package:broad/broad_class_namespace.dart';

void main() {
  print(const Nothing());
  print(CallsApi.new is Function ? '1 passed, 0 failed' : '0 passed, 1 failed');
}
EOF
timeout 120 "$dart" --packages=packages.json main.dart | tail -n 1

echo '== linear growth'
size() { find "$1" -name "$2" -exec cat {} + | wc -c; }
"$here/generate.sh" "$here/words.txt" 0 >broad0.mbr
"$mbrc" --c c0 --c-client c0 --dart dart0 --package broad broad0.mbr
for kind in 'c *.c' 'c *.h' 'dart *.dart'; do
  set -f
  set -- $kind
  first=$(($(size ${1}200 "$2") - $(size ${1}0 "$2")))
  second=$(($(size ${1}400 "$2") - $(size ${1}200 "$2")))
  set +f
  echo "$kind: the first 200 structs take $first bytes, the next 200 $second"
  [ $second -lt $((first * 5 / 4)) ]
done

echo '== short functions'
awk -v longest=$longest '
  FNR == 1 { inside = 0 }
  !inside && /^[a-zA-Z].*\{$/ && !/^(typedef|struct|union|enum|static const|const|final class|sealed class|abstract|class|extension)/ {
    inside = 1; lines = 0; arms = 0; title = $0
  }
  inside { lines++; if (/^ *(case |default|return |break;|final |_ =>|[0-9]+ =>|[A-Za-z.]+ *=>)/) arms++ }
  inside && /^\}/ {
    inside = 0; functions++
    if (lines - arms > longest) { print FILENAME ": " lines " lines: " title; bad = 1 }
  }
  END { print functions " functions"; exit bad || functions < 1000 }
' c400/*.c dart400/lib/src/*.dart
echo '1 passed, 0 failed'
