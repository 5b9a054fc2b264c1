#!/bin/bash
# Writes FOLDER/diagnostics.md from idl/diag_table.h and the fixtures beside this file, and fails where one is
# missing or wrong: every diagnostic has a bad fixture, named after it, that shows it, and in index.txt a good
# fixture that shows nothing. usage: catalogue.sh MBRC FOLDER
set -eu
mbrc=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
cd "$(dirname "$0")"

fail() { echo "tests/diagnostics: $*" >&2; exit 1; }

# What a diagnostic needs of the command line, by its number.
options_for() {
  rm -rf "$out/generated"
  case $1 in
    80[2-4]) options=(--profile firmware) ;;
    8[0-4]?) options=(--c "$out/generated") ;;
    8[5-9]?) options=(--dart "$out/generated" --package demo) ;;
    9??) options=(--dart "$out/generated") ;;
    *) options=() ;;
  esac
}

# Runs mbrc in the folder of the fixture, so that no message depends on where the project is.
run() { (cd "$1" && "$mbrc" "${options[@]}" "$2" 2>&1) || true; }

declare -A mended_at
write_entry() { # NUMBER ID SEVERITY MESSAGE
  local bad good shown
  bad=${2,,}.mbr
  good=$(awk -v id="$2" '$1 == id { print $2 }' index.txt)
  [ -f "bad/$bad" ] || fail "$2 has no bad/$bad"
  [ -n "$good" ] && [ -f "good/$good.mbr" ] || fail "$2 has no good fixture in index.txt"
  options_for "$1"
  shown=$(run bad "$bad")
  grep -qF "[mbr-$1]" <<<"$shown" || fail "bad/$bad does not show mbr-$1:"$'\n'"$shown"
  [ -z "$(run good "$good.mbr")" ] || fail "good/$good.mbr is not right:"$'\n'"$(run good "$good.mbr")"

  printf '\n### mbr-%s\n\n%s: `%s`\n\n```text\n%s\n```\n\n' "$1" "${3^}" "$4" "$shown"
  if [ -n "${mended_at[$good]:-}" ]; then
    printf 'Mended: see [mbr-%s](#mbr-%s).\n' "${mended_at[$good]}" "${mended_at[$good]}"
  else
    printf 'Mended:\n\n```mbr\n%s\n```\n' "$(cat "good/$good.mbr")"
    mended_at[$good]=$1
  fi
}

write_all() {
  cat introduction.md
  local group='' entry_group number id severity message
  while IFS=$'\t' read -r entry_group number id severity message; do
    [ "$entry_group" = "$group" ] || printf '\n## %s\n' "$entry_group"
    group=$entry_group
    write_entry "$number" "$id" "$severity" "$message"
  done <"$out/list"
}

"${CC:-cc}" -std=c11 -o "$out/list-diagnostics" list.c
"$out/list-diagnostics" >"$out/list"
write_all >"$out/diagnostics.md"

# No fixture is left over.
for file in bad/*.mbr; do
  id=$(basename "$file" .mbr)
  cut -f 3 "$out/list" | grep -qxF "${id^^}" || fail "$file is for no diagnostic"
done
for file in good/*.mbr; do
  awk '{ print $2 }' index.txt | grep -qxF "$(basename "$file" .mbr)" || fail "$file mends nothing"
done
while read -r id _; do
  cut -f 3 "$out/list" | grep -qxF "$id" || fail "index.txt: there is no $id"
done <index.txt
echo "$(wc -l <"$out/list") passed, 0 failed"
