# The targets that DuckDB's community CI expects of an extension: configure, debug, release, test_debug, test_release,
# clean. What people call: demo, test, bench, install, repository, docs.

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

.PHONY: configure debug release install test test-slow test_debug test_release test-rust test-clients demo bench lint clean

# Of each of DuckDB's C APIs the newest version that is tested.
NEWEST := $(shell $(PYTHON) test/pairs.py --newest)

# One virtual environment for each DuckDB that the tests run on, one for each other tool, and the Node packages.
configure: $(patsubst test/requirements/%.txt,build/venv/%/.ready,$(wildcard test/requirements/*.txt)) build/.node

build/venv/%/.ready: test/requirements/%.txt
	$(PYTHON) scripts/environments.py $*

build/.node: test/node/package.json test/node/package-lock.json
	cd test/node && npm install --no-audit --no-fund --silent
	mkdir -p build && touch $@

debug:
	$(CARGO) build $(TARGET:%=--target %)
	$(MAKE) --no-print-directory footers PROFILE=debug

release:
	$(CARGO) build --release $(TARGET:%=--target %)
	$(MAKE) --no-print-directory footers PROFILE=release

# With failures of our own that `test_contained.py` asks for, which nothing else loads.
.PHONY: faults
faults:
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
install: release
	PYTHONPATH=python $(PYTHON) -m duckdb_mixpanel install --files build/release $(DUCKDB)

# What INSTALL mixpanel FROM 'build/repository' reads; KEY=private.pem signs it for DuckDB 2.0's own repositories.
.PHONY: repository key
repository: release $(if $(KEY),build/venv/signing/.ready)
	$(if $(KEY),build/venv/signing/bin/python,$(PYTHON)) scripts/repository.py --build build/release --platform $(PLATFORM) \
	  --out build/repository $(if $(KEY),--key "$(KEY)")

key: $(if $(KEY),build/venv/signing/.ready)
	$(if $(KEY),,$(error make key KEY=the file to make, e.g. KEY=$$HOME/mixpanel-private.pem))
	build/venv/signing/bin/python scripts/signature.py "$(KEY)"

# A wheel for this platform, which brings the files to machines without Rust.
.PHONY: wheel
wheel: build/venv/wheel/.ready
	build/venv/wheel/bin/python scripts/wheel.py --platform $(PLATFORM) --out build/wheels

test: test-rust test-clients

# And whether every DuckDB that is served has the functions that we call: the symbols of the debug build say which.
test-rust:
	$(CARGO) test --quiet
	$(CARGO) build --quiet
	$(PYTHON) scripts/calls.py

test-clients: configure release faults
	$(PYTHON) test/run.py --build build/release

# What takes minutes or many packages: an export that is spread over Ray's workers, DuckLake, the wheel in fresh environments,
# the steps of the workflows in .github, and Mixpanel's own client as a witness.
SLOW := ray ducklake dbt workflows headless $(NEWEST:%=duckdb-%)
test-slow: $(SLOW:%=build/venv/%/.ready) build/.node release wheel
	build/venv/ray/bin/python -m pytest --quiet -p no:cacheprovider test/ray
	build/venv/ducklake/bin/python -m pytest --quiet -p no:cacheprovider test/ducklake
	build/venv/wheel/bin/python -m pytest --quiet -p no:cacheprovider test/wheel
	build/venv/workflows/bin/python -m pytest --quiet -p no:cacheprovider test/workflows
	build/venv/headless/bin/python -m pytest --quiet -p no:cacheprovider test/headless

# The `.test` files on ARM64, emulated: on Debian, and no part of CI.
.PHONY: test-arm64
test-arm64: build/venv/wheel/.ready
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
CLIENTS := $(foreach version,$(NEWEST),build/venv/duckdb-$(version)/.ready)

demo: $(CLIENTS) release
	$(PYTHON) test/demo/demo.py --build build/release

bench: $(CLIENTS) release
	$(PYTHON) test/bench/bench.py --build build/release $(BENCH)

# The documentation as a site, in build/docs: anew, because a page that is gone leaves its file behind.
.PHONY: docs
docs: build/venv/docs/.ready
	rm -rf build/docs
	build/venv/docs/bin/python scripts/website/build.py --out build/docs

# The descriptions that DuckDB 2.0 has of the functions, for those who can't ask it.
.PHONY: function-descriptions
function-descriptions: $(CLIENTS) release
	build/venv/duckdb-$(lastword $(NEWEST))/bin/python scripts/function_descriptions.py \
	  --extension build/release/v$(lastword $(NEWEST))/mixpanel.duckdb_extension --out docs/function_descriptions.csv

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --features faults -- -D warnings

clean:
	$(CARGO) clean
	rm -rf build test/node/node_modules
