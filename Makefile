# SPDX-License-Identifier: Apache-2.0
# Builds everything out of tree: build/CONFIG/. No recursion; one list of sources a folder.
#
#   make [CONFIG=release|debug|clang|clang-debug|asan|fuzz|canary|plain] [V=1] [BUILD=DIR] [TARGET]
#
# all (weft, weft-sim)  unit  trace  attack  sim-check  fuzz-replay  lint  check-fast  check
# trace-update (rewrites the golden traces)  clean
# install [DESTDIR=] [PREFIX=/usr/local] [SYSCONFDIR=/etc]: programs, manual, systemd units
# Several configurations live side by side; BUILD=DIR puts the whole build elsewhere.

MAKEFLAGS += --no-builtin-rules
CONFIG ?= release
BUILD ?= build
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
# One name for one folder, however it was given: what headers an object needs stands in its .d file
# by the name of the object, and under another name nothing would be made anew. It is removed by
# clean, so it must not be this folder, one around it, or one of sources.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
$(if $(filter-out 1,$(words $(BUILD)))$(filter $(BUILD:/=)/%,$(CURDIR)/)$(filter \
	protocol node sim tests scripts,$(firstword $(subst /, ,$(BUILD)))),\
	$(error BUILD names one folder without blanks, for what is built alone: BUILD=build))
OUT := $(BUILD)/$(CONFIG)
# CONFIG=plain, to measure what encryption costs: release, with only the sealing left out.
OBJ := $(BUILD)/$(CONFIG:plain=release)/obj
Q := $(if $(V),,@)
silent := $(V)$(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS))))
say = $(if $(silent),,@printf '  %-7s %s\n' '$(1)' '$(2)')

all:

include protocol/sources.mk protocol/trust/sources.mk protocol/transport/sources.mk
include node/sources.mk sim/sources.mk
include tests/sources.mk

# Configurations.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CC_release := gcc
CC_debug := gcc
CC_clang := clang
CC_clang-debug := clang
CC_asan := clang
CC_fuzz := clang
CC_coverage := gcc
CC_canary := gcc
CC_plain := gcc
OPT_release := -O2 -g -D_FORTIFY_SOURCE=2
OPT_debug := -O0 -g
OPT_clang := -O2 -g -D_FORTIFY_SOURCE=2
OPT_clang-debug := -O0 -g
OPT_asan := -O1 -g $(SANITIZE)
OPT_canary := -O2 -g -DWEFT_CANARY
OPT_plain := $(OPT_release)
OPT_fuzz := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
OPT_coverage := -O0 -g --coverage
# weft-sim steps a core millions of times a second, so it is optimised once more as a whole when it
# is linked. Objects hold both forms: whatever else is made of them links them as they are.
WHOLE_release := -O3 -flto=auto -ffat-lto-objects
WHOLE_plain := $(WHOLE_release)
WHOLE := $(WHOLE_$(CONFIG))
FINISH := $(if $(WHOLE),-fno-lto)
$(if $(CC_$(CONFIG)),,$(error CONFIG=$(CONFIG) is unknown; see the head of the Makefile))
CC := $(CC_$(CONFIG))

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wvla -Walloca \
	-Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wpointer-arith \
	-Wformat=2 -Wundef -Wswitch-enum -Wimplicit-fallthrough -Werror
WARN_gcc := -Wduplicated-cond -Wlogical-op -Wjump-misses-init
HARDEN := -fPIE -fstack-protector-strong
CFLAGS += -std=c11 $(OPT_$(CONFIG)) $(WARN) $(WARN_$(CC)) $(HARDEN) -ffp-contract=off
LDFLAGS += $(OPT_$(CONFIG)) -pie -Wl,-z,relro,-z,now -Wl,--as-needed
CPPFLAGS += -I. -include protocol/banned.h

# Libraries, by what uses them.
pkg = $(shell pkg-config $(1) $(2))
PKG_NODE := libsodium libcrypto jansson libuv libcurl libarchive libmicrohttpd libseccomp
PKG_TEST := check msgpack
CPPFLAGS += $(call pkg,--cflags,$(PKG_NODE))
LIBS_SIM := $(call pkg,--libs,libsodium libcrypto jansson) -pthread -lm
LIBS_NODE := $(call pkg,--libs,$(PKG_NODE)) -pthread
LIBS_TEST = $(call pkg,--libs,$(PKG_TEST)) $(LIBS_NODE) -lm

# What is made of what.
objects = $(patsubst %.c,$(OBJ)/%.o,$(1))
PROTOCOL_OBJECTS := $(call objects,$(PROTOCOL_SOURCES))
TRUST_OBJECTS := $(call objects,$(TRUST_SOURCES))
PLAIN_FOR := $(PLAIN_SOURCES:tests/plain/%=protocol/transport/%)
TRANSPORT_OBJECTS := $(call objects,$(if $(filter plain,$(CONFIG)),\
	$(filter-out $(PLAIN_FOR),$(TRANSPORT_SOURCES)) $(PLAIN_SOURCES),$(TRANSPORT_SOURCES)))
NODE_OBJECTS := $(call objects,$(NODE_SOURCES))
SIM_OBJECTS := $(call objects,$(SIM_SOURCES))
SUPPORT_OBJECTS := $(call objects,$(TEST_SUPPORT_SOURCES))
TEST_SOURCES := $(UNIT_SOURCES) $(TRACE_SOURCES) $(ATTACK_SOURCES)
TESTS := $(patsubst %.c,$(OUT)/%,$(TEST_SOURCES))
FUZZERS := $(patsubst tests/%.c,$(OUT)/%,$(FUZZ_SOURCES))
TUF_CLIENT := $(patsubst %.c,$(OUT)/%,$(TUF_SOURCES))
BENCH := $(OUT)/tests/bench/bench_crypto
PROGRAMS := $(OUT)/weft $(OUT)/weft-sim
CORE := $(OUT)/libtransport.a $(OUT)/libtrust.a $(OUT)/libprotocol.a
PARTS := $(OUT)/libsupport.a $(OUT)/libsim.a $(OUT)/libnode.a $(CORE)

all: $(if $(filter fuzz,$(CONFIG)),$(FUZZERS),$(PROGRAMS))
tests: $(TESTS) $(FUZZERS) $(TUF_CLIENT) $(BENCH)

$(OUT)/libprotocol.a: $(PROTOCOL_OBJECTS) protocol/sources.mk
$(OUT)/libtrust.a: $(TRUST_OBJECTS) protocol/trust/sources.mk
$(OUT)/libtransport.a: $(TRANSPORT_OBJECTS) protocol/transport/sources.mk
$(OUT)/libnode.a: $(filter-out %/main.o,$(NODE_OBJECTS)) node/sources.mk
$(OUT)/libsim.a: $(filter-out %/main.o,$(SIM_OBJECTS)) sim/sources.mk
$(OUT)/libsupport.a: $(SUPPORT_OBJECTS) tests/sources.mk
$(OUT)/lib%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && ar rcs $@ $(filter %.o,$^)

link = $(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) $(FINISH) $(1) -o $@ $(filter %.o %.a,$^)
$(OUT)/weft: $(OBJ)/node/main.o $(OUT)/libnode.a $(CORE)
	$(call say,LINK,$@)
	$(link) $(LIBS_NODE)
$(OUT)/weft-sim: FINISH := $(WHOLE)
$(OUT)/weft-sim: $(OBJ)/sim/main.o $(OUT)/libsim.a $(CORE)
	$(call say,LINK,$@)
	$(link) $(LIBS_SIM)
$(TESTS): $(OUT)/tests/%: $(OBJ)/tests/%.o $(PARTS)
	$(call say,LINK,$@)
	$(link) $(LIBS_TEST)
$(TUF_CLIENT): $(OUT)/%: $(OBJ)/%.o $(OUT)/libnode.a $(CORE)
	$(call say,LINK,$@)
	$(link) $(LIBS_NODE)
$(BENCH): $(call objects,$(BENCH_SOURCES)) $(CORE)
	$(call say,LINK,$@)
	$(link) $(LIBS_SIM)
# A fuzz program searches in CONFIG=fuzz; elsewhere it only replays what it is given.
FUZZ_MAIN := $(if $(filter fuzz,$(CONFIG)),,$(call objects,$(FUZZ_MAIN_SOURCES)))
$(FUZZERS): $(OUT)/%: $(OBJ)/tests/%.o $(FUZZ_MAIN) $(PARTS)
	$(call say,LINK,$@)
	$(call link,$(if $(FUZZ_MAIN),,-fsanitize=fuzzer)) $(LIBS_TEST)

$(OBJ)/node/%.o $(OBJ)/sim/%.o $(OBJ)/tests/%.o: CPPFLAGS += -D_GNU_SOURCE
$(OBJ)/protocol/%.o $(OBJ)/sim/%.o: CFLAGS += $(WHOLE)
$(OBJ)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(OBJ)/sim/page.o: $(SIM_PAGE_FILES)
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)

# Checks. scripts/check runs all of them in all configurations; see its table of stages.
UNIT := $(filter $(OUT)/tests/unit/%,$(TESTS))
TRACE := $(filter $(OUT)/tests/trace/%,$(TESTS))
ATTACK := $(filter $(OUT)/tests/attack/%,$(TESTS))
unit: $(UNIT)
	$(Q)scripts/run-tests $(UNIT)
trace: $(OUT)/weft-sim $(TRACE)
	$(Q)scripts/trace-check $^
trace-update: $(OUT)/weft-sim $(TRACE)
	$(Q)scripts/trace-check --update $^
attack: $(ATTACK)
	$(Q)scripts/run-tests $(ATTACK)
sim-check: $(OUT)/weft-sim
	$(Q)scripts/sim-check $(OUT)/weft-sim
	$(Q)tests/sim/run.sh $(OUT)/weft-sim 30
fuzz-replay: $(FUZZERS)
	$(Q)scripts/fuzz-replay $(FUZZERS)
lint:
	$(Q)scripts/lint
check-fast: all unit trace
check: check-fast lint attack sim-check

$(OUT)/weft.8: $(OUT)/weft
	$(Q)$< help --man > $@
# Units name the program and the file with its flags, by the PREFIX of today; flags that are there
# stay.
UNITS := $(addprefix $(OUT)/,weft.service weft-apply.service weft-apply.path)
$(UNITS): $(OUT)/%: scripts/systemd/% always
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's|@BINDIR@|$(PREFIX)/bin|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' $< >$@
install: $(if $(filter plain,$(CONFIG)),not-for-use,$(PROGRAMS) $(OUT)/weft.8 $(UNITS))
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 $(OUT)/weft.8
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) $(UNITS)
	test -e $(DESTDIR)$(SYSCONFDIR)/default/weft || install -D -m 644 \
		scripts/systemd/weft.default $(DESTDIR)$(SYSCONFDIR)/default/weft

not-for-use:
	@echo 'CONFIG=$(CONFIG) is not for use: install CONFIG=release' >&2; exit 1

clean:
	rm -rf $(BUILD)

.PHONY: all tests unit trace trace-update attack sim-check fuzz-replay lint check-fast check \
	install not-for-use always clean
.SECONDARY:
