"""Tests what DuckDB's community extensions get: `description.yml`, and a Makefile that their CI can call."""
from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess

import duckdb
import pytest
import yaml
from conftest import EXTENSION, HOST, ROOT, rows
from documented import as_documented, january  # noqa: F401  fixtures
from installing import FILES, PLATFORM, file_for
from pairs import NEWEST, PAIRS, pair_of

DESCRIPTION = yaml.safe_load((ROOT / "description.yml").read_text(encoding="utf-8"))
CARGO = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
BUILT_BY_THEM = {
    "linux_amd64", "linux_arm64", "linux_amd64_musl", "linux_arm64_musl", "osx_amd64", "osx_arm64",
    "windows_amd64", "windows_arm64", "windows_amd64_mingw", "wasm_mvp", "wasm_eh", "wasm_threads",
}  # fmt: skip
# Built only where an extension asks for it.
OPT_IN = {"linux_amd64_musl", "linux_arm64_musl", "windows_arm64"}
once = pytest.mark.skipif(duckdb.__version__ != NEWEST["v2"] or HOST != "v2", reason="no DuckDB takes part; once will do")


@once
def test_the_description_is_that_of_this_extension():
    extension = DESCRIPTION["extension"]
    for name in ("name", "version", "license"):
        assert f'\n{name} = "{extension[name]}"\n' in CARGO, name
    assert (extension["language"], extension["build"]) == ("Rust", "cargo")
    excluded, opted = (extension[name].split(";") for name in ("excluded_platforms", "opt_in_platforms"))
    assert set(excluded) < BUILT_BY_THEM and len(set(excluded)) == len(excluded)
    assert set(opted) < OPT_IN and not set(opted) & set(excluded)
    assert {"linux_amd64", "osx_arm64", "windows_amd64"} <= BUILT_BY_THEM - set(excluded) - OPT_IN


def test_hello_world_runs(con, as_documented):  # noqa: F811
    assert rows(con, DESCRIPTION["docs"]["hello_world"])


@once
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize("version", ["v1.4.5", "v1.5.5", *FILES, "v2.9.0"])
def test_their_ci_finds_the_file_where_it_looks(tmp_path, version):
    """The steps of their workflow, but for the compiler."""
    for name in ("Makefile", "Cargo.toml", "scripts", "src"):
        (tmp_path / name).symlink_to(ROOT / name)
    library = tmp_path / "target" / "release" / "libmixpanel.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(EXTENSION.read_bytes()[:-534])
    environment = outside_of_make() | {"DUCKDB_PLATFORM": PLATFORM, "LINUX_CI_IN_DOCKER": "1"}
    run(tmp_path, environment | {"DUCKDB_GIT_VERSION": version}, "set_duckdb_version")
    for target in ("configure_ci", "release", "test_release"):
        run(tmp_path, environment, target, "CARGO=true", "LIBRARY=libmixpanel.so")
    found = (tmp_path / "build" / "release" / "extension" / "mixpanel" / EXTENSION.name).read_bytes()
    assert found == (tmp_path / "build" / "release" / file_for(version) / EXTENSION.name).read_bytes()
    assert found.endswith(PLATFORM.encode().ljust(32, b"\0") + b"4".ljust(32, b"\0") + bytes(256))
    assert (b"C_STRUCT_UNSTABLE" in found[-534:]) == (version in FILES and version != "v1")


@once
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize("version", ["v1.5.5", *(file for file in FILES if file != "v1"), "v2.9.0"])
def test_their_ci_tests_where_it_has_what_that_takes(version):
    """On macOS: the `.test` files on one DuckDB, without Node and what only our own tests need."""
    environment = outside_of_make() | {"DUCKDB_PLATFORM": "osx_arm64", "DUCKDB_GIT_VERSION": version}
    commands = run(ROOT, environment, "--dry-run", "test_release", "LIBRARY=libmixpanel.dylib")
    pair = pair_of(file_for(version))
    assert pair in PAIRS and (ROOT / "test" / "requirements" / f"duckdb-{pair.split('/')[0]}.txt").exists()
    assert commands.splitlines()[-1].endswith(f"test/run.py --build build/release --pair {pair} -k test_sql")
    assert "npm" not in commands and not {"dbt", "docs", "notebooks", "scaling"} & set(commands.split())


def outside_of_make() -> dict[str, str]:
    """Without what a `make test` around this says to its own children."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def run(folder, environment, *arguments) -> str:
    ended = subprocess.run(["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@once
def test_what_their_container_runs_is_for_its_python():
    """Linux's has Python 3.6."""
    for name in ("scripts/footer.py", "scripts/served.py", "scripts/replacing.py", "scripts/platform_name.py", "test/pairs.py"):
        ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 6))


@once
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_another_platform_than_the_machines_is_built_for_its_target():
    """macOS on Intel is built on an ARM machine, and MinGW with the Rust of another Windows."""
    for platform, rust in {"osx_amd64": "x86_64-apple-darwin", "windows_amd64_mingw": "x86_64-pc-windows-gnu"}.items():
        commands = run(ROOT, outside_of_make() | {"DUCKDB_PLATFORM": platform}, "--dry-run", "release", "LIBRARY=the-library")
        assert f"cargo build --release --target {rust}" in commands
        assert f"--library target/{rust}/release/the-library" in commands and f"--platform {platform}" in commands


@once
def test_the_makefile_names_no_duckdb():
    """A new one is a layout, a requirements file and a pair."""
    assert not re.findall(r"\bv?\d+\.\d+\.\d+\b", (ROOT / "Makefile").read_text(encoding="utf-8"))
