"""Runs the tests of the Node client, `test/node/*.test.mjs`, against a simulator."""
from __future__ import annotations

import os
import shutil
import subprocess

import duckdb
import pytest
from conftest import EXTENSION, HOST, ROOT
from documented import last_week

FOLDER = ROOT / "test" / "node"
NODE = shutil.which("node")

# The client brings its own DuckDB; once will do.
pytestmark = [
    pytest.mark.skipif(duckdb.__version__ != "1.5.6" or HOST != "v1", reason="runs with DuckDB 1.5.6"),
    pytest.mark.skipif(NODE is None or not (FOLDER / "node_modules").exists(), reason="Node or its packages are missing"),
]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test.mjs")), ids=lambda path: path.name)
def test_file(path, sim, tmp_path):
    # The recipe of docs/tables.md fetches it.
    last_week(sim)
    environment = os.environ | {
        "MIXPANEL_EXTENSION": str(EXTENSION),
        "MIXPANEL_DATABASE": str(tmp_path / "node.duckdb"),
    }
    ended = subprocess.run(
        [NODE, "--test", "--test-reporter=tap", path], env=environment, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "# pass 0" not in ended.stdout
