# Compares what cppcheck's MISRA add-on finds with what MISRA.md and the tags in the sources say of it:
#   awk -f judge.awk MISRA.md FINDINGS FILE...
#
# MISRA.md's tables of deviations have rows "| rule | category | where | reason |", where `where` is any of core (the
# runtime as vendored, below mbr/), generated and tagged, with commas between. FINDINGS has lines "rule file:line". A tag
# is a comment "misra <rule>: <reason>" on the line of the finding or the one before. A finding that neither covers is a
# failure, and so are a row and a tag that cover nothing.

function complain(text) { print "misra: " text > "/dev/stderr"; failed = 1 }

function trim(text) { gsub(/^ +| +$/, "", text); return text }

FILENAME == ARGV[1] {
  if ($0 !~ /^\| [0-9]+\.[0-9]+ \|/) next
  split($0, cell, "|")
  count = split(cell[4], place, ",")
  for (i = 1; i <= count; i++) listed[trim(cell[2]), trim(place[i])] = 1
  next
}

FILENAME == ARGV[2] { findings[++found] = $0; next }

{
  text[FILENAME, FNR] = $0
  if (match($0, /misra [0-9]+\.[0-9]+:/)) tag[FILENAME, FNR] = substr($0, RSTART + 6, RLENGTH - 7)
}

function tagged(file, line, rule,  i) {
  for (i = line; i >= line - 1; i--) {
    if (tag[file, i] != rule) continue
    met[file, i] = 1
    return 1
  }
  return 0
}

END {
  for (i = 1; i <= found; i++) {
    split(findings[i], part, " ")
    split(part[2], at, ":")
    scope = at[1] ~ /^mbr\// ? "core" : "generated"
    if (tagged(at[1], at[2], part[1])) scope = "tagged"
    seen[part[1], scope] = 1
    if (!((part[1], scope) in listed)) complain(findings[i] ": " trim(text[at[1], at[2]]))
  }
  for (key in listed) {
    split(key, part, SUBSEP)
    if (!(key in seen)) complain("MISRA.md lists " part[1] " for " part[2] ", and nothing was found")
  }
  for (key in tag) {
    split(key, part, SUBSEP)
    if (tag[key] != "" && !met[key]) complain("nothing was found at the tag at " part[1] ":" part[2] ": " trim(text[key]))
  }
  exit failed
}
