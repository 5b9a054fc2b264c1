#!/bin/sh
# Writes a contract of very many declarations: 300 structs within each other, a union of 300 arms, an enum
# of 300 members, and empty structs.
set -eu
awk 'BEGIN {
  print "namespace many;\n\nstruct Nothing {}\nstruct S0 { nothing: Nothing; }"
  for (i = 1; i < 300; i++) printf "struct S%d { number: u16; inner: S%d; nothing: list<Nothing, 3>; }\n", i, int(i / 2)
  print "enum Member {"
  for (i = 0; i < 300; i++) printf "  m%d,\n", i
  print "}\nunion Any {"
  for (i = 0; i < 300; i++) printf "  a%d%s\n", i, i % 3 == 0 ? ";" : i % 3 == 1 ? ": S" i ";" : " { member: Member; }"
  print "}"
}'
