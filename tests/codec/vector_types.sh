#!/bin/sh
# The types of tests/vectors/vectors.mbr for the preprocessor: vector_types.sh < vectors.mbr > vector_types.h
# writes VECTOR_TYPE(ListsOfNumbers, vectors_lists_of_numbers) for each.
set -eu

sed -n -E 's/^(@max_depth\([0-9]+\) )?(struct|union|error) ([A-Za-z]+) .*/\3/p' |
  while read -r name; do
    snake=$(printf '%s' "$name" | sed -E 's/([a-z])([A-Z])/\1_\2/g' | tr '[:upper:]' '[:lower:]')
    echo "VECTOR_TYPE($name, vectors_$snake)"
  done
