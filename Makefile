# sustainml: build, test and demo.  "make help" lists the targets.

EXTENSION = sustainml
EXTVERSION = 0.1.0
BUILD    ?= build
.DEFAULT_GOAL := all

# ---- the extension (PGXS) ---------------------------------------------------

MODULE_big = sustainml
CORE_SRC  := $(sort $(wildcard src/core/*.c src/core/*/*.c))
PG_SRC    := $(sort $(wildcard src/pg/*.c src/pg/*/*.c))
OBJS       = $(CORE_SRC:.c=.o) $(PG_SRC:.c=.o)
SQL_PARTS := $(sort $(wildcard sql/[0-9]*.sql))
INSTALL_SQL = extension/sustainml--$(EXTVERSION).sql
DATA_built = $(INSTALL_SQL)
DATA       = $(wildcard extension/sustainml--*--*.sql)
EXTRA_CLEAN = $(INSTALL_SQL) $(OBJS:.o=.d)

# "make installcheck": the same SQL tests against a running server that has the extension installed.
REGRESS       := $(sort $(basename $(notdir $(wildcard test/regress/sql/*.sql))))
REGRESS_OPTS   = --inputdir=test/regress --outputdir=$(BUILD)/installcheck --load-extension=pgcrypto --load-extension=sustainml
ISOLATION     := $(sort $(basename $(notdir $(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=$(BUILD)/installcheck --load-extension=pgcrypto --load-extension=sustainml
installcheck: export SML_DATA = $(CURDIR)/test/reference/data
installcheck: | $(BUILD)/installcheck ## run the SQL tests against a running server that has the extension installed
$(BUILD)/installcheck: ; @mkdir -p $@

MULTIARCH    := $(shell $(CC) -print-multiarch 2>/dev/null)
OPENBLAS_DIR ?= /usr/lib/$(MULTIARCH)/openblas-serial
OPENBLAS_INC ?= /usr/include/$(MULTIARCH)/openblas-serial
OPENBLAS_LIBS ?= $(OPENBLAS_DIR)/libopenblas.a

# libcrypto 3 computes the same bytes as pgcrypto, faster; without its headers pgcrypto does it all.
LIBCRYPTO ?= $(shell echo 'int v[OPENSSL_VERSION_MAJOR >= 3 ? 1 : -1];' | $(CC) -x c -include openssl/opensslv.h -fsyntax-only - 2>/dev/null && echo yes)

PG_CPPFLAGS = -I$(OPENBLAS_INC) $(if $(LIBCRYPTO),-DML_WITH_LIBCRYPTO)
# Sums are never fused or reordered, so that every machine gives the same bits; loops over
# doubles are worth -O3.  No link-time optimisation where a distribution has it on: the tests run what the core's tests ran.
PG_CFLAGS   = -std=gnu11 -O3 -fvisibility=hidden -ffp-contract=off -fno-lto -MMD -MP -Wextra -Wno-unused-parameter \
              -Wno-sign-compare -Wno-missing-field-initializers -Wno-declaration-after-statement -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion $(if $(WERROR),-Werror)
SHLIB_LINK  = $(OPENBLAS_LIBS) $(if $(LIBCRYPTO),-lcrypto) -lm -Wl,--exclude-libs,ALL -Wl,-Bsymbolic -Wl,--version-script=src/exports.map

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
HAVE_SERVER := $(and $(PGXS),$(wildcard $(PGXS)))

# The targets that bring what is missing work before anything is installed.
.PHONY: help deps demo check bench lint psql stop docs unit regress isolation tap
PEOPLE = help deps demo check bench lint psql stop docs unit regress isolation tap unit-build fuzz-build
ifneq ($(filter-out $(PEOPLE),$(or $(MAKECMDGOALS),all)),)
USE_PGXS = 1
endif
ifeq ($(USE_PGXS),)
# one of the targets below: PGXS, which has a "check" of its own, stays out of it
CC ?= cc
else ifneq ($(HAVE_SERVER),)
override with_llvm = no
all:
include $(PGXS)
else
all:
	@echo "PostgreSQL's server headers are missing: run 'make deps'" >&2; exit 1
endif

-include $(OBJS:.o=.d)

$(INSTALL_SQL): $(SQL_PARTS)
	@mkdir -p extension
	{ printf '%s\n' '\echo Use "CREATE EXTENSION sustainml CASCADE" to load this file. \quit'; cat $(SQL_PARTS); } > $@

# Changed flags rebuild nothing by themselves; a changed Makefile rebuilds all.
$(OBJS): Makefile

# ---- unit tests (no server needed) ----------------------------------------------

UNIT_SRC   := $(sort $(wildcard test/unit/test_*.c))
UNIT_BIN   := $(UNIT_SRC:test/unit/%.c=$(BUILD)/unit/%)
UNIT_CORE  := $(CORE_SRC:src/%.c=$(BUILD)/unit/obj/%.o)
FUZZ_SRC   := $(sort $(wildcard test/fuzz/fuzz_*.c))
REPLAY_BIN := $(FUZZ_SRC:test/fuzz/%.c=$(BUILD)/fuzz/%)
# The core is compiled here without any server header: that compile is the purity check.
UNIT_CFLAGS = -std=c11 -O1 -g -ffp-contract=off -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
              -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror -MMD -MP -I$(OPENBLAS_INC)

$(BUILD)/unit/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -c $< -o $@

$(BUILD)/unit/harness.o: test/unit/harness.c test/unit/harness.h Makefile
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -Isrc/core -c $< -o $@

$(BUILD)/unit/test_%: test/unit/test_%.c $(UNIT_CORE) $(BUILD)/unit/harness.o
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -Wno-missing-prototypes -Isrc/core $< $(UNIT_CORE) $(BUILD)/unit/harness.o $(OPENBLAS_LIBS) -lcmocka -lcrypto -lm -o $@

$(BUILD)/fuzz/fuzz_%: test/fuzz/fuzz_%.c test/fuzz/replay.c $(UNIT_CORE)
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -Wno-missing-prototypes -Isrc/core $< test/fuzz/replay.c $(UNIT_CORE) $(OPENBLAS_LIBS) -lm -o $@

-include $(UNIT_CORE:.o=.d) $(UNIT_BIN:=.d) $(REPLAY_BIN:=.d)

unit-build: $(UNIT_BIN)
fuzz-build: $(REPLAY_BIN)
.PHONY: unit-build fuzz-build
.SECONDARY: $(UNIT_CORE) $(BUILD)/unit/harness.o

# PGXS has a check of its own: these targets exist only where PGXS is left out.
ifeq ($(USE_PGXS),)

# ---- for people ----------------------------------------------------------------

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 18

deps: ## install what is missing (Debian packages; as root or through sudo)
	@scripts/deps

demo: ## build, load the UCI Adult data and walk through the tour
	@scripts/deps && scripts/cluster start && demo/run

check: ## run every test; the last line counts them
	@scripts/deps test && scripts/check

bench: ## measure speed as ratios against floors and an export to scikit-learn
	@scripts/deps bench && scripts/cluster start && test/bench/run && test/bench/fairness && test/bench/privacy && test/bench/masking

lint: ## conventions, compiler warnings as errors, and cppcheck
	@scripts/deps test && $(MAKE) -s clean && $(MAKE) -s -j2 WERROR=1 USE_PGXS=1 all && scripts/lint

psql: ## open psql on the private cluster
	@scripts/cluster start && scripts/cluster psql

stop: ## stop the private cluster
	@scripts/cluster stop

docs: ## build the SQL reference from the comments
	@scripts/cluster start && scripts/reference > docs/reference.md

unit: ## run the unit tests alone
	@scripts/check unit

regress: ## run the regression tests alone
	@scripts/check regress

isolation: ## run the isolation tests alone
	@scripts/check isolation

tap: ## run the TAP tests alone
	@scripts/check tap

endif
