"""Tests the wheel of `make wheel` in fresh environments that have nothing but pip: `make test-slow`.

Rust and this checkout are out of reach there. What a package index has to give is had from it."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "scripts")]

from pairs import NEWEST  # noqa: E402  the path is set above
from platform_name import TARGETS, target  # noqa: E402
from served import LAYOUTS  # noqa: E402
from simulator import Project, Simulator  # noqa: E402
from wheel import GLIBC, PLATFORMS, released  # noqa: E402

TAG = PLATFORMS[TARGETS[target()]][1]
WHEEL = ROOT / "build" / "wheels" / f"duckdb_mixpanel-{released().removeprefix('v')}-py3-none-{TAG}.whl"
VERSIONS = [f"v{NEWEST['v1']}", *LAYOUTS]
BUILD = "SELECT host_api, duckdb_version FROM mixpanel_build()"


@pytest.fixture(scope="session")
def environments(tmp_path_factory):
    """For each DuckDB an environment, made when it is asked for."""
    made = {}

    def environment(version: str) -> Path:
        if version not in made:
            folder = tmp_path_factory.mktemp(version)
            venv.create(folder, with_pip=True)
            made[version] = folder / "bin" / "python"
            command = [made[version], "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"duckdb=={version.removeprefix('v')}", WHEEL]
            subprocess.run(command, check=True, timeout=600)
        return made[version]

    return environment


@pytest.fixture
def sim():
    with Simulator(Project(days=3, events_per_day=50)) as simulator:
        yield simulator


@pytest.fixture
def run(tmp_path, sim):
    """A command in a home of its own, without Rust on the PATH."""
    account = {"MP_USERNAME": "demo.sa.mp-service-account", "MP_SECRET": "demo-secret", "MP_PROJECT_ID": "12345"}
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "MP_API_BASE_URL": sim.url, "MP_RATE_LIMITS": "off", "DO_NOT_TRACK": "1", **account}
    assert not shutil.which("cargo", path=environment["PATH"])

    def run(*command, cwd: Path = tmp_path, **more: str) -> str:
        ended = subprocess.run([*map(str, command)], env=environment | more, cwd=cwd, capture_output=True, text=True, timeout=300)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    return run


def rows(run, python: Path, *statements: str, package: bool = False):
    opened = "duckdb_mixpanel.connect()" if package else "duckdb.connect(config={'allow_unsigned_extensions': 'true'})"
    program = f"""
import json
import {"duckdb_mixpanel" if package else "duckdb"}
con = {opened}
for statement in {list(statements)!r}:
    rows = con.execute(statement).fetchall()
print(json.dumps(rows, default=str))
"""
    return json.loads(run(python, "-c", program).splitlines()[-1])


def loaded(version: str) -> list:
    return [["v2" if version in LAYOUTS else "v1", version]]


@pytest.mark.skipif("manylinux" not in TAG, reason="auditwheel knows wheels for Linux")
def test_it_runs_on_old_systems():
    said = subprocess.run([Path(sys.executable).parent / "auditwheel", "show", WHEEL], capture_output=True, text=True, check=True).stdout
    assert f"manylinux_{GLIBC.replace('.', '_')}" in said


@pytest.mark.parametrize("version", VERSIONS)
def test_the_right_file_is_taken(run, environments, sim, version):
    python = environments(version)
    assert rows(run, python, BUILD, package=True) == loaded(version)
    export = "mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-03')"
    assert rows(run, python, f"SELECT count(*) FROM {export}", package=True) == [[150]]
    if version in LAYOUTS:
        sim.clear()
        # What only the second API can: a pragma, and a condition that makes the request smaller.
        pragma = "PRAGMA mixpanel_fetch_events('events', from_date = '2025-01-01', to_date = '2025-01-03')"
        assert rows(run, python, pragma, "SELECT count(*) FROM events", package=True)[0][0] > 100
        sim.clear()
        rows(run, python, f"SELECT count(*) FROM {export} WHERE event_time >= '2025-01-03'", package=True)
        assert [request.params["from_date"] for request in sim.settled()] == ["2025-01-03"]


@pytest.mark.parametrize("version", VERSIONS)
def test_installed_it_is_there_for_a_plain_load(run, environments, version):
    python = environments(version)
    said = run(python, "-m", "duckdb_mixpanel", "install")
    assert f"DuckDB {version}" in said
    assert rows(run, python, "LOAD mixpanel", BUILD) == loaded(version)
    assert "removed" in run(python, "-m", "duckdb_mixpanel", "uninstall")


def test_installed_it_is_there_for_the_shell(run, environments):
    shell = ROOT / "build" / "venv" / f"duckdb-{NEWEST['v1']}" / "bin" / "duckdb"
    run(environments(LAYOUTS[-1]), "-m", "duckdb_mixpanel", "install", shell)
    said = run(shell, "-unsigned", "-csv", "-noheader", "-c", f"LOAD mixpanel; {BUILD};")
    assert said.split() == [f"v1,v{NEWEST['v1']}"]


@pytest.mark.skipif(not (shutil.which("node") and (ROOT / "test" / "node" / "node_modules").exists()), reason="Node or its packages are missing")
def test_installed_it_is_there_for_node(run, environments):
    run(environments(LAYOUTS[-1]), "-m", "duckdb_mixpanel", "install", NEWEST["v1"])
    program = f"""
import {{ DuckDBInstance }} from "@duckdb/node-api";
const instance = await DuckDBInstance.create(":memory:", {{ allow_unsigned_extensions: "true" }});
const connection = await instance.connect();
await connection.run("LOAD mixpanel");
console.log((await connection.runAndReadAll("{BUILD}")).getRows());
"""
    said = run(shutil.which("node"), "--input-type=module", "-e", program, cwd=ROOT / "test" / "node")
    assert f"'v1', 'v{NEWEST['v1']}'" in said


def test_installed_it_is_there_for_dbt(run, environments, sim, tmp_path):
    environment = ROOT / "build" / "venv" / "dbt"
    run(environments(LAYOUTS[-1]), "-m", "duckdb_mixpanel", "install", environment)
    project = tmp_path / "shop"
    shutil.copytree(ROOT / "docs" / "examples" / "dbt_shop", project)
    [packages] = (environment / "lib").glob("python*/site-packages")
    command = json.dumps(["run", "--select", "profiles", "--no-use-colors"])
    # The plain name, as in `extensions: [mixpanel]`.
    run(environment / "bin" / "python", ROOT / "test" / "python" / "dbt_here.py", packages, command, cwd=project, MIXPANEL_EXTENSION="mixpanel")
    assert {request.path.rsplit("/", 1)[-1] for request in sim.settled()} == {"engage"}
