"""Shared by tests of installing: sessions that are processes of their own, in homes of their own; keys and repositories."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import duckdb
import pytest
from conftest import EXTENSION, HOST, ROOT

SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))
sys.path.insert(0, str(ROOT / "python"))
import footer  # noqa: E402  the paths are set above
from duckdb_mixpanel.files import platform_in  # noqa: E402, F401
from served import AHEAD, FILES, LAYOUTS, RELEASED, file_for  # noqa: E402, F401

PLATFORM = duckdb.execute("PRAGMA platform").fetchall()[0][0]
VERSION = f"v{duckdb.__version__}"
SIGNING = ROOT / "build" / "venv" / "signing" / "bin" / "python"
FILE = "mixpanel.duckdb_extension"
PUBLISHED = "mixpanel.duckdb_extension.gz"

FOLDER = file_for(VERSION)
assert VERSION in RELEASED, f"scripts/served.py does not know DuckDB {VERSION}"

# A repository has all files, and each DuckDB takes its own: once for each DuckDB is enough.
once = pytest.mark.skipif(HOST != ("v1" if FOLDER == "v1" else "v2"), reason="the other file serves this DuckDB")
only_duckdb_2 = pytest.mark.skipif(VERSION < "v2", reason="DuckDB 1.x has no repositories of one's own")
needs_signing = pytest.mark.skipif(not SIGNING.exists(), reason="build/venv/signing is missing: make configure")

CLIENT = """
import json, sys
import duckdb

config, statements = json.load(sys.stdin)
connection = duckdb.connect(config=config)
# On 2.0 it is printed where INSTALL takes two seconds, whatever the standard output is.
connection.execute("SET enable_progress_bar = false")
try:
    for statement in statements:
        rows = connection.execute(statement).fetchall()
    print(json.dumps(rows, default=str))
except duckdb.Error as error:
    sys.exit(str(error))
"""
WHICH = """SELECT mixpanel_version(), any_value(description) IS NOT NULL FROM duckdb_functions()
    WHERE function_name = 'mixpanel_export'"""
"""Only the second C API has descriptions."""
LOADED = [[(ROOT / "Cargo.toml").read_text().split('version = "')[1].split('"')[0], HOST == "v2"]]


class Home:
    """A home directory that no DuckDB has seen before, and sessions in it."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def run(self, *statements: str, unsigned: bool = True, cwd: pathlib.Path | None = None) -> subprocess.CompletedProcess:
        config = {"allow_unsigned_extensions": "true"} if unsigned else {}
        return subprocess.run(
            [sys.executable, "-c", CLIENT], input=json.dumps([config, statements]), capture_output=True, text=True,
            timeout=120, cwd=cwd or self.folder, env=os.environ | {"HOME": str(self.folder)},
        )  # fmt: skip

    def rows(self, *statements: str, **options) -> list:
        ended = self.run(*statements, **options)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def error(self, *statements: str, **options) -> str:
        ended = self.run(*statements, **options)
        assert ended.returncode == 1, ended.stdout
        return ended.stderr


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def script(name: str, *arguments, python=sys.executable) -> subprocess.CompletedProcess:
    return subprocess.run([python, SCRIPTS / name, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def make_repository(
    build: pathlib.Path, out: pathlib.Path, key: pathlib.Path | None = None, platform: str = PLATFORM
) -> subprocess.CompletedProcess:
    arguments, python = (["--key", key], SIGNING) if key else ([], sys.executable)
    return script("repository.py", "--build", build, "--platform", platform, "--out", out, *arguments, python=python)


def make_key(path: pathlib.Path) -> pathlib.Path:
    assert script("signature.py", path, python=SIGNING).returncode == 0
    return path


def stand_ins(folder: pathlib.Path) -> pathlib.Path:
    """A build whose files no DuckDB would load, for what is not about loading."""
    for file in FILES:
        (folder / file).mkdir(parents=True)
        (folder / file / FILE).write_bytes(stand_in_file(file, file.encode()))
    return folder


def stand_in_file(file: str, content: bytes, platform: str = PLATFORM) -> bytes:
    abi, version = FILES[file]
    return content * 1000 + footer.footer(abi, "v0.1.0", version, platform)


@pytest.fixture
def stand_in(tmp_path):
    return stand_ins(tmp_path / "build")


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """The file that this DuckDB loads is the real one."""
    folder = stand_ins(tmp_path_factory.mktemp("build"))
    (folder / FOLDER / FILE).unlink()
    (folder / FOLDER / FILE).symlink_to(EXTENSION)
    return folder


@pytest.fixture(scope="session")
def repository(tmp_path_factory, build):
    out = tmp_path_factory.mktemp("repository")
    assert make_repository(build, out).returncode == 0
    return out


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("key") / "private.pem")


@pytest.fixture(scope="session")
def signed(tmp_path_factory, build, key):
    out = tmp_path_factory.mktemp("signed")
    assert make_repository(build, out, key).returncode == 0
    return out


def create(repository: pathlib.Path, trusted: pathlib.Path | None = None) -> str:
    public = ((trusted or repository) / "public.pem").read_text()
    return f"CREATE EXTENSION REPOSITORY mp WITH PREFIX '{repository}' USING PUBLIC KEY '{public}'"


ALLOWED = "SET allow_extension_repositories = 'allowed'"
