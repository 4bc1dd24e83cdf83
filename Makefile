# What people call is what `make` alone prints: the targets that say `## what they do`. What DuckDB's community CI expects of
# an extension: configure, debug, release, test_debug, test_release, clean.

PYTHON ?= $(if $(filter Windows_NT,$(OS)),python,python3)
CARGO ?= cargo
VERSION := v$(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
# The community CI says which platform, and for which DuckDB, it builds.
PLATFORM ?= $(or $(DUCKDB_PLATFORM),$(shell $(PYTHON) scripts/platform_name.py))
COMMUNITY := $(or $(DUCKDB_GIT_VERSION),$(shell cat build/.duckdb_version 2>/dev/null))
COMMUNITY_FILE := $(if $(COMMUNITY),$(shell $(PYTHON) scripts/served.py $(COMMUNITY)))
# Where that platform is not this machine's, as macOS on Intel is not: the target that Rust builds for.
TARGET := $(if $(DUCKDB_PLATFORM),$(shell $(PYTHON) scripts/platform_name.py --target $(DUCKDB_PLATFORM)))
BUILT = target/$(if $(TARGET),$(TARGET)/)$(PROFILE)
LIBRARY = $(shell $(PYTHON) scripts/platform_name.py --library mixpanel)

.PHONY: help configure debug release install test test-slow test-all test_debug test_release test-rust test-clients try demo bench lint clean

# The first target, so this is what `make` alone does.
help:
	@$(PYTHON) scripts/targets.py $(firstword $(MAKEFILE_LIST))

# Of each of DuckDB's C APIs the newest version that is tested.
NEWEST := $(shell $(PYTHON) test/pairs.py --newest)

ENVIRONMENTS := $(patsubst test/requirements/%.txt,%,$(wildcard test/requirements/*.txt))
# Those that `make test` does without: they bring gigabytes.
SLOW := dbt ducklake headless notebooks ray wheel workflows
ready = $(1:%=build/venv/%/.ready)

# One virtual environment for each DuckDB that the tests run on, one for each other tool, and the Node packages.
configure: $(call ready,$(ENVIRONMENTS)) build/.node  ## gets everything that any test needs: gigabytes from pip and npm

build/venv/%/.ready: test/requirements/%.txt
	$(PYTHON) scripts/environments.py $*

build/.node: test/node/package.json test/node/package-lock.json
	cd test/node && npm install --no-audit --no-fund --silent
	mkdir -p build && touch $@

debug:  ## builds the files in build/debug
	$(CARGO) build $(TARGET:%=--target %)
	$(MAKE) --no-print-directory footers PROFILE=debug

release:  ## builds the files in build/release
	$(CARGO) build --release $(TARGET:%=--target %)
	$(MAKE) --no-print-directory footers PROFILE=release

# With failures of our own that `test_contained.py` asks for, which nothing else loads.
.PHONY: faults
faults:  ## builds the files in build/faults, for test_contained.py
	$(CARGO) build --profile faults --features faults $(TARGET:%=--target %)
	$(MAKE) --no-print-directory footers PROFILE=faults COMMUNITY=

# One library, a footer for each file: through which of the two C APIs, and for which DuckDB.
.PHONY: footers
footers:
	$(PYTHON) scripts/footer.py --library $(BUILT)/$(LIBRARY) --out build/$(PROFILE) \
	  --extension-version $(VERSION) --platform $(PLATFORM)
ifneq ($(COMMUNITY),)
	mkdir -p build/$(PROFILE)/extension/mixpanel
	cp build/$(PROFILE)/$(COMMUNITY_FILE)/mixpanel.duckdb_extension build/$(PROFILE)/extension/mixpanel/
endif

.PHONY: configure_ci set_duckdb_version set_duckdb_tag
configure_ci set_duckdb_tag:
set_duckdb_version:
	mkdir -p build && echo "$(DUCKDB_GIT_VERSION)" > build/.duckdb_version

# Puts files where a plain LOAD mixpanel finds them, for the DuckDBs of this machine; DUCKDB="..." names others: paths, versions.
install: release  ## puts the built files where a plain LOAD finds them; DUCKDB="..." names other DuckDBs
	PYTHONPATH=python $(PYTHON) -m duckdb_mixpanel install --files build/release $(DUCKDB)

# What INSTALL mixpanel FROM 'build/repository' reads; KEY=private.pem signs it for DuckDB 2.0's own repositories.
.PHONY: repository key
repository: release $(if $(KEY),build/venv/signing/.ready)  ## makes what INSTALL reads, in build/repository; KEY=private.pem signs it
	$(if $(KEY),build/venv/signing/bin/python,$(PYTHON)) scripts/repository.py --build build/release --platform $(PLATFORM) \
	  --out build/repository $(if $(KEY),--key "$(KEY)")

key: $(if $(KEY),build/venv/signing/.ready)  ## makes a key that signs a repository, KEY=private.pem
	$(if $(KEY),,$(error make key KEY=the file to make, e.g. KEY=$$HOME/mixpanel-private.pem))
	build/venv/signing/bin/python scripts/signature.py "$(KEY)"

# A wheel for this platform, which brings the files to machines without Rust.
.PHONY: wheel
wheel: build/venv/wheel/.ready  ## makes the wheel for this platform, in build/wheels
	build/venv/wheel/bin/python scripts/wheel.py --platform $(PLATFORM) --out build/wheels

# Every pull request's: about twenty minutes on two cores, once everything is built.
test: test-rust test-clients  ## the Rust tests, all client tests on the newest DuckDB of each C API, the .test files on the others
	@echo "make test left out: all other tests on $(OTHERS); $(SLOW). make test-slow has them, make test-all everything."

OTHERS = $(shell $(PYTHON) test/pairs.py --others)

# And whether every DuckDB that is served has the functions that we call: the symbols of the debug build say which.
test-rust:  ## the Rust tests
	$(CARGO) test --quiet
	$(CARGO) build --quiet
	$(PYTHON) scripts/calls.py

test-clients: $(call ready,$(filter-out $(SLOW),$(ENVIRONMENTS))) build/.node release faults  ## make test without the Rust tests
	$(PYTHON) test/run.py --build build/release --part quick

# What takes minutes or many packages.
test-slow: configure release faults wheel  ## what make test leaves out: other DuckDBs, dbt, notebooks, Ray, DuckLake, wheel, workflows, headless
	$(PYTHON) test/run.py --build build/release --part slow
	$(foreach each,$(filter-out dbt notebooks,$(SLOW)),$(call suite,$(each)))

# Each in an environment of its own.
define suite
@echo "== test/$(1)"
build/venv/$(1)/bin/python -m pytest --quiet -p no:cacheprovider test/$(1)

endef

test-all: test test-slow  ## both: what CI runs

# For example: make try F=mixpanel_cohorts
PAIR ?= $(lastword $(NEWEST))/v2
try: $(call ready,duckdb-$(firstword $(subst /, ,$(PAIR)))) debug  ## tests one function on one DuckDB: F=mixpanel_cohorts; PAIR= one of test/pairs.py, or the newest
	$(if $(F),,$(error make try F=the function, e.g. F=mixpanel_cohorts))
	$(PYTHON) test/run.py --build build/debug --pair $(PAIR) --function $(F)

# What a new table function begins with: docs/contributing-a-function.md.
.PHONY: new
new: $(call ready,duckdb-$(lastword $(NEWEST)))  ## begins a table function: NAME=mixpanel_x FAMILY=discovery or reports; ROUTE="GET /api/query/x"
	$(if $(NAME),,$(error make new NAME=mixpanel_x FAMILY=discovery))
	PYTHONPATH=scripts build/venv/duckdb-$(lastword $(NEWEST))/bin/python -m new $(NAME) $(or $(FAMILY),discovery) $(if $(ROUTE),--route "$(ROUTE)")

# The `.test` files on ARM64, emulated: on Debian, and no part of CI.
.PHONY: test-arm64
test-arm64: build/venv/wheel/.ready  ## the .test files on ARM64, emulated; on Debian, as root
	$(PYTHON) test/arm64/run.py

# On Linux the community CI builds in a container without Node, and what is built outside of it must not replace that.
# Elsewhere it tests what it has built: the `.test` files, which ask nothing of the machine, on one DuckDB.
ifdef LINUX_CI_IN_DOCKER
test_debug test_release:
	@echo "not tested here"
else ifneq ($(COMMUNITY),)
TESTED := $(shell $(PYTHON) test/pairs.py --for $(COMMUNITY_FILE))
test_debug test_release: test_%: % build/venv/duckdb-$(dir $(TESTED)).ready
	$(PYTHON) test/run.py --build build/$* --pair $(TESTED) -k test_sql
else
test_debug: configure debug faults
	$(PYTHON) test/run.py --build build/debug

test_release: test-clients
endif

# What these two need of the environments, and no more: who tries the demo wants to see it soon.
CLIENTS := $(call ready,$(NEWEST:%=duckdb-%))

demo: $(CLIENTS) release  ## shows it at work in stock clients, against a simulated Mixpanel
	$(PYTHON) test/demo/demo.py --build build/release

bench: $(CLIENTS) release  ## speed and memory, as ratios; BENCH="table scan" for some of it
	$(PYTHON) test/bench/bench.py --build build/release $(BENCH)

# The documentation as a site, in build/docs: anew, because a page that is gone leaves its file behind.
.PHONY: docs
docs: build/venv/docs/.ready  ## the README and docs/ as a site, in build/docs
	rm -rf build/docs
	build/venv/docs/bin/python scripts/website/build.py --out build/docs

# The descriptions that DuckDB 2.0 has of the functions, for those who can't ask it.
.PHONY: function-descriptions
function-descriptions: $(CLIENTS) release  ## writes docs/function_descriptions.csv
	build/venv/duckdb-$(lastword $(NEWEST))/bin/python scripts/function_descriptions.py \
	  --extension build/release/v$(lastword $(NEWEST))/mixpanel.duckdb_extension --out docs/function_descriptions.csv

# The fuzz target needs nightly to run, but none to compile.
lint:  ## rustfmt, clippy, rustdoc; and whether the fuzz target compiles
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --features faults -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps --document-private-items
	$(CARGO) check --package mixpanel-fuzz --no-default-features

clean:  ## removes what was built and downloaded
	$(CARGO) clean
	rm -rf build test/node/node_modules
