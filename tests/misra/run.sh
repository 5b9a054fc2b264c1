#!/bin/sh
# The MISRA C:2012 rules that cppcheck's add-on knows, over what a firmware's author checks in: the runtime as `mbrc
# vendor` writes it, and generated code. run.sh MBRC SCRATCH   (run in the project's root)
#
# Its findings are to be those that MISRA.md lists. They are of one version of cppcheck; others find other things.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(pwd)
mbrc=$(realpath "$1")
known='Cppcheck 2.10'
rm -rf "$2"
mkdir -p "$2"
cd "$2"

if ! command -v cppcheck > /dev/null; then
  echo 'misra: skipped: cppcheck is not installed'
  exit 0
fi
if [ "$(cppcheck --version)" != "$known" ]; then
  echo "misra: skipped: MISRA.md is about $known, and this is $(cppcheck --version)"
  exit 0
fi
echo 'int main(void) { return 0; }' > probe.c
if ! cppcheck --quiet --error-exitcode=1 --addon=misra probe.c > probe.txt 2>&1; then
  echo "misra: skipped: cppcheck has no MISRA add-on: $(head -n 1 probe.txt)"
  exit 0
fi

"$mbrc" vendor . --with link
cp "$root"/tests/golden/firmware/c/* "$root"/tests/golden/firmware/c_client/* .
# Cppcheck is no compiler: it is told what gcc would say for a Cortex-M.
cppcheck --quiet --addon=misra --enable=style --std=c99 --platform=arm32-wchar_t4 -I. -D__GNUC__=12 \
  -D__BYTE_ORDER__=1234 -D__ORDER_LITTLE_ENDIAN__=1234 -DMBR_LOG_LEVEL=4 '-DUINT64_C(c)=c##ULL' --template='{id} {file}:{line}' \
  mbr/core.c mbr/link.c ./*.c > said.txt 2>&1
sed -n 's/^misra-c2012-\([0-9.]*\) \(\.\/\)*\(.*\)/\1 \3/p' said.txt | sort -u > findings.txt
[ -s findings.txt ] || { cat said.txt >&2; exit 1; }

judge() { awk -f "$here/judge.awk" "$root/MISRA.md" "$1" mbr/*.[ch] pump_*.[ch]; }
sed 's/^\.\///' findings.txt > all.txt
judge all.txt

# The comparison itself: what is new is told, and what is gone.
missed() { # TEXT FINDINGS
  if judge "$2" > judged.txt 2>&1; then echo "misra: not told: $1" >&2; exit 1; fi
  grep -q "$1" judged.txt || { cat judged.txt >&2; exit 1; }
}
{ cat all.txt; echo '15.1 mbr/core.c:1'; } > more.txt
missed '^misra: 15.1 mbr/core.c:1' more.txt
grep -v '^16.4 ' all.txt > fewer.txt
missed 'MISRA.md lists 16.4 for core' fewer.txt
grep -v '^11.6 ' all.txt > fewer.txt
missed 'nothing was found at the tag' fewer.txt
echo "$(wc -l < all.txt) findings, of $(cut -d ' ' -f 1 all.txt | sort -u | wc -l) rules, all of them in MISRA.md"
