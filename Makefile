# flashsale: "make help" lists the targets.

# deploy/private/stack gets RUN_DIR, HTTP_PORT and the like from the environment or from make's command line.
BUILD_DIR ?= build
# Installs missing packages before they are used. PACKAGES=: installs nothing.
PACKAGES := deploy/private/packages
# Another Go than Debian's will do.
go_packages = type go >/dev/null 2>&1 || $(PACKAGES) go
# Without one of these its tests are skipped, and say why.
fetch_go_programs = k6/run fetch || true; tests/login/oauth2-proxy fetch || true

# As in deploy/environment: for programs that make calls, not a script.
export LC_ALL := C.UTF-8
export TZ := UTC
export PATH := $(PATH):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unexport CDPATH BASH_ENV ENV POSIXLY_CORRECT GREP_OPTIONS LANGUAGE LOCPATH PERL5OPT PERL5LIB
ifneq ($(words $(BUILD_DIR)),1)
$(error BUILD_DIR='$(BUILD_DIR)': make knows no names with spaces; a relative path may do)
endif

CC ?= cc
jobs := $(shell nproc)
libraries := libpq hiredis libconfig json-c libutf8proc
# gcc and clang from 12 on check more with level 3. make asks the compiler, and pkg-config below, only when it builds
# something: they may come with the packages.
find_fortify = version=$$($(CC) -dumpversion 2>/dev/null); \
    [ "$${version%%.*}" -ge 12 ] 2>/dev/null && echo 3 || echo 2
fortify = $(eval fortify := $$(shell $$(find_fortify)))$(fortify)

CFLAGS ?= -O2 -g
override CFLAGS += -std=c17 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
    -Wformat=2 -Werror=implicit-function-declaration -fstack-protector-strong -fPIE -pthread
override CPPFLAGS += -D_GNU_SOURCE -I. -MMD -MP
override LDFLAGS += -pie -Wl,-z,relro,-z,now -pthread

# SANITIZE=address,undefined or SANITIZE=thread, with a BUILD_DIR of its own (see asan and tsan below).
SANITIZE ?=
ifeq ($(SANITIZE),)
override CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(fortify)
else
override CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
override LDFLAGS += -fsanitize=$(SANITIZE)
endif

library_cflags = $(eval library_cflags := $$(shell pkg-config --cflags $(libraries)))$(library_cflags)
library_ldlibs = $(eval library_ldlibs := $$(shell pkg-config --libs $(libraries)))$(library_ldlibs)

objects_of = $(patsubst %.c,$(BUILD_DIR)/%.o,$(wildcard $(addsuffix /*.c,$(1))))
common := $(call objects_of,common catalog)
fcgi := $(call objects_of,fcgi fcgi/*)
generator := $(call objects_of,generator)
units := $(patsubst tests/unit/%.c,$(BUILD_DIR)/unit/%,$(wildcard tests/unit/*.c))
# Each harness of tests/fuzz has a corpus.
harnesses := $(notdir $(wildcard tests/fuzz/corpus/*))
replays := $(harnesses:%=$(BUILD_DIR)/replay/%)
fuzzers := $(harnesses:%=$(BUILD_DIR)/fuzz/%)
tested := $(common) $(filter-out %/main.o,$(fcgi) $(generator))

programs := $(BUILD_DIR)/flashsale-fcgi $(BUILD_DIR)/flashsale-generator
sources := $(wildcard common/*.[ch] catalog/*.[ch] fcgi/*.[ch] fcgi/*/*.[ch] generator/*.[ch] tests/unit/*.[ch] \
    tests/bench/*.c tests/client/*.[ch] tests/fairness/*.c tests/fuzz/*.[ch] tests/fault/*.[ch])
scripts = $(shell grep --recursive --files-with-matches --binary-files=without-match \
    --exclude-dir=.git --exclude-dir=build --exclude-dir=run \
    --exclude-dir=node_modules '^\#!/usr/bin/env ba[st][hs]' . 2>/dev/null) \
    $(wildcard tests/end-to-end/*.bash tests/hosts/*.bash tests/deploy/*.bash deploy/debian/flashsale.p*)

# V=1 shows the commands.
quiet := $(if $(V),,@)
submake = $(MAKE) --no-print-directory $(if $(V),,--silent) --jobs=$(jobs)

.PHONY: all help run stop status test unit sql-test e2e asan tsan valgrind fuzz torture test-hosts failover \
    test-deploy test-fresh fairness bench k6 format lint lint-sources deps clean install manual deb units fuzzers \
    build-packages unit-packages
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

all: build-packages $(programs) ## install what building needs, and build both programs in build/

# Order-only: they are installed before anything is compiled, and cause no rebuild.
build-packages:
	@$(PACKAGES) build

unit-packages: build-packages
	@$(PACKAGES) unit

help: ## list the targets
	@sed --quiet 's/^\([a-z0-9-]*\):.* ## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
	    while IFS='|' read -r name text; do printf '%-10s %s\n' "$$name" "$$text"; done

run: ## install what is missing, build, and run a private stack until Ctrl-C (DETACH=1: in the background)
	@$(PACKAGES) run $(filter lighttpd,$(WEB_SERVER))
	@$(submake) all
	@exec deploy/private/stack $(if $(DETACH),start,run)

stop: ## end the stack that "make run DETACH=1" started
	@deploy/private/stack stop

status: ## show which parts of the stack are up ("deploy/private/stack status" has an exit status, too)
	@deploy/private/stack status; [ $$? -le 3 ]

test: ## install what is missing, build, and run all tests
	@$(PACKAGES) run lighttpd test hosts
	@$(go_packages)
	@$(submake) all units
	@$(fetch_go_programs)
	@tests/run unit fuzz sql end-to-end torture hosts

unit: units ## the unit tests (cmocka), and the harnesses of tests/fuzz with the inputs kept for them
	@tests/run unit fuzz

sql-test: ## the tests of the SQL functions (pgTAP)
	@$(PACKAGES) run sql
	@$(submake) all
	@tests/run sql

e2e: ## the tests over a whole stack (bats)
	@$(PACKAGES) run lighttpd test
	@$(go_packages)
	@$(submake) all units
	@$(fetch_go_programs)
	@tests/run end-to-end

test-hosts: ## the tests over several hosts, as network namespaces (root only)
	@$(PACKAGES) run test hosts
	@$(submake) all
	@tests/run hosts

failover: ## the standby takes over from a primary that dies under load (ROUNDS=20 SEED=1; root only)
	@$(PACKAGES) run test hosts
	@$(submake) all
	@ROUNDS='$(or $(ROUNDS),20)' SEED='$(or $(SEED),1)' tests/hosts/failover

asan: ## unit and end-to-end tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(PACKAGES) run lighttpd test
	@$(submake) BUILD_DIR=build/asan SANITIZE=address,undefined all units
	@BUILD_DIR=build/asan tests/run unit fuzz workers

tsan: ## unit and end-to-end tests with ThreadSanitizer
	@$(PACKAGES) run lighttpd test
	@$(submake) BUILD_DIR=build/tsan SANITIZE=thread all units
	@BUILD_DIR=build/tsan tests/run unit fuzz workers

valgrind: ## unit and end-to-end tests with valgrind's memcheck
	@$(PACKAGES) run lighttpd test valgrind
	@$(submake) BUILD_DIR=build/valgrind/programs all units
	@BUILD_DIR=build/valgrind tests/run unit fuzz workers

fuzz: ## look for inputs that break the parsers, with libFuzzer (SECONDS_EACH=60 a harness)
	@$(PACKAGES) build unit fuzz
	@$(submake) CC=clang BUILD_DIR=build/fuzz SANITIZE=fuzzer-no-link,address,undefined fuzzers
	@tests/fuzz/run

torture: ## sales under faults, each answer compared with the rows (ROUNDS=10 SEED=1 JSON=file)
	@$(PACKAGES) run test
	@$(submake) all
	@tests/torture/torture.py --rounds '$(or $(ROUNDS),10)' --seed '$(or $(SEED),1)' \
	    $(if $(JSON),--json '$(JSON)')

fairness: ## who gets the stock, with a draw and without: programs and people (ARGUMENTS="--draw-s 300 --json file")
	@$(PACKAGES) run bench
	@$(submake) all $(BUILD_DIR)/buyers
	@tests/fairness/fairness.py $(ARGUMENTS)

bench: ## measure the sale against an empty worker (CASES="flow storm": some cases only)
	@$(PACKAGES) run bench
	@$(submake) all $(BUILD_DIR)/empty_worker
	@tests/bench/bench.py $(CASES)

# Programs use /etc/flashsale and /run/flashsale whatever PREFIX is. DESTDIR is for packagers.
PREFIX ?= /usr/local
export DESTDIR PREFIX

install: all manual ## install it all below PREFIX (/usr/local), with settings, units and sites
	@BUILD_DIR='$(BUILD_DIR)' deploy/install

deb: ## build the Debian package in build/deb
	@$(PACKAGES) build package
	@deploy/deb tree && deploy/deb package
	@lintian --fail-on=error build/deb/*.changes

test-deploy: ## test the package on booted Debian 12 and 13 systems, in containers (root and systemd-nspawn)
	@$(PACKAGES) run test package container
	@JOBS=$${JOBS:-3} tests/run deploy # they wait more than they work

test-fresh: ## README's commands and each target, on bare Debian 12 and 13 (root; LEGS="short", "12-user-de *-bench")
	@$(PACKAGES) fresh
	@tests/fresh/fresh.py $(LEGS)

k6: ## load it with k6: SCENARIO=smoke|flow|storm|spike|soak|sellout; BASE_URL=... of a running service
	@[ -n "$(BASE_URL)" ] || $(PACKAGES) run
	@k6/run find >/dev/null 2>&1 || $(go_packages)
	@k6/run fetch
	@[ -n "$(BASE_URL)" ] || $(submake) all
	@k6/run '$(or $(SCENARIO),smoke)'

format: ## format the C sources
	@$(PACKAGES) lint
	clang-format -i $(sources)

lint: ## check rooms and lengths, formatting, C (cppcheck, clang-tidy), shell (shellcheck), Python (pyflakes)
	@$(PACKAGES) run lighttpd test lint
	@$(submake) lint-sources

lint-sources:
	@printf '%s\n' 'house ...'
	$(quiet)tests/lint/house.py
	@printf '%s\n' 'clang-format ...'
	$(quiet)clang-format --dry-run -Werror $(sources)
	@printf '%s\n' 'cppcheck ...'
	$(quiet)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --force -I. -D_GNU_SOURCE \
	    --enable=warning,performance,portability --suppress=missingIncludeSystem \
	    --suppress=ctuuninitvar --suppress=normalCheckLevelMaxBranches $(filter %.c,$(sources))
	@printf '%s\n' 'clang-tidy ...'
	$(quiet)printf '%s\n' $(filter %.c,$(sources)) | xargs --max-procs=2 --max-args=4 sh -c \
	    'clang-tidy --quiet "$$@" -- -std=c17 -D_GNU_SOURCE -I. $(library_cflags) 2>/dev/null' sh
	@printf '%s\n' 'shellcheck ...'
	$(quiet)shellcheck --external-sources $(scripts)
	@printf '%s\n' 'pyflakes ...'
	$(quiet)pyflakes3 $(wildcard tests/*/*.py deploy/login/*.py deploy/private/*/*.py)

deps: ## install the Debian packages for running and testing
	@$(PACKAGES) run lighttpd test

clean: ## remove built files, and the stack with its data
	@deploy/private/stack clean
	rm -rf build

manual := $(wildcard docs/man/*.8) $(BUILD_DIR)/man/flashsale.conf.5

manual: $(manual)

$(BUILD_DIR)/man/flashsale.conf.5: docs/man/flashsale.conf.5.in docs/man/settings.awk conf/flashsale.conf deploy/fill
	@mkdir -p $(@D)
	@printf '%s\n' 'MANUAL $@' >&2
	$(quiet)deploy/fill $< SETTINGS="$$(awk -f docs/man/settings.awk conf/flashsale.conf)" >$@

$(call objects_of,$(addprefix tests/,unit fuzz fault client)): | unit-packages

units: $(units) $(replays) $(BUILD_DIR)/fault/request $(BUILD_DIR)/fault/flashsale-fcgi \
    $(BUILD_DIR)/empty_worker $(BUILD_DIR)/buyers

fuzzers: $(fuzzers)

$(BUILD_DIR)/empty_worker: $(BUILD_DIR)/tests/bench/empty_worker.o
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lfcgi

$(BUILD_DIR)/buyers: $(BUILD_DIR)/tests/fairness/buyers.o
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD_DIR)/flashsale-fcgi: $(common) $(fcgi)
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lfcgi $(library_ldlibs)

$(BUILD_DIR)/flashsale-generator: $(common) $(generator)
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(library_ldlibs)

$(units): $(BUILD_DIR)/unit/%: $(BUILD_DIR)/tests/unit/%.o $(BUILD_DIR)/tests/client/fastcgi.o $(tested)
	@mkdir -p $(@D)
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lfcgi $(library_ldlibs)

# The functions that a harness replaces (ld(1), --wrap).
wrapped_redis := redisConnectUnixWithTimeout
wrapped_request := batchers_submit

harness_objects := $(BUILD_DIR)/tests/fuzz/values.o $(BUILD_DIR)/tests/client/fastcgi.o $(tested)

$(replays): $(BUILD_DIR)/replay/%: $(BUILD_DIR)/tests/fuzz/%.o $(BUILD_DIR)/tests/fuzz/replay.o \
    $(harness_objects)
	@mkdir -p $(@D)
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) $(wrapped_$*:%=-Wl,--wrap=%) -o $@ $^ -lfcgi $(library_ldlibs)

$(fuzzers): $(BUILD_DIR)/fuzz/%: $(BUILD_DIR)/tests/fuzz/%.o $(harness_objects)
	@mkdir -p $(@D)
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer $(wrapped_$*:%=-Wl,--wrap=%) -o $@ $^ -lfcgi \
	    $(library_ldlibs)

# The functions that tests/fault/faults.c lets fail.
faulty := PQconnectdbParams PQsendPrepare PQsendQueryPrepared PQconsumeInput PQsocket PQstatus \
    PQresultStatus PQgetResult redisConnectUnixWithTimeout redisSetTimeout redisAppendCommandArgv \
    redisBufferWrite redisBufferRead redisGetReplyFromReader

$(BUILD_DIR)/fault/request: $(BUILD_DIR)/tests/fault/request.o $(BUILD_DIR)/tests/fault/faults.o \
    $(BUILD_DIR)/tests/client/fastcgi.o $(tested)
	@mkdir -p $(@D)
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) $(faulty:%=-Wl,--wrap=%) -rdynamic -o $@ $^ -lfcgi \
	    $(library_ldlibs) -ldl

allocating := malloc calloc realloc strdup json_tokener_parse_ex

$(BUILD_DIR)/fault/flashsale-fcgi: $(common) $(fcgi) $(BUILD_DIR)/tests/fault/allocations.o
	@mkdir -p $(@D)
	@printf '%s\n' 'LINK  $@' >&2
	$(quiet)$(CC) $(CFLAGS) $(LDFLAGS) $(allocating:%=-Wl,--wrap=%) -o $@ $^ \
	    -lfcgi $(library_ldlibs)

# Strings in JSON have no line breaks, so lines begin and end between two tokens.
$(BUILD_DIR)/%.min.json: %.json
	@mkdir -p $(@D)
	@printf '%s\n' 'MINIFY $@' >&2
	$(quiet)perl -0pe 's/("(?:\\.|[^"\\])*")|\s+/$$1/g' $< >$@

# The assembler includes the file: the compiler does not list it as a dependency, and must
# not defer assembling to the link.
$(BUILD_DIR)/fcgi/api/openapi.o: $(BUILD_DIR)/fcgi/api/openapi.min.json
$(BUILD_DIR)/fcgi/api/openapi.o: override CFLAGS += -I$(BUILD_DIR) -fno-lto

$(BUILD_DIR)/%.o: %.c | build-packages
	@mkdir -p $(@D)
	@printf '%s\n' 'CC    $@' >&2
	$(quiet)$(CC) $(CPPFLAGS) $(CFLAGS) $(library_cflags) -c -o $@ $<

-include $(patsubst %.o,%.d,$(common) $(fcgi) $(generator) $(wildcard $(BUILD_DIR)/tests/*/*.o))
