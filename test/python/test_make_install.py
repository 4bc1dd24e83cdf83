"""Tests `make install`, and the wheel's `python -m duckdb_mixpanel install`: which DuckDBs of a machine they find, and what each gets."""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import duckdb
import pytest
from conftest import EXTENSION, HOST, ROOT
from installing import FILE, FILES, LOADED, PLATFORM, VERSION, WHICH, once, platform_in, stand_in_file
from installing import build, home, repository, stand_in  # noqa: F401  fixtures
from pairs import NEWEST

only_once = pytest.mark.skipif(duckdb.__version__ != NEWEST["v2"] or HOST != "v2", reason="no DuckDB takes part; once will do")
SHELL = ROOT / "build" / "venv" / f"duckdb-{NEWEST['v1']}" / "bin" / "duckdb"


def run(home, files, *arguments, command: str = "install", **environment) -> subprocess.CompletedProcess:
    """In a home of its own, with nothing on the PATH but what a test puts there. Python itself is always among what is asked."""
    options = ["--files", files, "--home", home.folder / ".duckdb"]
    return subprocess.run(
        [sys.executable, "-m", "duckdb_mixpanel", command, *map(str, options), *map(str, arguments)], capture_output=True, text=True, timeout=120,
        env={"PYTHONPATH": str(ROOT / "python"), "HOME": str(home.folder), "PATH": str(home.folder / "bin"), **environment},
    )  # fmt: skip


def program(path: pathlib.Path, version: str, platform: str = PLATFORM) -> pathlib.Path:
    """A duckdb that says so, unless it would read the user's start-up file first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n[ "$1 $2" = "-init /dev/null" ] || exit 1\necho {version}\necho {platform}\n')
    path.chmod(0o755)
    return path


def placed(home) -> dict[str, bytes]:
    """What is installed: version and platform, and the first letters of the file."""
    extensions = home.folder / ".duckdb" / "extensions"
    return {str(path.parent.relative_to(extensions)): path.read_bytes()[:6] for path in sorted(extensions.rglob(FILE))}


HERE = f"{VERSION}/{PLATFORM}"


@once
def test_this_python_is_served(home, build):
    ended = run(home, build)
    assert ended.returncode == 0, ended.stderr
    assert f"DuckDB {VERSION}, {PLATFORM}" in ended.stdout and sys.executable in ended.stdout
    assert home.rows("LOAD mixpanel", WHICH) == LOADED
    assert "again" in ended.stdout and "unsigned" in ended.stdout


@only_once
def test_every_duckdb_of_the_machine_is_found(home, stand_in):
    bin, duckdb_home = home.folder / "bin", home.folder / ".duckdb"
    program(bin / "duckdb", "v1.5.6")
    program(duckdb_home / "cli" / "2.0.0" / "duckdb", "v2.0.0")
    (duckdb_home / "cli" / "latest").symlink_to("2.0.0")
    program(duckdb_home / "cli" / "2.9.0" / "duckdb", "v2.9.0")
    # A build under development has a folder of what it was made of.
    program(duckdb_home / "cli" / "dev" / "duckdb", "3f6cdd1a2b")
    program(duckdb_home / "cli" / "broken" / "duckdb", "").write_text("#!/bin/sh\nexit 1\n")
    environment = home.folder / "environment"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").write_text(f"#!/bin/sh\necho 1.2.0\necho {PLATFORM}_gcc4\n")
    (environment / "bin" / "python").chmod(0o755)
    # Of other clients, such as R's and Node's; and of another machine's platform.
    (duckdb_home / "extensions" / "v1.4.4" / PLATFORM).mkdir(parents=True)
    (duckdb_home / "extensions" / "v1.4.3" / "osx_riscv").mkdir(parents=True)
    (duckdb_home / "extensions" / "v1.1.3" / PLATFORM).mkdir(parents=True)

    ended = run(home, stand_in, VIRTUAL_ENV=str(environment))
    assert ended.returncode == 0, ended.stderr
    assert placed(home) == {
        HERE: VERSION.encode(),
        f"v1.2.0/{PLATFORM}_gcc4": b"v1v1v1",
        f"v1.4.4/{PLATFORM}": b"v1v1v1",
        f"v1.5.6/{PLATFORM}": b"v1v1v1",
        f"v2.0.0/{PLATFORM}": b"v2.0.0",
        f"v2.9.0/{PLATFORM}": b"v1v1v1",
        f"3f6cdd1a2b/{PLATFORM}": b"v1v1v1",
    }
    extensions = duckdb_home / "extensions"
    assert platform_in((extensions / "v1.2.0" / f"{PLATFORM}_gcc4" / FILE).read_bytes()) == f"{PLATFORM}_gcc4"
    lines = ended.stdout.splitlines()
    # Who has it, and through which file; each program once.
    assert f"DuckDB v1.5.6, {PLATFORM}: the file v1, for {bin / 'duckdb'}" in lines
    assert f"DuckDB v2.0.0, {PLATFORM}: the file v2.0.0, for {duckdb_home / 'cli' / '2.0.0' / 'duckdb'}" in lines
    assert f"not served: DuckDB v1.1.3 is older than 1.2.0 ({extensions / 'v1.1.3' / PLATFORM})" in lines
    assert f"{environment}/bin/python" in ended.stdout


@only_once
def test_those_that_are_named_and_no_others(home, stand_in):
    shell = program(home.folder / "elsewhere" / "duckdb", "v1.5.6")
    environment = home.folder / "environment"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").write_text(f"#!/bin/sh\necho 2.0.0\necho {PLATFORM}\n")
    (environment / "bin" / "python").chmod(0o755)
    ended = run(home, stand_in, shell, environment, "1.4.4", "v2.0.2")
    assert ended.returncode == 0, ended.stderr
    assert placed(home) == {f"v1.4.4/{PLATFORM}": b"v1v1v1", f"v1.5.6/{PLATFORM}": b"v1v1v1", f"v2.0.0/{PLATFORM}": b"v2.0.0", f"v2.0.2/{PLATFORM}": b"v1v1v1"}
    nothing = run(home, stand_in, home.folder / "bin")
    assert nothing.returncode == 1 and "no DuckDB that says its version" in nothing.stderr


@only_once
def test_a_machine_without_duckdb_is_told_what_to_say(home, stand_in):
    bare = shutil.which("python3", path=os.defpath) or sys.base_prefix + "/bin/python3"
    ended = subprocess.run(
        [bare, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'python')!r})\nimport runpy; runpy.run_module('duckdb_mixpanel', run_name='__main__')",
         "install", "--files", stand_in, "--home", home.folder / ".duckdb"],
        capture_output=True, text=True, timeout=120, env={"HOME": str(home.folder), "PATH": str(home.folder / "bin")},
    )  # fmt: skip
    assert ended.returncode == 1 and "no DuckDB was found" in ended.stderr and "a version, a program" in ended.stderr
    assert placed(home) == {}


@only_once
def test_another_machines_files_are_not_placed(home, stand_in):
    for file in FILES:
        (stand_in / file / FILE).write_bytes(stand_in_file(file, file.encode(), "osx_riscv"))
    ended = run(home, stand_in)
    assert ended.returncode == 1 and f"these files are for osx_riscv, and this DuckDB is for {PLATFORM}" in ended.stderr
    assert placed(home) == {}


@once
def test_what_was_installed_before_is_replaced(home, build, repository, tmp_path):
    """INSTALL notes the version of its file, and LOAD refuses one of another."""
    home.rows(f"INSTALL mixpanel FROM '{repository}'")
    newer = tmp_path / "newer"
    shutil.copytree(build, newer)
    [file] = [newer / folder / FILE for folder in FILES if (newer / folder / FILE).stat().st_size == EXTENSION.stat().st_size]
    data = file.read_bytes()
    file.write_bytes(data[:-534] + data[-534:].replace(b"v0.1.0\0", b"v0.9.9\0"))
    assert run(home, newer).returncode == 0
    assert home.rows("LOAD mixpanel", WHICH) == LOADED
    version = "SELECT extension_version FROM duckdb_extensions() WHERE extension_name = 'mixpanel'"
    assert home.rows("LOAD mixpanel", version) == [["v0.9.9"]]


@once
def test_what_is_uninstalled_is_gone(home, build, repository):
    home.rows(f"INSTALL mixpanel FROM '{repository}'")
    run(home, build, "1.4.4")
    ended = run(home, build, command="uninstall")
    assert ended.returncode == 0 and ended.stdout.count("removed ") == 3
    assert not [path for path in home.folder.rglob("mixpanel*")]
    assert "not found" in home.error("LOAD mixpanel")
    assert "nothing was installed" in run(home, build, command="uninstall").stdout


@pytest.mark.skipif(VERSION != f"v{NEWEST['v1']}" or HOST != "v1" or not SHELL.exists(), reason=f"the shell is {NEWEST['v1']}'s")
def test_a_real_shell_is_asked_and_served(home, build):
    (home.folder / ".duckdbrc").write_text("SELECT 'a greeting';\n")
    (home.folder / "bin").mkdir()
    (home.folder / "bin" / "duckdb").symlink_to(SHELL)
    ended = run(home, build)
    assert f"{home.folder}/bin/duckdb" in ended.stdout, ended.stdout + ended.stderr
    loaded = subprocess.run(
        [SHELL, "-unsigned", "-csv", "-noheader", "-c", "LOAD mixpanel", "-c", "SELECT mixpanel_version()"],
        capture_output=True, text=True, timeout=120, env={"HOME": str(home.folder)},
    )  # fmt: skip
    assert loaded.stdout.split()[-1] == LOADED[0][0], loaded.stderr


@only_once
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_install_asks_the_machine_and_takes_names():
    for named in ("", "/opt/duckdb 1.5.6"):
        command = ["make", "--dry-run", "install", *([f"DUCKDB={named}"] if named else [])]
        # Within `make test`, make would say which folder it enters and leaves.
        alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        commands = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True).stdout.splitlines()
        assert commands[-1].strip().endswith(f"-m duckdb_mixpanel install --files build/release {named}".strip())
