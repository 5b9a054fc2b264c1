#!/bin/sh
# What is in the image, and what is not: image.sh FOLDER
# FOLDER has unit.elf and, below obj, what the compiler says of the stack. Prints sizes.
set -eu
folder=$1
image=$folder/unit.elf

fail() { echo "tests/firmware: $*" >&2; exit 1; }

# Of the C library nothing but what compilers themselves call.
for name in malloc calloc realloc free _sbrk printf sprintf snprintf vfprintf puts __errno errno _impure_ptr abort exit \
  assert __assert_func strlen strcpy; do
  ! arm-none-eabi-nm "$image" | grep -q " $name\$" || fail "the image has $name"
done
[ -z "$(arm-none-eabi-nm -u "$image")" ] || fail 'the image lacks what it calls'

# The runtime has no data of its own: only the application's and the board's.
for object in "$folder"/obj/third_party/mbr/*.o "$folder"/obj/c/*.o; do
  arm-none-eabi-size -A "$object" | awk '/^\.(data|bss)/ && !/rel\.ro/ { sum += $2 } END { exit sum > 0 }' ||
    fail "$object has .data or .bss"
done

# Every function's stack is known when it is compiled.
find "$folder/obj" -name '*.su' -exec cat {} + > "$folder/stack.txt"
if grep -v 'static$' "$folder/stack.txt"; then fail 'the size of that stack frame is not known'; fi

arm-none-eabi-size -A "$image" | awk '
  $1 ~ /^\.(text|stack|data|bss|kept)$/ { size[substr($1, 2)] = $2 }
  END {
    printf "image: %d bytes of flash; %d bytes of RAM: %d stack, %d data and bss\n", size["text"] + size["data"],
      size["stack"] + size["data"] + size["bss"] + size["kept"], size["stack"], size["data"] + size["bss"] + size["kept"]
  }'
for part in board src c third_party; do
  # shellcheck disable=SC2046 # numbers
  printf '  %-12s %6d text %6d data %6d bss, before anything is dropped\n' $part \
    $(arm-none-eabi-size -t $(find "$folder/obj/$part" -name '*.o') | awk 'END { print $1, $2, $3 }')
done
echo "largest stack frames: $(sort -t "$(printf '\t')" -k 2 -n -r "$folder/stack.txt" | head -n 3 |
  awk -F '\t' '{ n = split($1, name, ":"); printf "%s%s %d", (NR > 1 ? ", " : ""), name[n], $2 }')"
