"""Tests `duckdb_mixpanel`, the Python package of the wheel: the right file for each DuckDB, and errors that say what to
do. `test/wheel` tests the wheel itself."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from conftest import EXTENSION, HOST, ROOT
from installing import FILE, FOLDER, PLATFORM, VERSION, once, stand_in_file
from installing import build, home, stand_in  # noqa: F401  fixtures

sys.path.insert(0, str(ROOT / "python"))
from duckdb_mixpanel.files import NoFile, content, folder_for, platform_in  # noqa: E402  the path is set above

pytestmark = once

# As they come out of the script below: what is loaded, or an error.
BUILD = "SELECT host_api, duckdb_version FROM mixpanel_build()"
LOADED = [[HOST, VERSION]]


@pytest.fixture
def python(tmp_path, build):
    """Runs a program with the package as a wheel installs it; what it leaves in `found` comes back."""
    shutil.copytree(ROOT / "python" / "duckdb_mixpanel", tmp_path / "it's here" / "duckdb_mixpanel")
    (tmp_path / "it's here" / "duckdb_mixpanel" / "files").symlink_to(build)

    def run(program: str):
        text = f"import json, duckdb, duckdb_mixpanel\n{program}\nprint(json.dumps(found))"
        environment = os.environ | {"PYTHONPATH": str(tmp_path / "it's here"), "HOME": str(tmp_path)}
        ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120, env=environment, cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


def test_connect(python):
    assert python(f'found = duckdb_mixpanel.connect().execute("{BUILD}").fetchall()') == LOADED


def test_connect_takes_what_duckdb_takes(python):
    program = f"""
with duckdb_mixpanel.connect("shop.duckdb", config={{"threads": 1}}) as con:
    con.execute("CREATE TABLE t AS SELECT 1 AS one")
with duckdb_mixpanel.connect(database="shop.duckdb", read_only=True, config={{"threads": 1}}) as con:
    found = con.execute("{BUILD}").fetchall(), con.execute("SELECT current_setting('threads') FROM t").fetchall()
"""
    assert python(program) == [LOADED, [[1]]]


def test_load_leaves_a_pending_result_alone(python):
    program = f"""
con = duckdb.connect(config={{"allow_unsigned_extensions": "true"}})
con.execute("SELECT 42")
duckdb_mixpanel.load(con)
duckdb_mixpanel.load(con)
found = con.fetchall(), con.execute("{BUILD}").fetchall()
"""
    assert python(program) == [[[42]], LOADED]


def test_a_session_that_forbids_it_is_told_of_connect(python):
    program = """
try:
    duckdb_mixpanel.load(duckdb.connect())
except duckdb.IOException as error:
    found = str(error)
"""
    error = python(program)
    assert "duckdb_mixpanel.connect()" in error and "allow_unsigned_extensions" in error


def test_other_errors_are_duckdbs_own(python):
    program = """
try:
    duckdb_mixpanel.connect("no/such/folder/shop.duckdb")
except duckdb.IOException as error:
    found = str(error)
"""
    assert "no/such/folder" in python(program)


def test_each_duckdb_has_its_file(stand_in):
    assert content(VERSION, PLATFORM, stand_in).startswith(FOLDER.encode())
    for version, folder in {"v1.2.0": "v1", "v1.5.9": "v1", "v2.0.0": "v2.0.0", "v2.0.1": "v2.0.1", "v2.9.0": "v1", "3f6cdd1a2b": "v1"}.items():
        assert folder_for(version, stand_in) == folder
        assert content(version, PLATFORM, stand_in) == (stand_in / folder / FILE).read_bytes()


def test_a_platform_of_two_names_is_one(stand_in):
    data = content("v1.2.0", f"{PLATFORM}_gcc4", stand_in)
    assert platform_in(data) == f"{PLATFORM}_gcc4" and data == stand_in_file("v1", b"v1", f"{PLATFORM}_gcc4")
    for version, platform, problem in [("v1.1.3", PLATFORM, "older than 1.2.0"), ("v1.5.6", "osx_riscv", f"for {PLATFORM}, and this DuckDB is for osx_riscv")]:
        with pytest.raises(NoFile, match=problem):
            content(version, platform, stand_in)


def test_a_file_of_another_name_of_the_platform_is_made_for_the_load(python):
    """As PyPI's DuckDB 1.2 needs it; here the file is the one that has another name."""
    program = f"""
import duckdb_mixpanel.files
platform = duckdb_mixpanel.files.platform_of()
# DuckDB calls itself as before, so what is made has to be called that: seen through a package that was built for another name.
duckdb_mixpanel.platform_of = lambda: platform + "_other"
made = []
content = duckdb_mixpanel.content
duckdb_mixpanel.content = lambda *arguments: made.append(arguments) or content(*arguments)
con = duckdb_mixpanel.connect()
found = made, con.execute("{BUILD}").fetchall()
"""
    assert python(program) == [[[VERSION, PLATFORM]], LOADED]
