"""Tests `make new`: its output compiles, the simulator answers it if an example is known, and it lists what is left to do."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys

import duckdb
import pytest
from conftest import HOST, ROOT
from pairs import NEWEST

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(duckdb.__version__ != NEWEST["v2"] or HOST != "v2", reason="no DuckDB takes part; once will do"),
]

SPECIFICATION = """
servers: [{url: 'https://example.com/api/query'}]
paths:
  /racks/list:
    get:
      parameters: [{in: query, name: sort, schema: {type: string}}]
      responses:
        '200':
          content:
            application/json:
              examples:
                one: {value: [{id: 2, name: b, open: true, made: '2025-01-31T10:00:00', share: 0.5, books: [1]}, {id: 1, name: a, open: null}]}
  /racks/{rackId}:
    get:
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Rack'}}}}}
components:
  schemas:
    Rack: {type: object, properties: {total: {type: integer}, state: {type: string, enum: [open]}}}
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A checkout to write in."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("src", "docs", "test/simulator", "test/sql"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("README.md", "Cargo.toml", "Cargo.lock", "rustfmt.toml", "clippy.toml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("sql", "fuzz", "test/bench"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "specifications").mkdir()
    (folder / "specifications" / "racks.yaml").write_text(SPECIFICATION)
    return folder


def new(tree, *arguments: str, specifications: str = "specifications") -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "new", *arguments, "--root", tree, "--specifications", tree / specifications]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")}, capture_output=True, text=True)


def made(tree, *arguments: str, **more) -> str:
    done = new(tree, *arguments, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_it_writes(tree):
    said = made(tree, "mixpanel_rack_list", "discovery")
    assert "asks GET /api/query/racks/list" in said and "STATEMENTS" in said
    test = (tree / "test/sql/discovery/rack_list.test").read_text()
    assert "made\tTIMESTAMP\nshare\tDOUBLE\nbooks\tVARCHAR\n" in test
    assert "1\ta\tNULL\tNULL\tNULL\tNULL\n2\tb\ttrue\t2025-01-31 10:00:00\t0.5\t[1]\n" in test
    assert "(docs/discovery.md#rack-list-mixpanel_rack_list)" in (tree / "README.md").read_text()
    page = (tree / "docs/discovery.md").read_text()
    assert page.index("## Rack list: `mixpanel_rack_list`") < page.index("## The cache")
    # A path with a name in it, and a schema in the place of an example; of the other family.
    made(tree, "mixpanel_rack", "reports", "--route", "GET /api/query/racks/{rackId}")
    assert 'required_text("rack_id")' in (tree / "src/functions/reports/rack.rs").read_text()
    # Of the project, and in no specification.
    said = made(tree, "mixpanel_owners", "discovery", "--route", "GET /api/app/projects/{projectId}/owners")
    assert "UNSPECIFIED" in said and "no example of the answer is known" in said
    # The simulator has this one, and knows more than a specification.
    made(tree, "mixpanel_public_views", "discovery", "--route", "GET /api/app/projects/{projectId}/workspaces/public")
    assert "3001\tAll Project Data\ttrue" in (tree / "test/sql/discovery/public_views.test").read_text()
    compiles(tree)
    answered(tree)


def compiles(tree):
    """Without a warning, and as rustfmt has it."""
    target = {"CARGO_TARGET_DIR": str(ROOT / "target")}
    for command in (["fmt", "--package", "mixpanel", "--check"], ["clippy", "--quiet", "--offline", "--", "-D", "warnings"]):
        done = subprocess.run(["cargo", *command], cwd=tree, env=os.environ | target, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def answered(tree):
    """By a route of the simulator, for those whose answer was known."""
    code = """
from simulator.routes import find
from simulator import Project
from simulator.routes.rack_list import EXAMPLE
assert find("GET", "/api/query/racks/list")[0].api == "query" and EXAMPLE[0]["id"] == 2
assert find("GET", "/api/query/racks/7")[1] == {"rack_id": "7"}
assert find("GET", f"/api/app/projects/{Project().project_id}/owners") is None
"""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(tree / "test")}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_goes_without_specifications(tree):
    said = made(tree, "mixpanel_nothing_known", "reports", specifications="none")
    assert "There are no specifications" in said and "no example of the answer is known" in said


@pytest.mark.parametrize("name", ["mixpanel_cohorts", "cohorts", "mixpanel_X", "mixpanel_", "mixpanel_a-b"])
def test_what_it_refuses(tree, name):
    before = (tree / "README.md").read_text()
    assert new(tree, name, "discovery").returncode == 1
    assert (tree / "README.md").read_text() == before
