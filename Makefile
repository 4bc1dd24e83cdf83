# The targets that DuckDB's community CI expects of an extension: configure, debug, release, test_debug, test_release,
# clean. What people call: demo, test, bench, install.

PYTHON ?= python3
CARGO ?= cargo
VERSION := v$(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
PLATFORM ?= $(shell $(PYTHON) scripts/platform_name.py)
LIBRARY := $(shell $(PYTHON) scripts/platform_name.py --library mixpanel)

.PHONY: configure debug release install test test-slow test_debug test_release test-rust test-clients demo bench lint clean

configure: build/.configured

# One virtual environment for each DuckDB that the tests run on, and the Node packages.
build/.configured: test/requirements/*.txt test/node/package.json
	$(PYTHON) scripts/environments.py
	cd test/node && npm install --no-audit --no-fund --silent
	touch $@

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

# Puts the files where a plain LOAD mixpanel finds them, for every DuckDB that they serve.
install: release
	$(PYTHON) scripts/install.py --build build/release --platform $(PLATFORM)

test: test-rust test-clients

test-rust:
	$(CARGO) test --quiet

test-clients: configure release
	$(PYTHON) test/run.py --build build/release

# What takes minutes: an export that is spread over Ray's workers.
test-slow: configure release
	build/venv/scaling/bin/python -m pytest --quiet -p no:cacheprovider test/scaling

test_debug: configure debug
	$(PYTHON) test/run.py --build build/debug

test_release: test-clients

demo: configure release
	$(PYTHON) test/demo/demo.py --build build/release

bench: configure release
	$(PYTHON) test/bench/bench.py --build build/release $(BENCH)

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings

clean:
	$(CARGO) clean
	rm -rf build test/node/node_modules
