# Assay: build, tests and quality checks. `make help` lists the targets.
#
#   BUILD=release|debug|asan|tsan    CC=gcc|clang    LTO=1    OUT=folder of the results
#
# There are no file lists: every .c file of a layer folder is part of the program, every
# tests/unit/*.c part of the unit tests, every tests/fuzz/fuzz_*.c a fuzz target.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

BUILD ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
OUT ?= build/$(BUILD)

LAYERS := core oci sigstore evidence policy webhook cli
SRC := $(sort $(wildcard $(addsuffix /*.c,$(LAYERS)) policy/rules/*.c))
HDR := $(sort $(wildcard $(addsuffix /*.h,$(LAYERS)) policy/rules/*.h))
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))

OBJ := $(SRC:%.c=$(OUT)/obj/%.o)
LIB_OBJ := $(filter-out $(OUT)/obj/cli/main.o,$(OBJ))
UNIT_OBJ := $(UNIT_SRC:%.c=$(OUT)/obj/%.o)
FUZZ_OBJ := $(FUZZ_SRC:%.c=$(OUT)/obj/%.o)
FUZZERS := $(FUZZ_SRC:tests/fuzz/%.c=$(OUT)/%)

# Where scripts/deps puts tools whose Debian package would start a service.
export PATH := $(CURDIR)/build/tools/bin:$(PATH)

# ---- flags -------------------------------------------------------------------------------

PACKAGES := libmicrohttpd gnutls libcurl yaml-0.1 jansson libsodium
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
CHECK_LIBS = $(shell pkg-config --libs check)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Werror

HARDEN := -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
SANITIZE := -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_release := -O2 -g $(HARDEN) $(if $(LTO),-flto)
FLAGS_debug := -O0 -g3 -fPIE -fstack-protector-strong
FLAGS_asan := -O1 -g -fPIE -fsanitize=address,undefined $(SANITIZE)
FLAGS_tsan := -O1 -g -fPIE -fsanitize=thread $(SANITIZE)
FLAGS_fuzz := -O1 -g -fPIE -fsanitize=fuzzer-no-link,address,undefined $(SANITIZE)

ifeq ($(FLAGS_$(BUILD)),)
$(error BUILD=$(BUILD) is unknown: use release, debug, asan or tsan)
endif

CFLAGS ?=
CPPFLAGS ?=
LDFLAGS ?=
BASE := -std=c11 -D_GNU_SOURCE -I. -pthread -ffile-prefix-map=$(CURDIR)=. $(WARN) \
	$(FLAGS_$(BUILD)) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
LINK := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack $(FLAGS_$(BUILD)) $(CFLAGS) $(LDFLAGS)
LIBS := $(PKG_LIBS) -lpthread -lm

# Product code cannot name a banned function; tests may, and need no prototypes of their own.
$(OBJ): EXTRA := -include core/banned.h
$(UNIT_OBJ) $(FUZZ_OBJ): EXTRA := -Wno-missing-prototypes

# An arena has two ways to show its single allocations to memory checkers: each a malloc of its own,
# or poisoned red zones. The asan build takes the first, the fuzz build the second.
ifeq ($(BUILD),asan)
$(OUT)/obj/core/arena.o: EXTRA += -DARENA_MALLOC
endif

# ---- program -----------------------------------------------------------------------------

.PHONY: all
all: $(OUT)/assay build/layers.ok ## Build the program: build/release/assay (the default)

$(OUT)/assay: $(OBJ)
	@echo "  link  $@"
	@$(CC) $(LINK) -o $@ $(OBJ) $(LIBS)
ifeq ($(OUT),build/release)
	@ln -sfn release/assay build/assay
endif

$(OUT)/obj/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	@echo "  cc    $<"
	@$(CC) $(BASE) $(EXTRA) -MMD -MP -c -o $@ $<

$(OBJ): core/banned.h

# Rewritten only when they change: another compiler or flag rebuilds everything, another version
# or revision rebuilds one file.
VERSION := $(shell cat VERSION)
REVISION := $(or $(shell git describe --always --dirty --exclude='*' --abbrev=12 2>/dev/null),unknown)
$(OUT)/obj/cli/version.o: EXTRA += -DASSAY_VERSION='"$(VERSION)"' -DASSAY_REVISION='"$(REVISION)"'
$(OUT)/obj/cli/version.o: $(OUT)/version

$(OUT)/flags: FORCE
	$(if $(PKG_LIBS),,@echo "libraries are missing: run 'make deps' (as root) first" >&2; exit 2)
	@mkdir -p $(@D)
	@echo '$(CC) $(BASE)' | cmp -s - $@ || echo '$(CC) $(BASE)' >$@

$(OUT)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(REVISION)' | cmp -s - $@ || echo '$(VERSION) $(REVISION)' >$@

build/layers.ok: $(SRC) $(HDR) scripts/layers
	@scripts/layers --quick
	@mkdir -p $(@D) && touch $@

.PHONY: FORCE
FORCE:

-include $(OBJ:.o=.d) $(UNIT_OBJ:.o=.d) $(FUZZ_OBJ:.o=.d)

# ---- the two commands --------------------------------------------------------------------

.PHONY: run test deps
run: ## Install what is missing, build, show a refusal and an admission, keep serving
	@scripts/deps build
	@$(MAKE) --no-print-directory all
	@scripts/run

test: ## Install what is missing, run every tier of tests
	@scripts/deps test
	@tests/run

deps: ## Install the missing Debian packages for building and testing (as root)
	@scripts/deps test

# ---- tiers of tests, each ends with `<tier>: N passed, N failed, N skipped` --------------

TIER_ENV = ASSAY_BIN=$(CURDIR)/$(OUT)/assay BUILD=$(BUILD)

BENCH_PROGRAMS := floor stages slow-registry
BENCH_OBJ := $(BENCH_PROGRAMS:%=$(OUT)/obj/tests/bench/%.o)
-include $(BENCH_OBJ:.o=.d)

.PHONY: bench-programs unit unit-build sigstore mini conformance keyless differential mutation cases cli verify server signed registry cosign chart suites docs e2e cluster cases-apiserver bench
# With the sanitizer all tests share one process: a fork would copy its whole shadow, and leaks are looked for at
# the end of the process that did not fork.
unit: unit-build ## Unit tests (SUITES="a b" runs only those)
	@$(if $(filter asan,$(BUILD)),CK_FORK=no )$(OUT)/unit $(SUITES)

unit-build: $(OUT)/unit

$(OUT)/unit: $(UNIT_OBJ) $(LIB_OBJ)
	@echo "  link  $@"
	@$(CC) $(LINK) -o $@ $^ $(CHECK_LIBS) $(LIBS)

$(OUT)/obj/tests/unit/main.o: tests/unit/suites.def

SIGTOOL_OBJ := $(OUT)/obj/tests/sigstore/sigtool.o $(OUT)/obj/tests/unit/sig_case.o
-include $(OUT)/obj/tests/sigstore/sigtool.d

$(OUT)/sigtool: $(SIGTOOL_OBJ) $(LIB_OBJ)
	@echo "  link  $@"
	@$(CC) $(LINK) -o $@ $^ $(LIBS)

sigstore: $(OUT)/sigtool ## Signatures: own vectors, samples of real cosign, conformance cases
	@ASSAY_SIGTOOL=$(CURDIR)/$(OUT)/sigtool tests/sigstore/replay

mini: $(OUT)/sigtool ## A mini-Sigstore of our own: good signatures, and each broken in one thing
	@ASSAY_SIGTOOL=$(CURDIR)/$(OUT)/sigtool tests/sigstore/mini/run

conformance: all ## The public conformance suite of Sigstore clients (ASSAY_CONFORMANCE=FOLDER for all of it)
	@$(TIER_ENV) tests/conformance/run

keyless: all ## Real cosign 2 and 3 without keys: mock Fulcio, both Rekors, a timestamp authority
	@$(TIER_ENV) tests/keyless/run

-include $(OUT)/obj/tests/differential/batch.d
$(OUT)/batch: $(OUT)/obj/tests/differential/batch.o $(LIB_OBJ)
	@echo "  link  $@"
	@$(CC) $(LINK) -o $@ $^ $(LIBS)

differential: all $(OUT)/batch ## Mutated bundles: Assay's verdict beside sigstore-go's
	@$(TIER_ENV) ASSAY_BATCH=$(CURDIR)/$(OUT)/batch tests/differential/run

mutation: ## Would a test notice if a check of sigstore/ were gone? (hours; the list of explained survivors is not finished)
	@tests/mutation/run

cases: all ## Case folders of tests/cases through `assay check`
	@$(TIER_ENV) tests/cases/run

cli: all ## Command line: flags, formats, exit codes
	@$(TIER_ENV) tests/cli/run

verify: all ## `assay verify` on recorded content and live registries
	@$(TIER_ENV) tests/verify/run

server: all ## Server tests over TLS
	@$(TIER_ENV) tests/server/run

signed: all ## Signatures through the server, with a registry of the tests
	@$(TIER_ENV) tests/signed/run

registry: all $(OUT)/fetch ## Registry client against a hostile registry, a real one, and recorded content
	@$(TIER_ENV) ASSAY_FETCH=$(CURDIR)/$(OUT)/fetch tests/registry/run

$(OUT)/fetch: $(OUT)/obj/tests/registry/fetch.o $(LIB_OBJ)
	@echo "  link  $@"
	@$(CC) $(LINK) -o $@ $^ $(LIBS)

$(OUT)/obj/tests/registry/fetch.o: EXTRA := -Wno-missing-prototypes
-include $(OUT)/obj/tests/registry/fetch.d

cosign: all ## Real cosign 2 and 3 with real registries
	@$(TIER_ENV) tests/cosign/run

chart: all ## The Helm chart, rendered by Helm 3 and 4 without a cluster
	@$(TIER_ENV) tests/chart/run

suites: all ## External suites, differences listed
	@$(TIER_ENV) tests/suites/run

docs: all ## Names and tables in the documentation
	@$(TIER_ENV) tests/docs/run

e2e: all ## Real kube-apiserver, etcd and kubectl
	@$(TIER_ENV) tests/e2e/run

cluster: all ## The chart on a real node: kubelet, containerd, both Helms, our image
	@$(TIER_ENV) tests/cluster/run

cases-apiserver: all ## Case folders of tests/cases against a real kube-apiserver
	@$(TIER_ENV) tests/e2e/cases

bench-programs: $(BENCH_PROGRAMS:%=$(OUT)/%)

$(BENCH_PROGRAMS:%=$(OUT)/%): $(OUT)/%: $(OUT)/obj/tests/bench/%.o $(LIB_OBJ)
	@echo "  link  $@"
	@$(CC) $(LINK) -o $@ $^ $(LIBS)

bench: all ## Load beside the floor; build/bench/result.json
	@$(TIER_ENV) tests/bench/run

.PHONY: fuzz fuzz-replay fuzzers
fuzz: ## Every fuzz target for FUZZ_SECONDS (30) each
	@$(MAKE) --no-print-directory BUILD=fuzz CC=clang fuzzers
	@scripts/fuzz --seconds $${FUZZ_SECONDS:-30}

fuzz-replay: ## The fuzz corpora, then FUZZ_QUICK (3) seconds of each target
	@$(MAKE) --no-print-directory BUILD=fuzz CC=clang fuzzers
	@scripts/fuzz --replay --seconds $${FUZZ_QUICK:-3}

fuzzers: $(FUZZERS)

$(FUZZERS): $(OUT)/%: $(OUT)/obj/tests/fuzz/%.o $(LIB_OBJ)
	@echo "  link  $@"
	@$(CC) $(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# ---- quality -----------------------------------------------------------------------------

.PHONY: lint layers format format-check
layers: ## Layer rule, header cycles, headers alone, banned functions; and the tests of that check
	@scripts/layers
	@tests/layers/run

lint: ## Format, cppcheck, shellcheck, lengths, white space, paths
	@scripts/lint

format: ## Bring every C file into the one format
	@scripts/format

format-check: ## Say which C files `make format` would change
	@scripts/format --check

# ---- the rest ----------------------------------------------------------------------------

.PHONY: help clean install
help: ## This list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile
	@echo "  BUILD=release|debug|asan|tsan  CC=gcc|clang  LTO=1  go with build and test targets"

PREFIX ?= /usr/local
install: all ## The program as PREFIX/bin/assay (/usr/local), below DESTDIR if that is set
	@install -D -m 755 $(OUT)/assay '$(DESTDIR)$(PREFIX)/bin/assay'

clean: ## Remove what was built (downloaded tools stay)
	@find build -mindepth 1 -maxdepth 1 ! -name tools -exec rm -rf {} + 2>/dev/null || true

# ---- image -------------------------------------------------------------------------------

.PHONY: static image image-test dockerfile-test sbom
static: ## The program in one static file: build/static/root/assay
	@scripts/static

image: ## Our image FROM scratch as OCI layout in build/image, without docker; its size and memory (PLATFORMS=linux/amd64,linux/arm64 for both)
	@scripts/image

sbom: image ## What the image is made of: SPDX and CycloneDX in build/image
	@scripts/sbom

image-test: ## The image: contents, hardening, work in an empty root, the same digest twice
	@tests/image/run

dockerfile-test: ## The Dockerfile, built with buildah, makes the same files as make image (takes minutes)
	@scripts/dockerfile-test

.PHONY: release release-test
release: ## Build, scan, push, sign, verify: make release RELEASE="--registry HOST/PATH --key cosign.key"
	@scripts/release $(RELEASE)

release-test: ## scripts/release against registries on loopback, with real cosign and Helm
	@tests/release/run
