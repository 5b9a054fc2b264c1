#!/bin/sh
# Benchmarks: run.sh MBRC DART SCRATCH [c|dart|calls]...
#
# C: the codec that mbrc generates against nanopb, protobuf-c and Rust's bincode, all in one program; C with
# one compiler (CC) at -O2, Rust with all it has. Dart: the generated codec against one written the plain way,
# on one VM. Both print the time of each message and direction, the ratio to the time of mbr in the same run,
# and which goals are reached. Calls: each kind of call from Dart to C against its floor, bare foreign functions
# and bare posts to ports, in the same library on the same VM (built with DART_CFLAGS). Figures are printed, not asserted: a busy machine fails nobody's build.
#
# A peer that is not installed is skipped by name. The library of nanopb that Debian has does not check text
# for UTF-8, which only flatters nanopb; with NANOPB=folder its sources are compiled instead, with the check.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
mbrc=$1
dart=$2
mkdir -p "$3"
scratch=$(cd "$3" && pwd)
shift 3
CC=${CC:-cc}
DART_CFLAGS=${DART_CFLAGS:-}
NANOPB=${NANOPB:-}

# skip NAME PACKAGES
skip() {
  echo "skipped: $1 (Debian packages: $2)"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

has_header() {
  printf '#include <%s>\n' "$1" | "$CC" -E -x c - -o /dev/null 2>/dev/null
}

has_crate() {
  ls -d "/usr/share/cargo/registry/$1"-* >/dev/null 2>&1
}

# The variables that bench_c builds with: SOURCES, FLAGS and LIBRARIES.
add_bincode() {
  if ! has cargo || ! has_crate bincode || ! has_crate serde_derive; then
    skip 'Rust bincode' 'cargo librust-bincode-dev librust-serde-derive-dev'
    return
  fi
  # In a copy: cargo writes its lock file beside the sources.
  rm -rf "$scratch/bincode" && cp -Rp "$here/codec/bincode" "$scratch/bincode"
  (cd "$scratch/bincode" && cargo build --release --offline --quiet --target-dir "$scratch/cargo")
  SOURCES="$SOURCES $here/codec/peer_bincode.c"
  FLAGS="$FLAGS -DBENCH_WITH_BINCODE"
  LIBRARIES="$LIBRARIES $scratch/cargo/release/libbench_bincode.a -pthread -ldl"
}

add_nanopb() {
  if ! has protoc || ! has protoc-gen-nanopb || { [ -z "$NANOPB" ] && ! has_header pb_encode.h; }; then
    skip nanopb 'protobuf-compiler nanopb libnanopb-dev'
    return
  fi
  protoc -I"$here/codec" --nanopb_out="-I$here/codec:$scratch/peers" "$here/codec/telemetry.proto"
  SOURCES="$SOURCES $here/codec/peer_nanopb.c $scratch/peers/telemetry.pb.c"
  FLAGS="$FLAGS -DBENCH_WITH_NANOPB"
  if [ -n "$NANOPB" ]; then
    SOURCES="$SOURCES $NANOPB/pb_common.c $NANOPB/pb_encode.c $NANOPB/pb_decode.c"
    FLAGS="$FLAGS -isystem $NANOPB -DPB_VALIDATE_UTF8"
  else
    LIBRARIES="$LIBRARIES -lprotobuf-nanopb"
    echo 'nanopb: as installed, without a check of UTF-8 (NANOPB=folder takes its sources, with the check)'
  fi
}

add_protobuf_c() {
  if ! has protoc-c || ! has_header protobuf-c/protobuf-c.h; then
    skip protobuf-c 'protobuf-c-compiler libprotobuf-c-dev'
    return
  fi
  protoc-c -I"$here/codec" --c_out="$scratch/peers" "$here/codec/telemetry.proto"
  SOURCES="$SOURCES $here/codec/peer_protobuf_c.c $scratch/peers/telemetry.pb-c.c"
  FLAGS="$FLAGS -DBENCH_WITH_PROTOBUF_C"
  LIBRARIES="$LIBRARIES -lprotobuf-c"
}

bench_c() {
  mkdir -p "$scratch/peers"
  "$mbrc" --c "$scratch/c" "$here/codec/telemetry.mbr"
  SOURCES="$here/codec/codec.c $here/codec/peer_mbr.c $scratch/c/bench_telemetry.c $root/runtime/wire/*.c"
  FLAGS="-I$root/include -I$here/codec -I$scratch/c -isystem $scratch/peers"
  LIBRARIES=
  add_bincode
  add_nanopb
  add_protobuf_c
  FLAGS="-std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra $FLAGS"
  # shellcheck disable=SC2086 # lists of words
  "$CC" "-DBENCH_COMPILER=\"$("$CC" --version | head -n 1) -O2\"" $FLAGS \
    -o "$scratch/codec" $SOURCES $LIBRARIES
  "$scratch/codec"
}

bench_dart() {
  if ! has "$dart"; then
    echo "skipped: Dart (no VM at $dart; 'make check' brings one)"
    return
  fi
  "$mbrc" --dart "$scratch/dart" --package bench "$here/codec/telemetry.mbr"
  cat > "$scratch/package_config.json" <<END
{"configVersion": 2, "packages": [
  {"name": "bench", "rootUri": "file://$scratch/dart", "packageUri": "lib/", "languageVersion": "3.5"}
]}
END
  "$dart" --packages="$scratch/package_config.json" "$here/codec/codec.dart"
}

bench_calls() {
  if ! has "$dart"; then
    echo "skipped: calls (no Dart VM at $dart; 'make check' brings one)"
    return
  fi
  mkdir -p "$scratch/calls"
  "$mbrc" vendor "$scratch/calls/vendor" --with dart,exec # as an application has it
  "$mbrc" --dart "$scratch/calls/dart" --c "$scratch/calls/c" --package calls "$here/calls/calls.mbr"
  # shellcheck disable=SC2086 # DART_CFLAGS is a list of words
  "$CC" -std=c11 -D_POSIX_C_SOURCE=200809L -DNDEBUG -O2 -Wall -Wextra -pthread -shared -fPIC -fvisibility=hidden \
    $DART_CFLAGS -I"$scratch/calls/vendor" -I"$scratch/calls/c" -o "$scratch/calls/libcalls.so" \
    "$here/calls/service.c" "$here/calls/floors.c" "$scratch/calls/c/bench_calls.c" "$scratch"/calls/vendor/mbr/*.c
  cat > "$scratch/calls/package_config.json" <<END
{"configVersion": 2, "packages": [
  {"name": "calls", "rootUri": "file://$scratch/calls/dart", "packageUri": "lib/", "languageVersion": "3.5"}
]}
END
  "$dart" --packages="$scratch/calls/package_config.json" "$here/calls/calls.dart" "$scratch/calls/libcalls.so"
}

[ $# -gt 0 ] || set -- c dart calls
for language in "$@"; do
  "bench_$language"
done
