# The targets that DuckDB's community CI expects of an extension: configure, debug, release, test_debug, test_release,
# clean. What people call: demo, test, bench, install, repository, docs.

PYTHON ?= python3
CARGO ?= cargo
VERSION := v$(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
# The community CI says which platform, and for which DuckDB, it builds.
PLATFORM ?= $(or $(DUCKDB_PLATFORM),$(shell $(PYTHON) scripts/platform_name.py))
COMMUNITY := $(or $(DUCKDB_GIT_VERSION),$(shell cat build/.duckdb_version 2>/dev/null))
# As scripts/served.py has it; test_community.py sees to that.
COMMUNITY_FILE := $(if $(filter v2.0.0,$(COMMUNITY)),v2,v1)
LIBRARY = $(shell $(PYTHON) scripts/platform_name.py --library mixpanel)

.PHONY: configure debug release install test test-slow test_debug test_release test-rust test-clients demo bench lint clean

# One virtual environment for each DuckDB that the tests run on, one for each other tool, and the Node packages.
configure: $(patsubst test/requirements/%.txt,build/venv/%/.ready,$(wildcard test/requirements/*.txt)) build/.node

build/venv/%/.ready: test/requirements/%.txt
	$(PYTHON) scripts/environments.py $*

build/.node: test/node/package.json test/node/package-lock.json
	cd test/node && npm install --no-audit --no-fund --silent
	mkdir -p build && touch $@

debug:
	$(CARGO) build
	$(MAKE) --no-print-directory footers PROFILE=debug

release:
	$(CARGO) build --release
	$(MAKE) --no-print-directory footers PROFILE=release

# One library, two footers: which of the two C APIs it is loaded with.
.PHONY: footers
footers:
	$(PYTHON) scripts/footer.py --library target/$(PROFILE)/$(LIBRARY) --out build/$(PROFILE)/v1/mixpanel.duckdb_extension \
	  --abi C_STRUCT --api-version v1.2.0 --extension-version $(VERSION) --platform $(PLATFORM)
	$(PYTHON) scripts/footer.py --library target/$(PROFILE)/$(LIBRARY) --out build/$(PROFILE)/v2/mixpanel.duckdb_extension \
	  --abi C_STRUCT_UNSTABLE --api-version v2.0.0 --extension-version $(VERSION) --platform $(PLATFORM)
ifneq ($(COMMUNITY),)
	mkdir -p build/$(PROFILE)/extension/mixpanel
	cp build/$(PROFILE)/$(COMMUNITY_FILE)/mixpanel.duckdb_extension build/$(PROFILE)/extension/mixpanel/
endif

.PHONY: configure_ci set_duckdb_version set_duckdb_tag
configure_ci set_duckdb_tag:
set_duckdb_version:
	mkdir -p build && echo "$(DUCKDB_GIT_VERSION)" > build/.duckdb_version

# Puts the files where a plain LOAD mixpanel finds them, for every DuckDB that they serve.
install: release
	$(PYTHON) scripts/install.py --build build/release --platform $(PLATFORM)

# What INSTALL mixpanel FROM 'build/repository' reads; KEY=private.pem signs it for DuckDB 2.0's own repositories.
.PHONY: repository key
repository: release $(if $(KEY),build/venv/signing/.ready)
	$(if $(KEY),build/venv/signing/bin/python,$(PYTHON)) scripts/repository.py --build build/release --platform $(PLATFORM) \
	  --out build/repository $(if $(KEY),--key "$(KEY)")

key: $(if $(KEY),build/venv/signing/.ready)
	$(if $(KEY),,$(error make key KEY=the file to make, e.g. KEY=$$HOME/mixpanel-private.pem))
	build/venv/signing/bin/python scripts/signature.py "$(KEY)"

test: test-rust test-clients

test-rust:
	$(CARGO) test --quiet

test-clients: configure release
	$(PYTHON) test/run.py --build build/release

# What takes minutes or many packages: an export that is spread over Ray's workers, and Mixpanel's own client as a witness.
test-slow: build/venv/scaling/.ready build/venv/headless/.ready release
	build/venv/scaling/bin/python -m pytest --quiet -p no:cacheprovider test/scaling
	build/venv/headless/bin/python -m pytest --quiet -p no:cacheprovider test/headless

# On Linux the community CI builds in a container without Node, and what is built outside of it must not replace that.
# Elsewhere it tests what it has built: the `.test` files, which ask nothing of the machine, on one DuckDB.
ifdef LINUX_CI_IN_DOCKER
test_debug test_release:
	@echo "not tested here"
else ifneq ($(COMMUNITY),)
TESTED := $(if $(filter v2,$(COMMUNITY_FILE)),2.0.0,1.5.6)
test_debug test_release: test_%: % build/venv/duckdb-$(TESTED)/.ready
	$(PYTHON) test/run.py --build build/$* --pair $(TESTED)/$(COMMUNITY_FILE) -k test_sql
else
test_debug: configure debug
	$(PYTHON) test/run.py --build build/debug

test_release: test-clients
endif

# What these two need of the environments, and no more: who tries the demo wants to see it soon.
CLIENTS := build/venv/duckdb-2.0.0/.ready build/venv/duckdb-1.5.6/.ready

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
function-descriptions: build/venv/duckdb-2.0.0/.ready release
	build/venv/duckdb-2.0.0/bin/python scripts/function_descriptions.py \
	  --extension build/release/v2/mixpanel.duckdb_extension --out docs/function_descriptions.csv

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings

clean:
	$(CARGO) clean
	rm -rf build test/node/node_modules
