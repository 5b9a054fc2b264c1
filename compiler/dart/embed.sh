#!/bin/sh
# Writes C source that holds each given Dart file as an array of bytes: mbrc carries its templates inside.
# usage: embed.sh FILE.dart... > dart_templates.c
set -eu
export LC_ALL=C
echo '#include "compiler/dart/templates.h"'
number=0
for file; do
  echo "static const unsigned char template_$number[] = {"
  od -An -v -tu1 "$file" | sed 's/[0-9][0-9]*/&,/g'
  echo '};'
  number=$((number + 1))
done
echo 'const dart_template dart_templates[] = {'
number=0
for file; do
  echo "    {\"${file##*/}\", template_$number, sizeof template_$number},"
  number=$((number + 1))
done
echo '};'
echo "const size_t dart_template_count = $number;"
