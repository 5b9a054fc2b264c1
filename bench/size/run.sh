#!/bin/sh
# What generated code and the runtime's core weigh on a Cortex-M3: run.sh MBRC SCRATCH   (run in the project's root)
#
# Bytes of text (code and constants) with -Os, after the linker has dropped what nothing uses, of images that encode
# and decode one message of ten fields, or ten messages. nanopb does the same with its smallest configuration, buffers
# only and no texts of errors; it is compiled from its sources, NANOPB=folder, since packages hold none for this
# machine. Figures are printed; what the project promises of its own is checked.
set -eu

here=bench/size
mbrc=$1
mkdir -p "$2"
scratch=$2
ARM_CC=${ARM_CC:-arm-none-eabi-gcc}
NANOPB=${NANOPB:-}
flags='-mcpu=cortex-m3 -mthumb -Os -ffunction-sections -fdata-sections'

if ! command -v "$ARM_CC" > /dev/null; then
  echo "size: skipped: $ARM_CC is not installed (Debian: gcc-arm-none-eabi)"
  exit 0
fi

# Links the objects and prints the bytes of text, data and bss that come from objects whose name has PATTERN in it.
weigh() { # MAP PATTERN
  awk -v pattern="$2" '
    function add(section, size, file) {
      if (file !~ pattern) return
      if (section ~ /^\.(text|rodata)/) text += size
      else if (section ~ /^\.data/) data += size
      else if (section ~ /^\.bss/) bss += size
    }
    function number(hex,  i, n) {
      n = 0
      for (i = 3; i <= length(hex); i++) n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
      return n
    }
    /^Linker script and memory map/ { mapped = 1 }
    !mapped { next }
    /^ \.[a-z]/ && NF == 1 { name = $1; next }
    /^ \.[a-z]/ && NF >= 4 { add($1, number($3), $4); next }
    /^ +0x/ && NF == 3 && name != "" { add(name, number($2), $3) }
    { name = "" }
    END { print text + 0, data + 0, bss + 0 }' "$1"
}

link() { # NAME OBJECT...
  name=$1
  shift
  $ARM_CC $flags -nostartfiles --specs=nosys.specs -Wl,--gc-sections,-e,main,-Map="$scratch/$name.map" \
    -o "$scratch/$name.elf" "$@" 2> "$scratch/$name.log" || { cat "$scratch/$name.log" >&2; exit 1; }
}

compile() { # OBJECT FLAGS... SOURCE
  object=$1
  shift
  $ARM_CC $flags -c -o "$object" "$@"
}

echo "Cortex-M3, -Os, $($ARM_CC --version | head -n 1)"
"$mbrc" --profile firmware --c "$scratch/mbr" $here/messages.mbr
includes="-std=c99 -Iinclude -I$scratch/mbr -I$here"
objects=''
for source in runtime/wire/*.c; do
  object=$scratch/core_$(basename "$source" .c).o
  compile "$object" $includes -DMBR_SMALL=1 "$source"
  objects="$objects $object"
done
compile "$scratch/made_messages.o" $includes "$scratch/mbr/size_messages.c"
for count in 1 10; do
  compile "$scratch/image_mbr_$count.o" $includes -DMESSAGES=$count $here/image_mbr.c
  # shellcheck disable=SC2086 # a list of files
  link "mbr_$count" "$scratch/image_mbr_$count.o" "$scratch/made_messages.o" $objects
done

if [ -n "$NANOPB" ] && command -v protoc-gen-nanopb > /dev/null; then
  mkdir -p "$scratch/nanopb"
  protoc -I"$here" --nanopb_out="-I$here:$scratch/nanopb" $here/messages.proto
  includes="-std=c99 -DPB_BUFFER_ONLY -DPB_NO_ERRMSG -I$NANOPB -I$scratch/nanopb -I$here"
  for source in pb_common pb_encode pb_decode; do compile "$scratch/core_$source.o" $includes "$NANOPB/$source.c"; done
  compile "$scratch/made_pb.o" $includes "$scratch/nanopb/messages.pb.c"
  for count in 1 10; do
    compile "$scratch/image_nanopb_$count.o" $includes -DMESSAGES=$count $here/image_nanopb.c
    link "nanopb_$count" "$scratch/image_nanopb_$count.o" "$scratch/made_pb.o" "$scratch"/core_pb_*.o
  done
  peers='mbr nanopb'
else
  echo 'nanopb: skipped (NANOPB=folder of its sources, and the package nanopb)'
  peers=mbr
fi

failed=0
at_most() { # WHAT LIMIT SIZE
  [ "$3" -le "$2" ] || { echo "size: $1 takes $3 bytes, and is to take at most $2" >&2; failed=1; }
}

printf '%-8s %9s %10s %8s %8s %8s %6s %6s\n' '' messages generated library other together data bss
for count in 1 10; do
  for peer in $peers; do
    map=$scratch/${peer}_$count.map
    # shellcheck disable=SC2046 # numbers
    set -- $(weigh "$map" '/made_') $(weigh "$map" '/core_') $(weigh "$map" '/lib')
    together=$(($1 + $4 + $7))
    printf '%-8s %9d %10d %8d %8d %8d %6d %6d\n' $peer $count "$1" "$4" "$7" $together $(($2 + $5)) $(($3 + $6))
    eval "${peer}_$count=$together"
    [ $peer = mbr ] || continue
    [ $count != 1 ] || at_most 'the codec of a message of ten fields' 300 "$1"
    at_most 'the codec and framing of the core' 3072 "$4"
    at_most 'data and bss of the core' 0 $(($2 + $3 + $5 + $6))
  done
done
echo '(other: what the compiler and C library add, such as memcpy and arithmetic)'
if [ "$peers" != mbr ]; then
  at_most 'one message' "$nanopb_1" "$mbr_1"
  at_most 'ten messages' "$nanopb_10" "$mbr_10"
fi

runtime_flags='-std=c99 -Iinclude -DMBR_SMALL=1 -DMBR_LOG_LEVEL=0 -DNDEBUG'
objects=
for part in wire peer link; do
  total=0
  for source in runtime/$part/*.c; do
    object=$scratch/part_${part}_$(basename "$source" .c).o
    # shellcheck disable=SC2086 # a list of flags
    compile "$object" $runtime_flags "$source"
    objects="$objects $object"
    # shellcheck disable=SC2046 # numbers
    set -- $(arm-none-eabi-size "$object" | tail -n 1)
    total=$((total + $1))
    at_most "data and bss of $source" 0 $(($2 + $3))
  done
  eval "whole_$part=$total"
done
# shellcheck disable=SC2086 # lists of flags and files
compile "$scratch/image_peer.o" $runtime_flags $here/image_peer.c
# shellcheck disable=SC2086
link peer "$scratch/image_peer.o" $objects

echo
echo 'Parts of the runtime in an image that serves a method over a link, and whole (eRPC, an RPC for such machines,'
echo 'is published as below 5 KB):'
for part in wire peer link; do
  # shellcheck disable=SC2046 # numbers
  set -- $(weigh "$scratch/peer.map" "/part_${part}_")
  at_most "data and bss of runtime/$part" 0 $(($2 + $3))
  eval "whole=\$whole_$part"
  # shellcheck disable=SC2154 # set by eval
  printf '  runtime/%-5s %6d of %6d\n' $part "$1" "$whole"
done
exit $failed
