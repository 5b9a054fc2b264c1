# mbrc: one makefile for the compiler, the runtime's tests and the examples.
# Everything made goes below build/. `make help` lists what there is.

BUILD    ?= build
CC       ?= cc
CXX      ?= c++
CLANG    ?= clang
RE2C     ?= re2c
LEMON    ?= lemon
OPTIMIZE ?= -O2 -g

# The Dart that runs tests and examples: the one on PATH with native libraries, else a 32-bit VM that
# tests/toolchain/setup.sh brings, with 32-bit libraries. `make DART=/path/to/dart` takes another one. The kernel's
# headers for 32 bits are those for 64.
DART_VM     := $(BUILD)/dart-vm/node_modules/sass-embedded-linux-ia32/dart-sass/src/dart
DART        ?= $(or $(shell command -v dart 2>/dev/null),$(DART_VM))
DART_CFLAGS ?= $(if $(filter $(DART_VM),$(DART)),-m32 -idirafter /usr/include/$(shell $(CC) -print-multiarch))

# The warning wall: our code and what mbrc generates pass all of it, with gcc and with clang.
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Wcast-align \
        -Wdouble-promotion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
# What re2c and lemon write is not ours to polish.
WARN_MADE := -Wno-conversion -Wno-sign-conversion -Wno-cast-qual -Wno-shadow -Wno-unused-parameter \
             -Wno-missing-prototypes -Wno-undef -Wno-unused-variable
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# `make V=1` shows the commands, plain `make` what they make.
Q := $(if $(V),,@)
SAY = @$(if $(V),:,echo '  $@')

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

.PHONY: all help clean
all: $(BUILD)/bin/mbrc

help:
	@echo 'make              build the compiler, build/bin/mbrc'
	@echo 'make demo         build and run examples/ivi: a C data layer and a Dart dashboard (installs what is missing)'
	@echo 'make demo-firmware build and run examples/firmware: an image in an emulator, driven from Dart over its serial line'
	@echo 'make check        run all tests (installs what is missing)'
	@echo 'make check-NAME   one group of them: $(CHECKS)'
	@echo 'make fuzz         fuzz decoder, peer, link and front end, FUZZ_SECONDS=600 each'
	@echo 'make noise        a million frames over a line that loses, garbles and invents bytes; LINK_SEED chooses it'
	@echo 'make stress       isolates that do everything at once and die at random: STRESS_CALLS=1000000 STRESS_ITEMS=10000000'
	@echo 'make random       random contracts between C and Dart, RANDOM_SEED=1 RANDOM_COUNT=200'
	@echo 'make bench        measure codecs against nanopb, protobuf-c, Rust bincode and plain Dart, calls against their floors'
	@echo 'make size         weigh generated code and runtime on a Cortex-M3, beside nanopb with NANOPB=folder of its sources'
	@echo 'make docs         write docs/diagnostics.md from the table of diagnostics and its fixtures'
	@echo 'make runtime-sizes measure the structs of the runtime anew, for mbrc explain'
	@echo 'make vectors      write the byte vectors anew with Rust, to be read in a diff (wants cargo and librust-bincode-dev librust-serde-derive-dev)'
	@echo 'make golden       write the golden files anew, to be read in a diff'
	@echo 'make clean        remove build/, but for the Dart VM'
	@echo 'Variables: V=1 (show commands) CC CLANG DART DART_CFLAGS OPTIMIZE BUILD'

clean:
	rm -rf $(filter-out $(BUILD)/dart-vm,$(wildcard $(BUILD)/*))

# Tools come first, but only for the goals that promise to install them.
ifneq ($(filter check check-% demo demo-firmware golden docs fuzz noise random stress,$(MAKECMDGOALS)),)
SETUP := $(BUILD)/setup-$(or $(if $(filter check check-% golden docs fuzz noise random stress,$(MAKECMDGOALS)),check),$(firstword $(filter demo-firmware,$(MAKECMDGOALS)) demo)).done
$(SETUP): tests/toolchain/setup.sh tests/toolchain/package-lock.json
	@mkdir -p $(@D)
	@tests/toolchain/setup.sh $(patsubst setup-%.done,%,$(@F)) $(BUILD)
	@touch $@
endif

# The compiler, twice: as shipped, and with sanitizers (below build/asan) for the tests.

MBRC_SRC  := $(wildcard idl/*.c compiler/*.c compiler/c/*.c compiler/dart/*.c compiler/explain/*.c)
MBRC_MADE := idl/lexer.c idl/grammar.c compiler/dart_templates.c compiler/vendored.c
MBRC_OBJ  := $(patsubst %.c,%.o,$(MBRC_SRC) $(MBRC_MADE))
IDL_OBJ   := $(filter idl/%,$(MBRC_OBJ))
TEMPLATES := $(sort $(wildcard dart_templates/*.dart))
MADE      := $(BUILD)/made

$(MADE)/idl/lexer.c: idl/lexer.re | $(SETUP)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(RE2C) --no-debug-info -W -Werror -o $@ $<

# lemon writes beside its input, so it gets a copy.
$(MADE)/idl/grammar.c: idl/grammar.y | $(SETUP)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)cp $< $(@D)/grammar.y
	$(Q)$(LEMON) -l -q $(@D)/grammar.y
$(MADE)/idl/grammar.h: $(MADE)/idl/grammar.c

$(MADE)/compiler/dart_templates.c: compiler/dart/embed.sh $(TEMPLATES) | $(SETUP)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)compiler/dart/embed.sh $(TEMPLATES) > $@

# The runtime, as `mbrc vendor` writes it.
VENDORED := $(wildcard compiler/vendor/*) LICENSE $(wildcard include/mbr/*.h runtime/*/*.c runtime/*/*.h)
$(MADE)/compiler/vendored.c: $(VENDORED) | $(SETUP)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)compiler/vendor/embed.sh > $@

MBRC_CFLAGS := -std=c11 -D_POSIX_C_SOURCE=200809L -I. -Iinclude -Iidl -I$(MADE)/idl $(WARN) -MMD -MP

# $(call mbrc_in,FOLDER,FLAGS): the compiler with FLAGS below FOLDER
define mbrc_in
$(1)/made/%.o: $(MADE)/%.c $(MADE)/idl/grammar.h
	@mkdir -p $$(@D)
	$$(SAY)
	$$(Q)$$(CC) $(2) $$(MBRC_CFLAGS) $$(WARN_MADE) -c -o $$@ $$<
$(1)/%.o: %.c $(MADE)/idl/grammar.h | $$(SETUP)
	@mkdir -p $$(@D)
	$$(SAY)
	$$(Q)$$(CC) $(2) $$(MBRC_CFLAGS) -c -o $$@ $$<
$(1)/bin/mbrc: $(patsubst %.c,$(1)/%.o,$(MBRC_SRC)) $(patsubst %.c,$(1)/made/%.o,$(MBRC_MADE))
	@mkdir -p $$(@D)
	$$(SAY)
	$$(Q)$$(CC) $(2) -o $$@ $$^
endef
$(eval $(call mbrc_in,$(BUILD)/obj,$(OPTIMIZE)))
$(eval $(call mbrc_in,$(BUILD)/asan,-O1 -g $(SANITIZE)))

MBRC      := $(BUILD)/bin/mbrc
MBRC_ASAN := $(BUILD)/asan/bin/mbrc
$(MBRC): $(BUILD)/obj/bin/mbrc
	@mkdir -p $(@D)
	$(SAY)
	$(Q)cp $< $@

# Tests. Each group is a target check-<group>; `make check` runs them all.

CHECKS := idl docs runtime link line bridge rules misra codec vectors portable fuzz random golden corpus broad cli vendor explain size dart vehicle echo calls demo ivi firmware readme
.PHONY: check $(CHECKS:%=check-%) golden docs
check: $(CHECKS:%=check-%)
	@echo 'make check: all groups passed'

# The front end: cmocka programs linked with idl, under ASan and UBSan.
IDL_TESTS    := $(patsubst tests/idl/%.c,$(BUILD)/asan/tests/idl/%,$(wildcard tests/idl/test_*.c))
IDL_ASAN_OBJ := $(patsubst %.c,$(BUILD)/asan/%.o,$(filter idl/%,$(MBRC_SRC))) \
                $(patsubst %.c,$(BUILD)/asan/made/%.o,$(filter idl/%,$(MBRC_MADE)))
$(IDL_TESTS): $(BUILD)/asan/tests/idl/%: tests/idl/%.c $(IDL_ASAN_OBJ)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(CC) -O1 -g $(SANITIZE) $(MBRC_CFLAGS) -o $@ $< $(IDL_ASAN_OBJ) -lcmocka
check-idl: $(IDL_TESTS)
	@set -e; for test in $(IDL_TESTS); do $$test; done

# The diagnostics: a bad and a good fixture for each, and docs/diagnostics.md made from them. The contracts in
# docs/language.md compile, and the tests that docs/security.md names exist.
DOCS := $(BUILD)/tests/docs
docs: $(MBRC)
	CC='$(CC)' tests/diagnostics/catalogue.sh $(MBRC) $(DOCS)
	cp $(DOCS)/diagnostics.md docs/diagnostics.md
check-docs: $(MBRC_ASAN)
	CC='$(CC)' tests/diagnostics/catalogue.sh $(MBRC_ASAN) $(DOCS)
	diff -u docs/diagnostics.md $(DOCS)/diagnostics.md
	tests/docs/examples.sh $(MBRC_ASAN) docs/language.md $(DOCS)/examples
	tests/docs/evidence.sh '$(CHECKS)' docs/security.md

# The runtime: the same tests under ASan+UBSan, TSan and Valgrind (whose threads take turns only when told to:
# a thread that waits in a loop would starve the one it waits for).
RUNTIME_SRC    := $(wildcard runtime/wire/*.c runtime/peer/*.c runtime/exec/*.c)
RUNTIME_DART_SRC := $(RUNTIME_SRC) $(wildcard runtime/dart/*.c)
RUNTIME_TEST_SRC := $(RUNTIME_DART_SRC) $(wildcard runtime/link/*.c runtime/line/*.c runtime/bridge/*.c runtime/loopback/*.c runtime/uv/*.c)
RUNTIME_H      := $(wildcard include/mbr/*.h runtime/*/*.h)
RUNTIME_TESTS  := $(patsubst tests/%.c,%,$(wildcard tests/runtime/test_*.c) tests/dart/test_connections.c)
LINE_TESTS     := $(patsubst tests/%.c,%,$(wildcard tests/line/test_*.c))
BRIDGE_TESTS   := $(patsubst tests/%.c,%,$(wildcard tests/bridge/test_*.c))
RUNTIME_TEST_H := $(wildcard tests/runtime/*.h tests/line/*.h tests/bridge/*.h)
RUNTIME_CFLAGS := -std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude $(WARN) -pthread
# $(call runtime_tests_in,FOLDER,FLAGS): the runtime as FOLDER/libmbr.a, and the tests linked with it
define runtime_tests_in
$(RUNTIME_TEST_SRC:%.c=$(1)/%.o): $(1)/%.o: %.c $$(RUNTIME_H) | $$(SETUP)
	@mkdir -p $$(@D)
	$$(SAY)
	$$(Q)$$(CC) $(2) $$(RUNTIME_CFLAGS) -c -o $$@ $$<
$(1)/libmbr.a: $(RUNTIME_TEST_SRC:%.c=$(1)/%.o)
	$$(SAY)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
$(patsubst %,$(1)/tests/%,$(RUNTIME_TESTS) $(LINE_TESTS) $(BRIDGE_TESTS)): $(1)/tests/%: tests/%.c $$(RUNTIME_TEST_H) $(1)/libmbr.a
	@mkdir -p $$(@D)
	$$(SAY)
	$$(Q)$$(CC) $(2) $$(RUNTIME_CFLAGS) -o $$@ $$< $(1)/libmbr.a -lcmocka -luv
endef
# $(call in_each_kind,RULES): for ASan+UBSan, for TSan and for Valgrind
define in_each_kind
$(call $(1),$(BUILD)/asan,-O1 -g $(SANITIZE))
$(call $(1),$(BUILD)/tsan,-O1 -g -fsanitize=thread)
$(call $(1),$(BUILD)/plain,-O1 -g)
endef
$(eval $(call in_each_kind,runtime_tests_in))
# $(call threefold,TESTS): made for and run under each of the three
threefold = $(foreach kind,asan tsan plain,$(1:%=$(BUILD)/$(kind)/tests/%))
define run_threefold
	@set -e; for test in $(1); do \
	  $(BUILD)/asan/tests/$$test; \
	  $(BUILD)/tsan/tests/$$test; \
	  valgrind -q --fair-sched=yes --error-exitcode=9 --leak-check=full $(BUILD)/plain/tests/$$test; \
	done
endef
check-runtime: $(call threefold,$(RUNTIME_TESTS))
	$(call run_threefold,$(RUNTIME_TESTS))

# Lines: links with threads, descriptors and reconnecting, two of them over a cable that can be cut. Then bridges
# over such lines, both hops in one process.
check-line: $(call threefold,$(LINE_TESTS))
	$(call run_threefold,$(LINE_TESTS))
check-bridge: $(call threefold,$(BRIDGE_TESTS)) $(MBRC)
	$(call run_threefold,$(BRIDGE_TESTS))
	tests/bridge/run.sh $(DART) $(MBRC) $(BUILD)/tests/bridge $(CC) $(DART_LIBRARY_CFLAGS) -O1 $(SANITIZE)

# The link: frames over lines that lose, garble and invent bytes, a few seconds of it, or `make noise`.
LINK       := $(BUILD)/tests/link
LINK_SRC   := $(wildcard runtime/link/*.c)
LINK_TESTS := $(patsubst tests/link/%.c,$(LINK)/%,$(wildcard tests/link/test_*.c)) $(LINK)/tight/test_link
LINK_H     := $(wildcard tests/link/*.h) tests/runtime/request_kit.h
LINK_CC     = $(CC) -O1 -g $(RUNTIME_CFLAGS)
$(filter-out %/tight/test_link,$(LINK_TESTS)): $(LINK)/%: tests/link/%.c $(LINK_H) $(BUILD)/asan/libmbr.a
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(LINK_CC) $(SANITIZE) -o $@ $< $(LINK_SRC) $(BUILD)/asan/libmbr.a -lcmocka
$(LINK)/tight/test_link: tests/link/test_link.c $(LINK_H) $(BUILD)/asan/libmbr.a
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(LINK_CC) $(SANITIZE) -DMBR_LINK_WINDOW=1u -DMBR_LINK_CHUNK=1u -DMBR_LINK_FAULTS=1u \
	  -o $@ $< $(LINK_SRC) $(BUILD)/asan/libmbr.a -lcmocka
$(LINK)/tsan/test_link_threads: tests/link/test_link_threads.c $(LINK_H) $(LINK_SRC) $(BUILD)/tsan/libmbr.a
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(LINK_CC) -fsanitize=thread -o $@ $< $(LINK_SRC) $(BUILD)/tsan/libmbr.a -lcmocka
check-link: $(LINK_TESTS) $(LINK)/tsan/test_link_threads
	@set -e; for test in $^; do $$test; done
.PHONY: noise
noise: $(LINK)/test_link_noise
	LINK_FRAMES=1000000 $<

# What the core promises to firmware: no heap, no state, no recursion, so much stack, so much work for so many bytes.
check-rules: $(MBRC)
	tests/rules/run.sh $(BUILD)/tests/rules
	tests/rules/cost.sh $(MBRC) $(BUILD)/tests/cost

# The subset of MISRA C that MISRA.md tells of, where cppcheck is there to look.
check-misra: $(MBRC)
	tests/misra/run.sh $(MBRC) $(BUILD)/tests/misra

# The command line, against the compiler with sanitizers.
check-cli: $(MBRC_ASAN)
	tests/compiler/test_cli.sh $(MBRC_ASAN) $(BUILD)/tests/cli

# The runtime as `mbrc vendor` writes it, with a firmware's generated code and nothing else.
check-vendor: $(MBRC)
	tests/vendor/run.sh $(MBRC) $(BUILD)/tests/vendor

# What `mbrc explain` says of C, against compilers for several machines; and the table of the runtime's own structs
# that it needs, anew.
check-explain: $(MBRC)
	tests/explain/run.sh $(MBRC) $(abspath $(BUILD))/tests/explain
.PHONY: runtime-sizes
runtime-sizes:
	@mkdir -p $(BUILD)/runtime-sizes
	tests/explain/runtime_sizes.sh $(BUILD)/runtime-sizes > $(BUILD)/runtime-sizes/table.h
	cp $(BUILD)/runtime-sizes/table.h compiler/explain/runtime_sizes.h

# Bytes of code on a microcontroller, printed and held to what is promised. NANOPB=folder: nanopb's sources, beside it.
NANOPB ?=
.PHONY: size
size check-size: $(MBRC)
	@NANOPB='$(NANOPB)' bench/size/run.sh $(MBRC) $(BUILD)/size

# Generated C with values of every shape, and its services on a real peer; as the runtime, under each of the three.
CODEC       := $(BUILD)/tests/codec
CODEC_MBR   := $(wildcard tests/codec/*.mbr)
CODEC_TESTS := $(patsubst tests/%.c,%,$(wildcard tests/codec/test_*.c))
$(CODEC)/generated.done: $(CODEC_MBR) $(MBRC_ASAN)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(MBRC_ASAN) --c $(CODEC)/c --c-client $(CODEC)/c $(CODEC_MBR)
	@touch $@
# $(call codec_tests_in,FOLDER,FLAGS): the tests linked with what is generated and FOLDER/libmbr.a
define codec_tests_in
$(1)/tests/codec/libgenerated.a: $(CODEC)/generated.done $$(RUNTIME_H)
	@rm -rf $$(@D)/generated && mkdir -p $$(@D)/generated
	$$(SAY)
	$$(Q)cd $$(@D)/generated && $$(CC) $(2) $$(RUNTIME_CFLAGS:-Iinclude=-I$$(CURDIR)/include) -c $$(abspath $(CODEC))/c/*.c
	$$(Q)rm -f $$@ && ar rcs $$@ $$(@D)/generated/*.o
$(CODEC_TESTS:%=$(1)/tests/%): $(1)/tests/%: tests/%.c $(wildcard tests/codec/*.h) $(1)/tests/codec/libgenerated.a $(1)/libmbr.a
	$$(SAY)
	$$(Q)$$(CC) $(2) $$(RUNTIME_CFLAGS) -I$(CODEC)/c -o $$@ $$< $(1)/tests/codec/libgenerated.a $(1)/libmbr.a -lcmocka -lm
endef
$(eval $(call in_each_kind,codec_tests_in))
check-codec: $(call threefold,$(CODEC_TESTS))
	$(call run_threefold,$(CODEC_TESTS))
	tests/codec/run.sh $(abspath $(MBRC_ASAN)) $(CODEC)/run

# Generated C against bytes made by Rust's bincode, here and on machines unlike this one: 32 bits, big-endian.
VECTOR_C := $(CODEC)/vectors/c
$(VECTOR_C)/vector_type_list.h: tests/vectors/vectors.mbr tests/codec/vector_types.sh $(MBRC_ASAN)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(MBRC_ASAN) --c $(VECTOR_C) $<
	$(Q)tests/codec/vector_types.sh < $< > $@
$(CODEC)/vectors/vectors_small: VECTOR_CFLAGS := -DMBR_SMALL=1
$(CODEC)/vectors/vectors $(CODEC)/vectors/vectors_small: tests/codec/vectors.c $(wildcard tests/codec/*.h) $(VECTOR_C)/vector_type_list.h $(RUNTIME_SRC) $(RUNTIME_H)
	$(SAY)
	$(Q)$(CC) -O1 -g $(SANITIZE) $(RUNTIME_CFLAGS) $(VECTOR_CFLAGS) -I$(VECTOR_C) -o $@ $< $(VECTOR_C)/vectors.c $(wildcard runtime/wire/*.c)
check-vectors: $(CODEC)/vectors/vectors $(CODEC)/vectors/vectors_small
	$< tests/vectors/vectors.txt tests/vectors/bad.txt
	$(CODEC)/vectors/vectors_small tests/vectors/vectors.txt tests/vectors/bad.txt

# The vectors anew, to be read in a diff. Cargo writes beside what it builds, so that gets a copy.
CARGO   ?= cargo
VECTORS := $(BUILD)/vectors
.PHONY: vectors
vectors:
	@rm -rf $(VECTORS)/generator && mkdir -p $(VECTORS)
	$(Q)cp -Rp tests/vectors/generator $(VECTORS)/generator
	$(Q)cd $(VECTORS)/generator && $(CARGO) run --quiet --target-dir ../target -- $(CURDIR)/tests/vectors

check-portable: $(MBRC)
	@CC='$(CC)' tests/portable/run.sh $(MBRC) $(BUILD)/tests/portable

# Fuzzing with clang's libFuzzer: what is kept and a few seconds more, or `make fuzz` for ten minutes each.
FUZZ         := $(BUILD)/tests/fuzz
FUZZ_SECONDS ?= 600
FUZZ_CFLAGS  := -std=c11 -D_POSIX_C_SOURCE=200809L -O1 -g -fsanitize=fuzzer,address,undefined \
                -fno-sanitize-recover=all -Wall -Wextra -Werror
$(FUZZ)/fuzz_codec: tests/fuzz/fuzz_codec.c $(wildcard tests/codec/*.h) $(VECTOR_C)/vector_type_list.h $(RUNTIME_SRC) $(RUNTIME_H)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -Iinclude -I$(VECTOR_C) -o $@ $< $(VECTOR_C)/vectors.c $(wildcard runtime/wire/*.c)
$(FUZZ)/fuzz_peer: tests/fuzz/fuzz_peer.c tests/runtime/loopback.h tests/portable/cmocka.h $(RUNTIME_SRC) $(RUNTIME_H)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -Itests/portable -Iinclude -o $@ $< $(wildcard runtime/wire/*.c runtime/peer/*.c)
$(FUZZ)/fuzz_idl: tests/fuzz/fuzz_idl.c $(filter-out compiler/main.c compiler/options.c,$(MBRC_SRC)) $(MBRC_MADE:%=$(MADE)/%)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $(WARN_MADE) -I. -Iinclude -Iidl -I$(MADE)/idl -o $@ $(filter %.c,$^)
$(FUZZ)/fuzz_link: tests/fuzz/fuzz_link.c $(filter-out %/over_peer.c,$(LINK_SRC)) $(wildcard runtime/wire/*.c) $(wildcard runtime/link/*.h include/mbr/*.h)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -Iinclude -o $@ $(filter %.c,$^)
FUZZERS := $(FUZZ)/fuzz_codec $(FUZZ)/fuzz_peer $(FUZZ)/fuzz_link $(FUZZ)/fuzz_idl
check-fuzz: $(FUZZERS)
	@rm -rf $(FUZZ)/check
	tests/fuzz/run.sh 5 $(FUZZ) $(FUZZ)/check
.PHONY: fuzz
fuzz: $(FUZZERS)
	tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ) $(FUZZ)/long

# Random contracts and random values of them between C and Dart: a few, or `make random` for many from a seed on.
RANDOM_SEED  ?= 1
RANDOM_COUNT ?= 200
RANDOM_CC    := $(CC) -O0 -g $(SANITIZE) $(WARN)
RANDOM_RUN    = tests/random/run.sh $(DART) $(abspath $(MBRC)) $(BUILD)/tests/random/$@
check-random: $(MBRC)
	$(RANDOM_RUN) 1 4 $(RANDOM_CC)
.PHONY: random
random: $(MBRC)
	$(RANDOM_RUN) $(RANDOM_SEED) $(RANDOM_COUNT) $(RANDOM_CC)

# Golden files: what the backends write for a schema that shows every construct, or with the options in a file
# beside it.
GOLDEN_OPTIONS = $(if $(wildcard tests/golden/$*.options),$(subst DIR,$(@D)/$*,$(shell cat tests/golden/$*.options)),\
                   --c $(@D)/$*/c --c-client $(@D)/$*/c_client --dart $(@D)/$*/dart --package $*)
GOLDEN := $(patsubst tests/golden/%.mbr,%,$(wildcard tests/golden/*.mbr))
$(BUILD)/tests/golden/%.done: tests/golden/%.mbr $(MBRC_ASAN)
	@rm -rf $(@D)/$* && mkdir -p $(@D)
	$(Q)$(MBRC_ASAN) $(GOLDEN_OPTIONS) $<
	@rm -rf $(@D)/$*/dart/lib/src/mbr && rm -f $(@D)/$*/*/.mbrc-*
	@touch $@
check-golden: $(GOLDEN:%=$(BUILD)/tests/golden/%.done)
	@set -e; for name in $(GOLDEN); do \
	  diff -r tests/golden/$$name $(BUILD)/tests/golden/$$name; \
	done; echo '$(words $(GOLDEN)) passed, 0 failed'
golden: $(GOLDEN:%=$(BUILD)/tests/golden/%.done)
	@set -e; for name in $(GOLDEN); do \
	  rm -rf tests/golden/$$name && cp -r $(BUILD)/tests/golden/$$name tests/golden/$$name; \
	done

# The corpus, 24 real schemas: what is generated for it passes the warning wall of each compiler.
CORPUS      := $(wildcard tests/corpus/vss/*.mbr)
CORPUS_DONE := $(BUILD)/tests/corpus/generated.done
$(CORPUS_DONE): $(CORPUS) $(MBRC_ASAN)
	@rm -rf $(@D) && mkdir -p $(@D)
	$(Q)$(MBRC_ASAN) --c $(@D)/c --c-client $(@D)/c --dart $(@D)/dart --package vss $(CORPUS)
	@touch $@
GENERATED_WARN := $(WARN) -fsyntax-only -Iinclude -I$(BUILD)/tests/corpus/c
check-corpus: $(CORPUS_DONE) $(MBRC)
	valgrind -q --error-exitcode=9 --leak-check=full $(MBRC) --c $(BUILD)/tests/corpus/valgrind/c \
	  --c-client $(BUILD)/tests/corpus/valgrind/c --dart $(BUILD)/tests/corpus/valgrind/dart --package vss $(CORPUS)
	diff -r $(BUILD)/tests/corpus/c $(BUILD)/tests/corpus/valgrind/c
	diff -r $(BUILD)/tests/corpus/dart $(BUILD)/tests/corpus/valgrind/dart
	@set -e; for file in $(BUILD)/tests/corpus/c/*.c runtime/wire/*.c runtime/peer/*.c; do \
	  gcc -std=c11 $(GENERATED_WARN) $$file; gcc -std=c99 $(GENERATED_WARN) $$file; \
	  $(CLANG) -std=c11 $(GENERATED_WARN) $$file; $(CLANG) -std=c99 $(GENERATED_WARN) $$file; \
	done
	@for header in $(BUILD)/tests/corpus/c/*.h include/mbr/*.h; do echo "#include \"$$(realpath $$header)\""; done \
	  > $(BUILD)/tests/corpus/all.cpp
	g++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only -Iinclude -I$(BUILD)/tests/corpus/c $(BUILD)/tests/corpus/all.cpp
	$(CLANG)++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only -Iinclude -I$(BUILD)/tests/corpus/c $(BUILD)/tests/corpus/all.cpp
	@echo '$(words $(CORPUS)) passed, 0 failed'

# A schema as broad as any user's: awkward names everywhere, hundreds of types, large unions and enums.
check-broad: $(MBRC)
	tests/broad/run.sh $(DART) $(MBRC) $(BUILD)/tests/broad

# The Dart side, on a real VM: the connection with a library plain and one with sanitizers inside the VM,
# then generated code alone.
PROBE     := $(BUILD)/tests/dart
PROBE_SRC := $(wildcard tests/dart/probe*.c)
DART_LIBRARY_CFLAGS := -g -std=c11 -D_POSIX_C_SOURCE=200809L $(WARN) -pthread -shared -fPIC -fvisibility=hidden -Iinclude \
                       $(DART_CFLAGS)
$(PROBE)/libprobe.so: OPTIMIZED := -O2
$(PROBE)/asan/libprobe.so: OPTIMIZED := -O1 $(SANITIZE)
$(PROBE)/libprobe.so $(PROBE)/asan/libprobe.so: $(PROBE_SRC) $(wildcard tests/dart/*.h) $(RUNTIME_DART_SRC) $(RUNTIME_H)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(CC) $(DART_LIBRARY_CFLAGS) $(OPTIMIZED) -o $@ $(PROBE_SRC) $(RUNTIME_DART_SRC)
# Libraries with sanitizers work in a VM without when the runtime of AddressSanitizer is loaded first.
ASAN_RUNTIME = $$($(CC) $(DART_CFLAGS) -print-file-name=libasan.so)
WITH_ASAN = env LD_PRELOAD=$(ASAN_RUNTIME) ASAN_OPTIONS=detect_leaks=0

# Isolates that do everything at once and die at any moment; check-dart has a short form.
STRESS_CALLS ?= 1000000
STRESS_ITEMS ?= 10000000
STRESS = STRESS_CALLS=$(STRESS_CALLS) STRESS_ITEMS=$(STRESS_ITEMS)
.PHONY: stress
stress: $(PROBE)/libprobe.so $(PROBE)/asan/libprobe.so
	$(STRESS) tests/dart/run.sh $(DART) $(PROBE)/libprobe.so $(PROBE) stress
	$(STRESS) VM_PRELOAD=$(ASAN_RUNTIME) ASAN_OPTIONS=detect_leaks=0 \
	  tests/dart/run.sh $(DART) $(PROBE)/asan/libprobe.so $(PROBE)/asan stress

# Generated C serves generated Dart, with sanitizers inside the VM: three services of the vehicle schemas, and
# every kind of type as parameter and result.
# $(call end_to_end,NAME,PACKAGE,CONTRACTS,TEST)
define end_to_end
$(BUILD)/tests/$(1)/generated.done: $(3) $$(MBRC)
	@mkdir -p $$(@D)
	$$(SAY)
	$$(Q)$$(MBRC) --c $$(@D)/c --dart $$(@D)/dart --package $(2) $(3)
	@echo '{"configVersion": 2, "packages": [{"name": "$(2)", "rootUri": "dart/", "packageUri": "lib/", "languageVersion": "3.5"}]}' \
	  > $$(@D)/packages.json
	@touch $$@
$(BUILD)/tests/$(1)/lib$(2).so: tests/$(1)/$(4).c $(BUILD)/tests/$(1)/generated.done $$(RUNTIME_DART_SRC) $$(RUNTIME_H)
	$$(SAY)
	$$(Q)$$(CC) $$(DART_LIBRARY_CFLAGS) -O1 $$(SANITIZE) -I$$(@D)/c -o $$@ $$< $$(@D)/c/*.c $$(RUNTIME_DART_SRC)
.PHONY: check-$(1)
check-$(1): $(BUILD)/tests/$(1)/lib$(2).so
	timeout 120 $$(WITH_ASAN) $$(DART) --enable-asserts --packages=$(BUILD)/tests/$(1)/packages.json \
	  tests/$(1)/$(4).dart $$<
endef
$(eval $(call end_to_end,vehicle,vss,$(CORPUS),vehicle))
$(eval $(call end_to_end,echo,echo,tests/echo/echo.mbr,echo))

# Every kind of call in both directions and every ending of it, and a package of another version of the contract.
check-calls: $(MBRC)
	tests/calls/run.sh $(DART) $(MBRC) $(BUILD)/tests/calls $(CC) $(DART_LIBRARY_CFLAGS) -O1 $(SANITIZE)

check-dart: $(PROBE)/libprobe.so $(PROBE)/asan/libprobe.so $(MBRC)
	tests/dart/run.sh $(DART) $(PROBE)/libprobe.so $(PROBE)
	VM_PRELOAD=$(ASAN_RUNTIME) ASAN_OPTIONS=detect_leaks=0 tests/dart/run.sh $(DART) $(PROBE)/asan/libprobe.so $(PROBE)/asan
	tests/dart_codec/run.sh $(DART) $(abspath $(MBRC)) $(BUILD)/tests/dart_codec

# examples/ivi: the contract compiled, the data layer built into one shared library, the dashboard run.
IVI       := $(BUILD)/examples/ivi
IVI_MBR   := $(wildcard examples/ivi/contract/*.mbr)
IVI_C     := $(wildcard examples/ivi/src/*.c)
$(IVI)/generated.done: $(IVI_MBR) $(MBRC)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(MBRC) --dart $(IVI)/dart --c $(IVI)/c --package ivi $(IVI_MBR)
	@touch $@
$(IVI)/libivi.so: IVI_CFLAGS := $(OPTIMIZE)
$(IVI)/asan/libivi.so: IVI_CFLAGS := -O1 $(SANITIZE)
$(IVI)/libivi.so $(IVI)/asan/libivi.so: $(IVI_C) $(wildcard examples/ivi/src/*.h) $(RUNTIME_DART_SRC) $(RUNTIME_H) $(IVI)/generated.done
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(CC) $(DART_LIBRARY_CFLAGS) $(IVI_CFLAGS) -I$(IVI)/c -Iexamples/ivi/src -o $@ $(IVI_C) $(IVI)/c/*.c $(RUNTIME_DART_SRC) -lm
$(IVI)/packages.json: Makefile
	@mkdir -p $(@D)
	@echo '{"configVersion": 2, "packages": [{"name": "ivi", "rootUri": "dart/", "packageUri": "lib/", "languageVersion": "3.5"}]}' > $@

DASHBOARD := --packages=$(IVI)/packages.json examples/ivi/dashboard/bin/dashboard.dart
.PHONY: demo
demo: $(IVI)/libivi.so $(IVI)/packages.json
	@$(DART) $(DASHBOARD) --library $(IVI)/libivi.so

# The demo, with sanitizers inside the VM, shows every stream, refuses what is out of range, and ends by itself.
DEMO_SHOWS := 'motor  ' 'battery  ' 'climate  ' 'machine  ' 'network  ' '45 °C refused' 'unimplemented' 'all streams cancelled'
check-demo: $(IVI)/libivi.so $(IVI)/asan/libivi.so $(IVI)/packages.json
	timeout 60 $(WITH_ASAN) $(DART) --enable-asserts $(DASHBOARD) --library $(IVI)/asan/libivi.so --seconds 3 \
	  > $(BUILD)/tests/demo.txt
	@for text in $(DEMO_SHOWS); do grep -q "$$text" $(BUILD)/tests/demo.txt || { echo "the demo does not show: $$text"; exit 1; }; done
	@echo '1 passed, 0 failed'

# Its C logic is tested with no Dart, and its Dart logic with no C.
IVI_TEST := $(BUILD)/tests/ivi
$(IVI_TEST)/test_cabin: examples/ivi/tests/test_cabin.c $(IVI_C) $(IVI_MBR) $(BUILD)/asan/libmbr.a $(MBRC)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(MBRC) --c $(IVI_TEST)/c --c-client $(IVI_TEST)/c $(IVI_MBR)
	$(Q)$(CC) -O1 -g $(SANITIZE) $(RUNTIME_CFLAGS) -I$(IVI_TEST)/c -Iexamples/ivi/src -o $@ $< $(filter-out %/ivi.c,$(IVI_C)) \
	  $(IVI_TEST)/c/*.c $(BUILD)/asan/libmbr.a -lcmocka -lm
check-ivi: $(IVI_TEST)/test_cabin $(IVI)/generated.done $(IVI)/packages.json
	$(IVI_TEST)/test_cabin
	timeout 60 $(DART) --enable-asserts --packages=$(IVI)/packages.json examples/ivi/dashboard/test/driver_test.dart

# examples/firmware: the image for a Cortex-M3, from the vendored runtime, as a user builds it.
ARM_CC      ?= arm-none-eabi-gcc
FIRMWARE    := $(BUILD)/examples/firmware
FIRMWARE_MBR := examples/firmware/contract/climate.mbr
FIRMWARE_LD := examples/firmware/board/board.ld
FIRMWARE_H  := $(wildcard examples/firmware/board/*.h examples/firmware/src/*.h)
FIRMWARE_CFLAGS := -mcpu=cortex-m3 -mthumb -std=c99 -Os -g -ffunction-sections -fdata-sections -fstack-usage $(WARN) \
                   -DMBR_SMALL=1 -DMBR_LOG_LEVEL=0 -DNDEBUG -I$(FIRMWARE)/third_party -I$(FIRMWARE)/c \
                   -Iexamples/firmware/board -Iexamples/firmware/src
FIRMWARE_OBJ := $(patsubst examples/firmware/%.c,$(FIRMWARE)/obj/%.o,$(wildcard examples/firmware/board/*.c examples/firmware/src/*.c)) \
                $(FIRMWARE)/obj/c/cabin_climate.o $(FIRMWARE)/obj/third_party/mbr/core.o $(FIRMWARE)/obj/third_party/mbr/link.o
$(FIRMWARE)/generated.done: $(FIRMWARE_MBR) $(MBRC)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(MBRC) vendor $(FIRMWARE)/third_party --with link
	$(Q)$(MBRC) --profile firmware --c $(FIRMWARE)/c $<
	@touch $@
$(filter $(FIRMWARE)/obj/board/% $(FIRMWARE)/obj/src/%,$(FIRMWARE_OBJ)): $(FIRMWARE)/obj/%.o: examples/firmware/%.c $(FIRMWARE_H) $(FIRMWARE)/generated.done
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(ARM_CC) $(FIRMWARE_CFLAGS) -c -o $@ $<
$(filter $(FIRMWARE)/obj/c/% $(FIRMWARE)/obj/third_party/%,$(FIRMWARE_OBJ)): $(FIRMWARE)/obj/%.o: $(FIRMWARE)/generated.done
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(ARM_CC) $(FIRMWARE_CFLAGS) -c -o $@ $(FIRMWARE)/$*.c
$(FIRMWARE)/unit.elf: $(FIRMWARE_OBJ) $(FIRMWARE_LD)
	$(SAY)
	$(Q)$(ARM_CC) -mcpu=cortex-m3 -mthumb -nostartfiles -nostdlib -Wl,--gc-sections -Wl,-Map=$@.map -T $(FIRMWARE_LD) \
	  -o $@ $(FIRMWARE_OBJ) -lc -lgcc

# The other end of its line: the library that lends it to Dart, and a dashboard.
HEAD_UNIT_SRC := examples/firmware/head_unit/head_unit.c $(RUNTIME_DART_SRC) $(wildcard runtime/link/*.c runtime/line/*.c runtime/bridge/*.c)
$(FIRMWARE)/head_unit.done: $(FIRMWARE_MBR) $(MBRC)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(MBRC) --dart $(FIRMWARE)/dart --c $(FIRMWARE)/head_unit --c-client $(FIRMWARE)/head_unit --package climate $<
	@touch $@
$(FIRMWARE)/libclimate.so: HEAD_UNIT_CFLAGS := $(OPTIMIZE)
$(FIRMWARE)/asan/libclimate.so: HEAD_UNIT_CFLAGS := -O1 $(SANITIZE)
$(FIRMWARE)/libclimate.so $(FIRMWARE)/asan/libclimate.so: $(HEAD_UNIT_SRC) $(RUNTIME_H) $(FIRMWARE)/head_unit.done
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(CC) $(DART_LIBRARY_CFLAGS) $(HEAD_UNIT_CFLAGS) -I$(FIRMWARE)/head_unit -o $@ $(HEAD_UNIT_SRC) $(FIRMWARE)/head_unit/*.c
$(FIRMWARE)/packages.json: Makefile
	@mkdir -p $(@D)
	@echo '{"configVersion": 2, "packages": [{"name": "climate", "rootUri": "dart/", "packageUri": "lib/", "languageVersion": "3.5"}]}' > $@

.PHONY: demo-firmware
demo-firmware: $(FIRMWARE)/unit.elf $(FIRMWARE)/libclimate.so $(FIRMWARE)/packages.json
	@tests/firmware/image.sh $(FIRMWARE)
	@examples/firmware/demo.sh $(FIRMWARE)/unit.elf $(FIRMWARE)/libclimate.so $(DART) --packages=$(FIRMWARE)/packages.json \
	  examples/firmware/dashboard/bin/dashboard.dart

# The image in the emulator, at the end of a line with noise, and as its power comes and goes; from C, and from Dart
# with sanitizers inside the VM.
FIRMWARE_TEST  := $(BUILD)/tests/firmware
FIRMWARE_TESTS := $(patsubst tests/firmware/%.c,$(FIRMWARE_TEST)/%,$(wildcard tests/firmware/test_*.c))
FIRMWARE_KIT   := $(filter-out $(wildcard tests/firmware/test_*.c),$(wildcard tests/firmware/*.c))
$(FIRMWARE_TEST)/generated.done: $(FIRMWARE_MBR) $(MBRC)
	@mkdir -p $(@D)
	$(SAY)
	$(Q)$(MBRC) --c $(@D)/c --c-client $(@D)/c $<
	@touch $@
$(FIRMWARE_TESTS): $(FIRMWARE_TEST)/%: tests/firmware/%.c $(FIRMWARE_KIT) $(wildcard tests/firmware/*.h tests/link/noise.h) \
                   $(FIRMWARE_TEST)/generated.done $(BUILD)/asan/libmbr.a
	$(SAY)
	$(Q)$(CC) -O1 -g $(SANITIZE) $(RUNTIME_CFLAGS) -I$(@D)/c -o $@ $< $(FIRMWARE_KIT) $(@D)/c/*.c \
	  $(BUILD)/asan/libmbr.a -lcmocka -lm
check-firmware: $(FIRMWARE)/unit.elf $(FIRMWARE)/asan/libclimate.so $(FIRMWARE)/packages.json $(FIRMWARE_TESTS)
	tests/firmware/image.sh $(FIRMWARE)
	tests/firmware/run.sh $(FIRMWARE_TEST) '$(notdir $(FIRMWARE_TESTS))' $(FIRMWARE)/unit.elf $(FIRMWARE)/asan/libclimate.so $(WITH_ASAN) "$$(realpath "$$(command -v $(DART))")" \
	  --enable-asserts --packages=$(abspath $(FIRMWARE))/packages.json

# What the README tells a newcomer to do.
check-readme: $(MBRC) $(TEMPLATES) | $(SETUP)
	tests/readme/run.sh README.md . $(BUILD)/tests/readme $(DART) $(DART_CFLAGS)

# Codecs measured against their peers, calls against their floors: ratios are printed, nothing is asserted.
.PHONY: bench
bench: $(MBRC)
	@CC='$(CC)' DART_CFLAGS='$(DART_CFLAGS)' bench/run.sh $(MBRC) $(DART) $(BUILD)/bench

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
