#!/bin/bash
# What mbrc does as a program: usage, exit status, hostile input, what it writes and what it leaves alone.
# usage: test_cli.sh MBRC SCRATCH_FOLDER     (run from the project's root)
set -u
mbrc=$(realpath "$1")
root=$PWD
rm -rf "$2"
mkdir -p "$2"
cd "$2" || exit 2
passed=0
failed=0

ok() { passed=$((passed + 1)); }
bad() {
  failed=$((failed + 1))
  echo "FAILED: $1"
  [ -s err ] && head -c 2000 err
}

# run STATUS NAME ARGS...: mbrc must exit with STATUS, within a minute
run() {
  local want=$1 name=$2
  shift 2
  timeout 60 "$mbrc" "$@" >out 2>err </dev/null
  local got=$?
  if [ $got = "$want" ]; then ok; else bad "$name: exit status $got, not $want"; fi
}
# says NAME TEXT: the last run's stderr contains TEXT
says() { if grep -qF -- "$2" err; then ok; else bad "$1: stderr lacks '$2'"; fi; }
silent() { if [ ! -s err ]; then ok; else bad "$1: stderr is not empty"; fi; }
absent() { if [ ! -e "$2" ]; then ok; else bad "$1: $2 exists"; fi; }
present() { if [ -e "$2" ]; then ok; else bad "$1: $2 does not exist"; fi; }
# refused NAME TEXT FILE...: an error with TEXT, status 1, nothing written
refused() {
  local name=$1 text=$2
  shift 2
  rm -rf refused_out
  run 1 "$name" --c refused_out --dart refused_out --package p "$@"
  says "$name" "$text"
  absent "$name" refused_out
}

cat >good.mbr <<'EOF'
namespace demo.good;

/// A reading.
struct Reading { zone: u8; value: f32?; }

service Sensors { read(zone: u8) -> Reading; }
EOF

# usage
run 2 'no arguments'; says 'no arguments' 'no input files'
run 2 'unknown option' --frobnicate good.mbr; says 'unknown option' '--frobnicate'
run 2 'missing value' good.mbr --c; says 'missing value' '--c'
run 2 'empty value' --c= good.mbr
run 2 'value for a flag' --help=yes
run 2 'option twice' --c a --c b good.mbr
run 2 'bad package' --dart o --package 9x good.mbr; says 'bad package' "'9x'"
run 2 'package is a keyword' --dart o --package class good.mbr
run 2 'package without dart' --package p good.mbr
run 0 help --help
if grep -q -- '--dart DIR' out; then ok; else bad 'help lists --dart'; fi
run 0 version --version
if grep -qE '^mbrc [0-9]+\.[0-9]+\.[0-9]+$' out; then ok; else bad 'version'; fi

# checking
run 0 'check only' good.mbr; silent 'check only'
timeout 60 "$mbrc" - <good.mbr >out 2>err && ok || bad 'standard input'
mkdir -p inc && printf 'namespace demo.lib;\nstruct Shared { x: u8; }\n' >inc/lib.mbr
printf 'namespace demo.user;\nimport "lib.mbr";\nstruct User { s: demo.lib.Shared; }\n' >user.mbr
run 0 '-I with a space' -I inc user.mbr; silent '-I with a space'
run 0 '-I glued' -Iinc user.mbr
run 0 '--include=' --include=inc user.mbr
refused 'import not found' 'user.mbr:2:8' user.mbr
run 0 'after --' -- good.mbr

# hostile input
refused 'missing file' 'nowhere.mbr' nowhere.mbr
mkdir -p folder.mbr; refused 'a folder' 'folder.mbr' folder.mbr
: >empty.mbr; refused 'empty file' 'empty.mbr' empty.mbr
head -c 65536 /dev/urandom >noise.mbr; refused 'noise' 'noise.mbr:' noise.mbr
head -c 65536 "$mbrc" >binary.mbr; refused 'binary' 'binary.mbr:' binary.mbr
printf 'namespace a;\nstruct S { x: u8\0; }\n' >nul.mbr; refused 'NUL' 'nul.mbr:2:17' nul.mbr
printf 'namespace a;\n/// \xff\nstruct S { }\n' >utf8.mbr; refused 'malformed UTF-8' 'utf8.mbr:2:5' utf8.mbr
{ printf 'namespace a; struct S { '; head -c 5000000 /dev/zero | tr '\0' ' '; printf 'x: u9;'
  head -c 5000000 /dev/zero | tr '\0' ' '; printf '}'; } >wide.mbr
refused 'an error in a line of 10 MB' 'wide.mbr:1:5000028: error' wide.mbr
if [ "$(wc -c <err)" -lt 2000 ]; then ok; else bad 'a wide line is cut'; fi
printf 'namespace a;\nimport "c.mbr";\n' >b.mbr; printf 'namespace c;\nimport "b.mbr";\n' >c.mbr
refused 'imports in a circle' 'b.mbr:2:8' b.mbr
printf 'namespace a;\nimport "self.mbr";\n' >self.mbr; refused 'importing oneself' 'self.mbr:2:8' self.mbr
nest() { printf "$1%.0s" $(seq 20000); }
{ printf 'namespace a; struct S { x: '; nest '('; printf 'u8'; nest ')'; printf '; }'; } >tuples.mbr
refused '20,000 nested brackets' 'tuples.mbr:1:' tuples.mbr
{ printf 'namespace a; struct S { x: '; nest 'list<'; printf 'u8'; nest '>'; printf '; }'; } >lists.mbr
refused '20,000 nested lists' 'lists.mbr:1:' lists.mbr
{ printf 'namespace a; '; nest '{'; } >braces.mbr; refused '20,000 braces' 'braces.mbr:1:' braces.mbr
{ printf 'namespace a; struct S { x: u8'; nest '?'; printf '; }'; } >marks.mbr
refused '20,000 question marks' 'marks.mbr:1:' marks.mbr
printf 'namespace a;\nstruct S { x: u8; /* no end' >comment.mbr; refused 'unterminated comment' 'comment.mbr:2:19' comment.mbr
printf 'namespace a;\nconst x: string = "no end;\n' >string.mbr; refused 'unterminated string' 'string.mbr:2:19' string.mbr
printf 'namespace a;\nstruct S { x: u8 }\nstruct T { y: wat; }\n' >two.mbr
refused 'two errors in one run' 'two.mbr:2:' two.mbr; says 'two errors in one run' 'two.mbr:3:15'

# what is written
run 0 'both outputs' --dart out_dart --c out_c good.mbr; silent 'both outputs'
for file in out_c/demo_good.h out_c/demo_good.c out_dart/pubspec.yaml out_dart/lib/demo_good.dart; do
  present 'both outputs' $file
done
cp -r out_c again_c; cp -r out_dart again_dart; sleep 1
mkdir -p elsewhere/deep && cp good.mbr elsewhere/deep/
(cd elsewhere && "$mbrc" --dart ../other_dart --c ../other_c deep/good.mbr)
diff -r out_c other_c >/dev/null && diff -r out_dart other_dart >/dev/null && ok || bad 'same bytes from another folder'
before=$(stat -c %Y.%i out_c/demo_good.c)
run 0 'unchanged' --dart out_dart --c out_c good.mbr
if [ "$before" = "$(stat -c %Y.%i out_c/demo_good.c)" ]; then ok; else bad 'an unchanged file is not touched'; fi
diff -r out_c again_c >/dev/null && ok || bad 'same bytes again'
if grep -rqF "$PWD" out_c out_dart; then bad 'an absolute path in the output'; else ok; fi

# a second run without a namespace removes what only the first one made, and nothing else
echo mine >out_c/mine.c
sed 's/demo.good/demo.better/' good.mbr >better.mbr
run 0 'renamed' --c out_c better.mbr
absent 'stale file' out_c/demo_good.c; present 'new file' out_c/demo_better.c; present 'a file of the user' out_c/mine.c
echo 'int hand_written;' >out_c/demo_good.c
run 1 'will not overwrite' --c out_c good.mbr; says 'will not overwrite' 'out_c/demo_good.c'
if [ "$(cat out_c/demo_good.c)" = 'int hand_written;' ]; then ok; else bad 'a user file was overwritten'; fi
present 'the rest is left as it was' out_c/demo_better.c; absent 'no temporary file stays' out_c/demo_good.h.mbrc-new

# nor what a list of files says that somebody else has written
echo mine >victim; mkdir -p out_list; printf '../victim\n%s/victim\n' "$PWD" >out_list/.mbrc-c
run 0 'a list that leads outside' --c out_list better.mbr; present 'a list that leads outside' victim

# the other side of services, perhaps in the same folder; a namespace without services has none
printf 'namespace a;\nservice S { m(); }\n' >service.mbr
run 0 'clients' --c out_clients --c-client out_clients service.mbr; silent 'clients'
for file in a.h a.c a_client.h a_client.c; do present 'clients' out_clients/$file; done
printf 'namespace b;\nstruct T { x: u8; }\n' >types.mbr
run 0 'clients alone' --c-client out_alone service.mbr types.mbr
present 'clients alone' out_alone/a_client.h; absent 'clients alone' out_alone/a.h
absent 'no service, no client' out_alone/b_client.h
run 0 'without clients' --c out_clients service.mbr; present 'without clients' out_clients/a_client.c
run 2 'clients twice' --c-client a --c-client b service.mbr

# profiles
run 2 'unknown profile' --profile tiny good.mbr; says 'unknown profile' "'tiny'"
run 0 'the firmware profile' --profile firmware --c out_firmware service.mbr; silent 'the firmware profile'
if grep -q '^#define A_S_FRAME_MAX ' out_firmware/a.h; then ok; else bad 'sizes of memory'; fi
if grep -q '_FRAME_MAX' out_clients/a.h; then bad 'sizes of memory without the profile'; else ok; fi
printf 'namespace a;\ntype Text = string;\nstruct S { a: Text; b: list<bytes>; }\nunion Node { leaf; more: list<Node, 2>; }\n' >loose.mbr
run 1 'unbounded' --profile firmware --c out_loose loose.mbr; absent 'unbounded' out_loose
for place in 2:13 3:24 3:29 4:7; do says 'unbounded' "loose.mbr:$place: error"; done
if [ "$(grep -c 'error:' err)" = 4 ]; then ok; else bad 'an alias is reported where it is declared'; fi
run 0 'unbounded without the profile' loose.mbr
printf 'namespace a;\nconst hint: string = "any text";\nconst sizes: list<u8> = [];\nstruct S { a: u8; }\n' >constant.mbr
run 0 'constants have known sizes' --profile firmware constant.mbr

# explain
run 0 'explain' explain service.mbr; silent 'explain'
if grep -q '^service a.S$' out && grep -q '^  m  *frame ' out && grep -q '^  total ' out; then ok; else bad 'explain: its tables'; fi
run 0 'explain for 64 bits' explain --abi lp64 service.mbr
if head -n 1 out | grep -q lp64; then ok; else bad 'explain says for what'; fi
run 0 'explain what has no bound' explain loose.mbr
if grep -q unbounded out; then ok; else bad 'explain: unbounded'; fi
run 1 'explain with the profile' explain --profile firmware loose.mbr
if [ ! -s out ]; then ok; else bad 'nothing is explained of what is refused'; fi
run 1 'explain what is wrong' explain two.mbr; says 'explain what is wrong' 'two.mbr:3:15'
run 2 'unknown ABI' explain --abi x32 service.mbr; says 'unknown ABI' "'x32'"
run 2 'explain nothing' explain; says 'explain nothing' 'no input files'
run 2 'explain writes nothing' explain --c out_x service.mbr; says 'explain writes nothing' '--c'
run 2 'ABI without explain' --abi lp64 service.mbr; says 'ABI without explain' '--abi'
cp service.mbr explain; run 0 'a file with the name of a command' -- explain; silent 'a file with the name of a command'

# vendor
run 0 'vendor' vendor out_vendor; silent 'vendor'
present 'vendor' out_vendor/mbr/core.h; present 'vendor' out_vendor/mbr/core.c; absent 'vendor' out_vendor/mbr/dart.c
run 0 'vendor with parts' vendor --with=dart,link out_vendor
for part in core pool dart link; do present 'vendor with parts' out_vendor/mbr/$part.c; done
run 2 'an unknown part' vendor out_vendor --with dart,nonsense; says 'an unknown part' "'nonsense'"
run 2 'vendor nowhere' vendor; says 'vendor nowhere' 'no folder'
run 2 'vendor twice' vendor a b; says 'vendor twice' "'b'"
run 2 'parts without vendor' --with dart good.mbr; says 'parts without vendor' '--with'
: >plain_file; run 1 'vendor to a file' vendor plain_file
run 0 'help lists commands' --help
for word in 'mbrc explain' 'mbrc vendor' '--with PARTS' '--abi NAME' '--profile NAME'; do
  if grep -qF -- "$word" out; then ok; else bad "help lists $word"; fi
done

# nothing is written when a later file is wrong
run 1 'one of two is wrong' --c out_two good.mbr two.mbr; absent 'one of two is wrong' out_two
if [ "$(id -u)" != 0 ]; then
  mkdir -p locked && chmod 500 locked
  run 1 'folder without write permission' --c locked/x good.mbr; says 'folder without write permission' 'locked'
fi
: >plain; run 1 'output folder is a file' --c plain good.mbr; says 'output folder is a file' 'plain'
printf 'namespace x.y;\nstruct S { a: u8; }\n' >x.mbr; printf 'namespace z;\nstruct S { a: u8; }\n' >z.mbr
run 1 'no common package name' --dart o x.mbr z.mbr; says 'no common package name' '--package'

# the corpus of real schemas
run 0 'the vehicle schemas' --dart vss_dart --c vss_c --package vss "$root"/tests/corpus/vss/*.mbr
silent 'the vehicle schemas'
if [ "$(ls vss_c/*.h | wc -l)" = 24 ]; then ok; else bad 'a header for each of 24 namespaces'; fi

echo "$passed passed, $failed failed"
[ $failed = 0 ]
