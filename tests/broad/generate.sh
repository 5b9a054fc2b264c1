#!/bin/sh
# A contract as broad as any user's, for `generate.sh WORDS N`: every awkward word in every place a name can
# stand, as methods of every kind too, N structs that use each other, unions of 300 arms, large enums, empty structs.
set -eu
tr -s ' ' '\n' < "$1" | awk -v n="$2" '
  # An arm with these names is refused: what C calls it is taken.
  function free_arm(name) { return name != "size" && name != "tag" }
  NF { word[++words] = $1 }
  END {
    print "//! Broad.\nnamespace broad.class.namespace;\n"
    printf "enum Words { "
    for (i = 1; i <= words; i++) printf "%s, ", word[i]
    print "}\n"
    print "open enum Large: i64 { least = -9223372036854775808, greatest = 9223372036854775807, one = 1 }"
    print "open enum Wide: u64 { greatest = 0xffff_ffff_ffff_ffff, zero = 0 }"
    printf "enum Gaps: u32 { "
    for (i = 0; i < 300; i++) printf "gap_%d = %d, ", i, i * 7158278
    print "}\n"
    print "struct Nothing {}\nstruct NothingTwice { a: Nothing; b: list<Nothing, 3>; c: Nothing?; }\n"
    names = "Object String Duration List Map Set Stream Future Type Enum Iterable Record Never Null Symbol Error"
    names = names " Exception DateTime BigInt Uri Match Comparable Deprecated Function Uint8List ByteData Endian"
    names = names " Pointer Zone Timer Completer Int Double Num Void Float Long Std Main Self Call"
    split(names, types, " ")
    for (i = 1; i in types; i++) {
      printf "struct %s { value: u8; next: list<%s>; }\n", types[i], (i > 1 ? types[i - 1] : "u8")
    }
    for (i = 1; i <= words; i++) {
      if (i % 40 == 1) printf "%sstruct Fields%d {\n", (i > 1 ? "}\n" : ""), ++parts
      printf "  %s: %s;\n", word[i], i % 3 ? "u8" : "string?"
    }
    print "}\n"
    print "union Arms {"
    for (i = 1; i <= words; i++) if (free_arm(word[i])) printf "  %s%s\n", word[i], i % 3 == 0 ? ";" : i % 3 == 1 ? ": u32;" : " { " word[i] ": u16; }"
    for (i = words; i < 300; i++) printf "  arm_%d: string;\n", i
    print "}\n"
    print "error Failure {"
    for (i = 1; i <= words; i++) if (free_arm(word[i])) printf "  %s { %s: i8; }\n", word[i], word[i]
    print "}\n"
    for (i = 1; i <= n; i++) {
      printf "struct Node%d {\n  id: u32;\n  name: string<32>?;\n  samples: list<f32, 64>;\n", i
      if (i > 1) printf "  before: Node%d?;\n  all: list<Node%d>;\n  words: Words;\n", int(i / 2), int(i / 2)
      print "}"
    }
    print "\nservice Calls {"
    for (i = 1; i <= words; i++) {
      if (word[i] == "ops" || word[i] == "serve" || word[i] == "client") continue
      printf "  %s(%s: u8, %s: string?, other_%d: list<u16>) -> %s throws Failure;\n", word[i], word[i],
        word[i % words + 1], i, i % 2 ? "Arms" : "stream Fields1"
    }
    print "}\n\nhost service Panel {"
    for (i = 1; i <= words; i++) {
      if (word[i] == "ops" || word[i] == "serve" || word[i] == "client") continue
      printf "  %s(%s: %s, %s: %s) -> %s throws Failure;\n", word[i], word[i], i % 3 ? "u8?" : "stream string",
        word[i % words + 1], i % 2 ? "bytes" : "list<u16>", i % 4 ? "u8" : "stream bytes"
    }
    print "}\n\nservice Direct {"
    for (i = 1; i <= words; i++) {
      if (word[i] == "ops" || word[i] == "serve" || word[i] == "client") continue
      printf "  %ssync %s(%s: u8, %s: u16)%s;\n", i % 5 ? "" : "@leaf ", word[i], word[i], word[i % words + 1],
        i % 2 ? " -> f32" : ""
    }
    print "}"
  }'
