#!/bin/sh
# Makes a Python environment with DuckDB and the extension: sh install.sh /opt/mixpanel duckdb_mixpanel-*.whl
set -eu
folder=$1 wheel=$2
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir 'duckdb==2.0.1' "$wheel"
cp "$(dirname "$0")/sync.py" "$folder/"
"$folder/bin/python" -c 'import duckdb_mixpanel; print(duckdb_mixpanel.connect().execute("SELECT mixpanel_version()").fetchone()[0])'
