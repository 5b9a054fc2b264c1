#!/bin/sh
# The tests that a document names exist: evidence.sh GROUPS FILE...   (run in the project's root)
# Where a line names a group, `check-…`, it is one of GROUPS; a file `tests/…` is there, and each text in backticks
# that follows it, up to the next group, stands in it.
set -eu

groups=$1
shift
awk -v groups="$groups" '
  function complain(text) { print FILENAME ":" FNR ": " text > "/dev/stderr"; failed = 1 }
  function holds(file, text,  line) {
    if (!(file in whole)) {
      while ((getline line < file) > 0) whole[file] = whole[file] line "\n"
      close(file)
    }
    return index(whole[file], text)
  }
  BEGIN { count = split(groups, word, " "); for (i = 1; i <= count; i++) is_group["check-" word[i]] = 1 }
  !/`check-[a-z]+`.*`tests\// { next }
  {
    count = split($0, part, "`")
    file = ""
    for (i = 2; i <= count; i += 2) {
      if (part[i] ~ /^check-/) {
        if (!(part[i] in is_group)) complain("no group " part[i])
        file = ""
      } else if (part[i] ~ /^tests\//) {
        file = part[i]
        if ((getline line < file) < 0) complain("no file " file)
        close(file)
        named++
      } else if (file != "" && !holds(file, part[i])) {
        complain(file " does not have " part[i])
      }
    }
  }
  END { if (!failed) print named " files are named, and hold what is said of them"; exit failed }' "$@"
