#!/bin/sh
# Writes C source that holds the runtime as `mbrc vendor` writes it: for each part of the table beside this file
# one header and one source, as arrays of bytes. Run in the project's root.
# usage: embed.sh > vendored.c
set -eu
export LC_ALL=C
here=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

number_of() { awk -v name="MBR_VERSION_$1" '$2 == name { print $3 }' include/mbr/version.h; }
major=$(number_of MAJOR) minor=$(number_of MINOR) patch=$(number_of PATCH)
version=$major.$minor.$patch
number=$((major * 10000 + minor * 100 + patch))

# In the order of mbr/core.h: each after what it needs.
core_headers=$(sed -n 's|^#include "mbr/\(.*\)"|\1|p' include/mbr/core.h)
core_paths=$(for name in $core_headers; do echo "include/mbr/$name"; done)

amalgamate() { # TITLE OPTIONS FILE...
  title=$1
  shift
  awk -v version="$version" -v number="$number" -v title="$title" -v core="core.h $(echo $core_headers)" \
    -f "$here/amalgamate.awk" "$@"
}

write_header() { # PART HEADER ABOUT
  if [ "$1" = core ]; then
    # shellcheck disable=SC2086 # a list of files
    amalgamate "mbr/$2: $3" -v is_core_header=1 $core_paths
  else
    amalgamate "mbr/$2: $3" "include/mbr/$2"
  fi
}

write_source() { # HEADER FOLDERS ABOUT
  sources=$(for folder in $(echo "$2" | tr , ' '); do echo "runtime/$folder"/*.c; done)
  # shellcheck disable=SC2086 # a list of files
  amalgamate "mbr/${1%.h}.c: $3" $sources
}

bytes_of() { od -An -v -tu1 "$1" | sed 's/[0-9][0-9]*/&,/g'; }

echo '#include "compiler/vendor.h"'
row=0
grep -v '^#' "$here/parts" | while read -r name needs folders header about; do
  write_header "$name" "$header" "$about" > "$scratch/header"
  write_source "$header" "$folders" "$about" > "$scratch/source"
  for kind in header source; do
    echo "static const unsigned char ${kind}_$row[] = {"
    bytes_of "$scratch/$kind"
    echo '};'
  done
  echo "    {\"$name\", \"$(echo "$needs" | tr -d -)\", \"$about\", \"${header%.h}\", header_$row, sizeof header_$row," \
    "source_$row, sizeof source_$row}," >> "$scratch/rows"
  row=$((row + 1))
done
echo 'const vendor_part vendor_parts[] = {'
cat "$scratch/rows"
echo '};'
echo "const size_t vendor_part_count = sizeof vendor_parts / sizeof vendor_parts[0];"
