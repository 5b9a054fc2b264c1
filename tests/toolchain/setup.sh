#!/bin/sh
# Installs what `make demo`, `make demo-firmware` or `make check` needs and this machine lacks; says what it
# installs, and does nothing where all is there. usage: setup.sh demo|demo-firmware|check BUILD_FOLDER
set -eu
what=$1
build=$2
here=$(dirname "$0")
packages=
needed_by_hand=

# need COMMAND DEBIAN_PACKAGE...: the packages are wanted where the command is not on PATH
need_command() {
  command -v "$1" >/dev/null 2>&1 || want "$2"
}

# want PACKAGE: once
want() {
  case " $packages " in *" $1 "*) ;; *) packages="$packages $1" ;; esac
}

# need_c PACKAGE FLAGS SOURCE: the package is wanted where SOURCE does not compile and link with FLAGS
need_c() {
  if ! command -v cc >/dev/null 2>&1 || ! printf '%s\n' "$3" | cc -x c - -o /dev/null $2 >/dev/null 2>&1; then
    for package in $1; do want "$package"; done
  fi
}

need_32_bit() {
  need_c "libc6-dev-i386 lib32gcc-12-dev" "-m32 -pthread" '#include <pthread.h>
int main(void) { return 0; }'
}

need_command cc gcc
need_c libc6-dev "" '#include <stdio.h>
int main(void) { return 0; }'
need_command re2c re2c
need_command lemon lemon

# A dart on PATH serves the machine it was built for. Without one, a 32-bit VM from npm is used, which
# needs a 32-bit C library to run and a 32-bit compiler for the libraries it opens.
need_dart_vm=false
if ! command -v dart >/dev/null 2>&1; then
  need_dart_vm=true
  need_32_bit
  [ -e /lib/ld-linux.so.2 ] || want libc6-i386
  [ -x "$build/dart-vm/node_modules/sass-embedded-linux-ia32/dart-sass/src/dart" ] || need_command npm npm
fi

# A microcontroller: its compiler, the few functions of a C library that an image links, and an emulator.
if [ "$what" != demo ]; then
  need_command arm-none-eabi-gcc gcc-arm-none-eabi
  if ! echo '#include <string.h>' | arm-none-eabi-gcc -E - >/dev/null 2>&1; then want libnewlib-arm-none-eabi; fi
  need_command qemu-system-arm qemu-system-arm
fi

if [ "$what" = check ]; then
  need_32_bit
  need_c libcmocka-dev "-lcmocka" '#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
int main(void) { return 0; }'
  need_c libuv1-dev "-luv" '#include <uv.h>
int main(void) { return (int)uv_version() < 0; }'
  need_command g++ g++
  need_command clang clang
  if ! printf 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d != 0 && n > 9; }' |
    clang -x c - -fsanitize=fuzzer,address -o /dev/null >/dev/null 2>&1; then
    want libclang-rt-14-dev
  fi
  need_command s390x-linux-gnu-gcc gcc-s390x-linux-gnu
  [ -e /usr/s390x-linux-gnu/include/stdio.h ] || want libc6-dev-s390x-cross
  need_command qemu-s390x qemu-user
  need_command valgrind valgrind
  need_command cppcheck cppcheck
  if ! printf '#include <string.h>\n' | arm-none-eabi-gcc -E - >/dev/null 2>&1; then
    want gcc-arm-none-eabi
    want libnewlib-arm-none-eabi
  fi
fi

if [ -n "$packages" ]; then
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  if ! command -v apt-get >/dev/null 2>&1 || { [ -n "$sudo" ] && ! command -v sudo >/dev/null 2>&1; }; then
    echo "This machine lacks some tools, and they cannot be installed from here (no apt-get, or no right to)." >&2
    echo "Install by hand what these Debian packages hold, then run make again:" >&2
    echo " $packages" >&2
    exit 1
  fi
  echo "Installing Debian packages:$packages"
  $sudo apt-get update -qq
  # shellcheck disable=SC2086 — a list of words
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null
fi

vm="$build/dart-vm/node_modules/sass-embedded-linux-ia32/dart-sass/src/dart"
if [ "$need_dart_vm" = true ] && [ ! -x "$vm" ]; then
  echo "Installing a Dart VM from npm below $build/dart-vm (no dart on PATH)"
  mkdir -p "$build/dart-vm"
  cp "$here/package.json" "$here/package-lock.json" "$build/dart-vm/"
  # --force: the package is marked for 32-bit x86, which a 64-bit one runs
  (cd "$build/dart-vm" && npm ci --force --ignore-scripts --no-audit --no-fund --loglevel=error)
fi
