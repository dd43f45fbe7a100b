# SPDX-License-Identifier: Apache-2.0
# Builds, checks and installs tare; `make help` lists the targets, `make V=1` shows the commands.

VERSION := 0.1.0

# What a caller may change: make PREFIX=/opt CFLAGS='-O0 -g' WERROR= STATIC=0 V=1. RUNEXEC=0 installs
# no `runexec`, for machines that have BenchExec's.
PREFIX  ?= /usr/local
CLANG   ?= clang
BPFTOOL ?= $(shell scripts/find-bpftool)
CFLAGS  ?= -O2 -g
WERROR  ?= -Werror
STATIC  ?= 1
RUNEXEC ?= 1

# SANITIZE=1 is a second user half in a folder of its own, on the same kernel half.
OUT := build
ifeq ($(SANITIZE),1)
  OUT    := build/asan
  STATIC := 0
  CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
  HARDEN := -U_FORTIFY_SOURCE -fPIE
endif

# libbpf loads and reads the collector (with libelf and zlib, and on newer systems zstd, behind it);
# libseccomp knows every ABI's system calls, libcap the capability sets, jansson JSON.
PKGS := libbpf libelf zlib libseccomp libcap jansson

WARN := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Wvla
HARDEN ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	-fstack-clash-protection -fPIE
# -iquote, so that our bpf/ never shadows <bpf/...> of libbpf. -isystem, because a light skeleton is
# not clean under WARN; -MD rather than -MMD, or its users would not be rebuilt with it.
CPPFLAGS += -D_GNU_SOURCE -DTARE_VERSION='"$(VERSION)"' -Iuser -iquote . -isystem $(OUT) -isystem build \
	-MD -MP
COMPILE   = $(CC) -std=gnu11 $(CPPFLAGS) $(HARDEN) $(WARN) $(CFLAGS)

# Static: a run starts 0.3 ms sooner than with seven shared libraries, and the binary also works
# where they are missing. As PIE, because it costs nothing measurable (under 15 us). The last one is
# for libelf_search_tree.c, which fills in for what an earlier one may lack.
ifeq ($(STATIC),1)
  LINK = -static-pie $(LDFLAGS)
  LIBS = $(shell pkg-config --static --libs $(PKGS)) $(OUT)/libtare.a
else
  LINK = -pie -Wl,--as-needed $(LDFLAGS)
  LIBS = $(shell pkg-config --libs $(PKGS))
endif
LDFLAGS += -Wl,-z,relro,-z,now,-z,noexecstack

BPF_FLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Ivmlinux/x86 -Ibpf \
	-Wall -Wextra -Wno-unused-parameter $(WERROR) -MD -MP

# The kernel half twice: for kernels whose tracepoints may be preempted (7.0 on), and for all others.
# run, which owns the shared maps, is linked first: of an extern map that is resolved later, bpftool
# (7.1 and 7.5) gets the offset wrong.
# Each of them twice as well: without what only an option asks for, a run starts sooner.
KERNELS     := steady steady_bare preemptible preemptible_bare
ASIDE       := interrupt gate
OPTIONAL    := limit timeline uring
BPF_SOURCE  := bpf/run.bpf.c $(filter-out $(ASIDE:%=bpf/%.bpf.c),$(wildcard bpf/*.bpf.c))
source_of    = $(if $(filter %_bare,$1),$(filter-out $(OPTIONAL:%=bpf/%.bpf.c),$(BPF_SOURCE)),$(BPF_SOURCE))
objects_of   = $(patsubst bpf/%.c,build/$1/%.o,$(call source_of,$1))
BPF_OBJECTS := $(foreach kernel,$(KERNELS),$(call objects_of,$(kernel)))
# Objects of their own: what weighs interrupts, loaded on demand, and the gate of the shared collector.
SKELETONS   := $(patsubst %,build/%.lskel.h,$(KERNELS)) $(ASIDE:%=build/%.skel.h)
USER_SOURCE := $(wildcard user/*/*.c user/*/*/*.c)
OBJECTS     := $(patsubst %.c,$(OUT)/%.o,$(USER_SOURCE))
MAIN        := $(OUT)/user/command/main.o
UNIT        := $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/test_*.c))
PROGRAMS    := $(patsubst %.c,build/%,$(wildcard tests/programs/*.c))
LAUNCHERS   := $(patsubst %.c,$(OUT)/%,$(wildcard tests/bench/*.c))

ifneq ($(V),1)
  Q := @
endif
say = @printf '  %-8s%s\n' $(1) $(2)

.DELETE_ON_ERROR:
.PHONY: all tests unit run-tests asan asan-runs check check-faults check-kernels demo bench lint format \
	install uninstall clean vmlinux help force fuzz fuzz-smoke coverage analyze valgrind \
	veristat

all: $(OUT)/tare ## build build/tare (the default; needs no network)

build/preemptible/% build/preemptible_bare/%: BPF_FLAGS += -DPREEMPTIBLE_TRACEPOINTS
build/steady_bare/% build/preemptible_bare/%: BPF_FLAGS += -DWITHOUT_OPTIONS
# Not one rule of two patterns: make takes that for one recipe that makes both.
define compile_bpf
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_FLAGS) -c $< -o $@
endef
build/steady/%.bpf.o: bpf/%.bpf.c build/bpf.flags
	$(compile_bpf)
build/preemptible/%.bpf.o: bpf/%.bpf.c build/bpf.flags
	$(compile_bpf)
build/steady_bare/%.bpf.o: bpf/%.bpf.c build/bpf.flags
	$(compile_bpf)
build/preemptible_bare/%.bpf.o: bpf/%.bpf.c build/bpf.flags
	$(compile_bpf)

$(foreach kernel,$(KERNELS),$(eval build/$(kernel).bpf.o: $(call objects_of,$(kernel))))
$(KERNELS:%=build/%.bpf.o):
	$(call say,LINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

build/%.lskel.h: build/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton -L $< name $* > $@

$(ASIDE:%=build/%.skel.h): build/%.skel.h: build/steady/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $* > $@

# By which a run knows whether the programs of the shared collector are its own.
build/object-identity.h: $(KERNELS:%=build/%.bpf.o) build/steady/gate.bpf.o
	$(Q)echo "#define OBJECT_IDENTITY \"$$(cat $^ | sha256sum | cut -c-64)\"" > $@

$(OUT)/user/%.o: user/%.c $(OUT)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -c $< -o $@

# The system call filters, built once here and not in every run; a unit test compares the two.
MAKE_FILTERS := $(OUT)/scripts/make-filters
$(MAKE_FILTERS): scripts/make-filters.c $(OUT)/user/sandbox/seccomp.o \
		$(OUT)/user/sandbox/seccomp_export.o $(filter $(OUT)/user/base/%,$(OBJECTS))
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -MF $@.d -MT $@ $(filter %.c %.o,$^) -pie \
		-Wl,--as-needed $(shell pkg-config --libs libseccomp jansson) -o $@

$(OUT)/seccomp-filters.h: $(MAKE_FILTERS)
	$(call say,GEN,$@)
	$(Q)$< > $@

$(OUT)/user/sandbox/seccomp_ready.o: | $(OUT)/seccomp-filters.h

# Only the meter sees the skeleton; everything else compiles without waiting for it.
$(filter $(OUT)/user/meter/%,$(OBJECTS)): | $(SKELETONS) build/object-identity.h

# Removed first: ar would keep the objects of files that are gone.
$(OUT)/libtare.a: $(filter-out $(MAIN),$(OBJECTS)) $(OUT)/flags
	$(call say,AR,$@)
	$(Q)$(RM) $@ && $(AR) rcs $@ $(filter %.o,$^)

$(OUT)/tare: $(MAIN) $(OUT)/libtare.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ $(LIBS) -o $@

# Of several sources the last one's headers are noted.
$(OUT)/tests/unit/%: tests/unit/descriptors.c tests/unit/%.c $(OUT)/libtare.a
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -MF $@.d -MT $@ $(filter %.c %.a,$^) -pie \
		-Wl,--as-needed -lcmocka $(shell pkg-config --libs $(PKGS)) -pthread -o $@

$(LAUNCHERS): $(OUT)/tests/bench/%: tests/bench/%.c $(OUT)/libtare.a
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -MF $@.d -MT $@ $(LINK) $(filter %.c %.a,$^) $(LIBS) -o $@

# By tests/fuzz/run, which gives the compiler and the flags.
$(OUT)/tests/fuzz/%: tests/fuzz/%.c $(OUT)/libtare.a
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -fsanitize=fuzzer -MF $@.d -MT $@ $(filter %.c %.a,$^) -pie \
		-Wl,--as-needed $(shell pkg-config --libs $(PKGS)) -o $@

# Static, so that they run in any view of the file system. A program that needs other flags has
# them in a comment of its own: "// build: -nostdlib".
build/tests/programs/%: tests/programs/%.c Makefile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra $(WERROR) \
		-MD -MP -MF $@.d -MT $@ -static -pthread $< $(shell sed -n 's,^// build: ,,p' $<) -o $@

# Written only when they differ, so that other CFLAGS or another VERSION rebuild what they touch.
build/bpf.flags: FLAGS = $(CLANG) $(BPF_FLAGS)
$(OUT)/flags: FLAGS = $(COMPILE) $(LINK)
build/bpf.flags $(OUT)/flags: force
	@mkdir -p $(@D)
	@echo $(FLAGS) | cmp -s - $@ || echo $(FLAGS) > $@

tests: $(UNIT) $(PROGRAMS) $(LAUNCHERS) ## build the unit tests and the programs that tests sandbox
unit: $(UNIT) ## build and run the unit tests
	@scripts/tap $(UNIT)
run-tests: all $(PROGRAMS) $(LAUNCHERS) ## run the whole-program tests (as root)
	@scripts/tap $(wildcard tests/run/*.sh)
asan: ## unit tests, and build/asan/tare, under ASan and UBSan
	@$(MAKE) --no-print-directory SANITIZE=1 all tests unit
# Without what traces tare: the search for leaks needs to do that itself. A core is dumped all the same.
asan-runs: asan $(PROGRAMS) ## whole-program tests with it (as root; some of time fail)
	@ASAN_OPTIONS=disable_coredump=0 TARE=$(CURDIR)/build/asan/tare \
		scripts/tap $(shell grep -L -e strace -e inject tests/run/*.sh)
bench: all $(PROGRAMS) $(LAUNCHERS) ## run the benchmarks of tests/bench
	@for bench in $(wildcard tests/bench/*.sh); do $$bench || exit; done
check: ## set up, build and run all tests
	@scripts/check
check-faults: all $(PROGRAMS) ## as root: each fault at each place of a run (half an hour)
	@FAULTS=all TEST_TIMEOUT=3600 scripts/tap $(wildcard tests/faults/*.sh)
check-kernels: all tests ## run the tests on other kernels, in virtual machines (scripts/setup vm)
	@tests/vm/matrix
demo: ## set up, build and weigh a real build
	@scripts/demo
lint: $(SKELETONS) build/object-identity.h $(OUT)/seccomp-filters.h ## formatting, static analysis, shell scripts, layers
	@scripts/lint
analyze: $(SKELETONS) build/object-identity.h $(OUT)/seccomp-filters.h ## gcc's analyzer over user/
	@scripts/analyze
fuzz: $(SKELETONS) ## fuzz every reader for FUZZ_SECONDS each (600)
	@tests/fuzz/run
fuzz-smoke: $(SKELETONS) ## replay the kept inputs, and fuzz for a second each
	@scripts/tap tests/fuzz/smoke.sh
valgrind: tests ## unit tests and some verbs under valgrind: memory and descriptors
	@scripts/valgrind
coverage: all ## which lines of user/ the tests reach (as root)
	@scripts/coverage
veristat: all ## what verifying each BPF program takes on this kernel (as root)
	@scripts/veristat
format: ## format the C files in place
	$(Q)clang-format -i $(wildcard bpf/*.[ch]) $(shell find user tests -name '*.[ch]')
vmlinux: ## regenerate vmlinux/ from the running kernel
	@scripts/update-vmlinux

BIN := $(DESTDIR)$(PREFIX)/bin
DOC := $(DESTDIR)$(PREFIX)/share/doc/tare
MAN := $(DESTDIR)$(PREFIX)/share/man
UNITS := $(DESTDIR)$(PREFIX)/lib/systemd/system
UNIT_FILES := tare-collector.service tare-broker.socket tare-broker.service
install: all ## install into $(DESTDIR)$(PREFIX); RUNEXEC=0: without runexec
ifneq ($(RUNEXEC),0)
	@[ ! -e $(BIN)/runexec ] || [ "$$(readlink $(BIN)/runexec)" = tare ] || \
		{ echo '$(BIN)/runexec is not ours: make install RUNEXEC=0'; exit 1; }
	install -D -m 644 -t $(MAN)/man1 user/command/runexec.1
	install -d $(BIN) && ln -sf tare $(BIN)/runexec
endif
	install -D -m 755 build/tare $(BIN)/tare
	install -D -m 644 -t $(MAN)/man1 user/command/tare.1
	install -D -m 644 -t $(MAN)/man5 user/report/tare-result.5
	install -d $(UNITS)
	for unit in $(UNIT_FILES); do \
		sed 's,@PREFIX@,$(PREFIX),' scripts/$$unit > $(UNITS)/$$unit || exit; done
	install -D -m 644 -t $(DOC) LICENSE README.md CHANGELOG.md docs/users.md
uninstall: ## remove what install put there
	[ "$$(readlink $(BIN)/runexec)" != tare ] || $(RM) $(BIN)/runexec $(MAN)/man1/runexec.1
	$(RM) -r $(BIN)/tare $(MAN)/man1/tare.1 $(MAN)/man5/tare-result.5 $(DOC) \
		$(UNIT_FILES:%=$(UNITS)/%)
clean: ## remove build/
	$(RM) -r build
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

-include $(OBJECTS:.o=.d) $(BPF_OBJECTS:.o=.d) $(ASIDE:%=build/steady/%.bpf.d) $(UNIT:=.d) $(PROGRAMS:=.d) $(LAUNCHERS:=.d) \
	$(MAKE_FILTERS).d $(wildcard $(OUT)/tests/fuzz/*.d)
