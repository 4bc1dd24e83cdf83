"""Runs every statement and command of `docs/install.md` and the commands of `docs/upgrading.md`, in a home of its own."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import EXTENSION, ROOT
from documented import blocks
from installing import FILE, LAYOUTS, LOADED, PLATFORM, RELEASED, VERSION, WHICH, needs_signing, once, only_duckdb_2
from installing import build, home, key, repository, signed  # noqa: F401  fixtures
from pairs import NEWEST
from wheel import PLATFORMS

pytestmark = once

PAGE = ROOT / "docs" / "install.md"
UPGRADING = ROOT / "docs" / "upgrading.md"
TEXT = PAGE.read_text(encoding="utf-8")
KEY = "-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----"
ONLY_NEWEST = f"unsigned, DuckDB {NEWEST['v2']}"
PREPARED = "unsigned, after make install"
PUBLISHED_HERE = "unsigned, after make repository"
SIGNED_HERE, AFTERWARDS, LATER = "after make repository KEY", "the next session", "a later session"


@pytest.fixture
def place(tmp_path):
    """A folder where `build` is as the page says: the built files, and the repository that a test puts there."""
    (tmp_path / "place" / "build").mkdir(parents=True)
    (tmp_path / "place" / "build" / "release").symlink_to(EXTENSION.parents[1])
    return tmp_path / "place"


def on_the_page(*notes: str) -> list[str]:
    """The blocks of `docs/install.md` that stand under one of these comments."""
    return [block.text for block in blocks(PAGE) if block.note in notes]


def installed(home, build) -> None:
    command = [sys.executable, "-m", "duckdb_mixpanel", "install", VERSION, "--files", build, "--home", home.folder / ".duckdb"]
    subprocess.run(command, check=True, capture_output=True, timeout=120, env=os.environ | {"PYTHONPATH": str(ROOT / "python")})


def test_the_page_has_no_other_statements():
    notes = {block.note for block in blocks(PAGE)}
    assert notes == {"unsigned", ONLY_NEWEST, PREPARED, PUBLISHED_HERE, SIGNED_HERE, AFTERWARDS, LATER}


def test_the_page_a_file(home, place):
    load, install = on_the_page("unsigned")
    for text in [load, install, *(on_the_page(ONLY_NEWEST) if VERSION == f"v{NEWEST['v2']}" else [])]:
        assert home.rows(text, "SELECT mixpanel_version()", cwd=place) == [LOADED[0][:1]]
    # What was installed is there for the next session.
    assert home.rows("LOAD mixpanel", "SELECT host_api FROM mixpanel_build()") == [["v1"]]


def test_the_page_make_install(home, build):
    installed(home, build)
    [text] = on_the_page(PREPARED)
    assert home.rows(text, WHICH) == LOADED


def test_the_page_a_repository(home, place, repository):
    (place / "build" / "repository").symlink_to(repository)
    install, again = on_the_page(PUBLISHED_HERE)
    assert home.rows(install, WHICH, cwd=place) == LOADED
    home.rows(again, cwd=place)
    assert home.rows("LOAD mixpanel", WHICH) == LOADED


@only_duckdb_2
@needs_signing
def test_the_page_a_signed_repository(home, place, signed):
    (place / "build" / "repository").symlink_to(signed)
    [install, afterwards, later] = on_the_page(SIGNED_HERE, AFTERWARDS, LATER)
    assert KEY in install
    install = install.replace(KEY, (signed / "public.pem").read_text().strip())
    assert home.rows(install, WHICH, cwd=place, unsigned=False) == LOADED
    assert home.rows(afterwards, WHICH, unsigned=False) == LOADED
    # The folder is where it was: the page has a path that is relative to it.
    assert home.rows(later, WHICH, cwd=place, unsigned=False) == LOADED


def test_the_page_python(home, build):
    installed(home, build)
    # As the wheel brings it.
    shutil.copytree(ROOT / "python" / "duckdb_mixpanel", home.folder / "packages" / "duckdb_mixpanel")
    (home.folder / "packages" / "duckdb_mixpanel" / "files").symlink_to(build)
    with_wheel, without = blocks(PAGE, "python")
    environment = os.environ | {"HOME": str(home.folder)}
    for example, more in {with_wheel.text: {"PYTHONPATH": str(home.folder / "packages")}, without.text: {}}.items():
        ended = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=120, env=environment | more)
        assert (ended.returncode, ended.stdout) == (0, f"[('{LOADED[0][0]}',)]\n"), ended.stderr


# The shell and the Node client bring their own DuckDB.
only_duckdb_1_5 = pytest.mark.skipif(VERSION != "v1.5.6", reason="runs with DuckDB 1.5.6")
SHELL = ROOT / "build" / "venv" / "duckdb-1.5.6" / "bin" / "duckdb"
NODE = ROOT / "test" / "node"


@only_duckdb_1_5
@pytest.mark.skipif(not (shutil.which("node") and (NODE / "node_modules").exists()), reason="Node or its packages are missing")
def test_the_page_node(home, build):
    installed(home, build)
    [example] = blocks(PAGE, "js")
    ended = subprocess.run(
        ["node", "--input-type=module", "-e", example.text], capture_output=True, text=True, timeout=120, cwd=NODE,
        env=os.environ | {"HOME": str(home.folder)},
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, f"[ [ '{LOADED[0][0]}' ] ]\n"), ended.stderr


@only_duckdb_1_5
def test_the_page_shell(home, build):
    installed(home, build)
    assert "```sh\nduckdb -unsigned\n```" in TEXT
    ended = subprocess.run(
        [SHELL, "-unsigned", "-csv", "-noheader", "-c", "LOAD mixpanel", "-c", "SELECT mixpanel_version()"],
        capture_output=True, text=True, timeout=120, env=os.environ | {"HOME": str(home.folder)},
    )  # fmt: skip
    assert (ended.returncode, ended.stdout.strip()) == (0, LOADED[0][0]), ended.stderr


def test_the_page_names_targets_that_there_are():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {line.split()[1] for block in blocks(PAGE, "sh") for line in block.text.splitlines() if line.startswith("make ")}
    assert {"release", "install", "repository", "key"} == targets and "`make wheel`" in TEXT
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in [*targets, "wheel"])


def test_the_pages_name_commands_that_there_are():
    commands = [line for page in (PAGE, UPGRADING) for block in blocks(page, "sh") for line in block.text.splitlines()]
    calls = [line.split()[3:] for line in commands if line.startswith("python -m duckdb_mixpanel ")]
    assert sorted(call[0] for call in calls) == ["install", "install", "install", "uninstall"]
    for word in {call[0] for call in calls}:
        command = [sys.executable, "-m", "duckdb_mixpanel", word, "--help"]
        assert subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT / "python")}).returncode == 0


def test_the_page_says_which_versions_are_served():
    """Each DuckDB 2.x that has a file of its own, and the oldest that is served."""
    [row] = [line for line in TEXT.splitlines() if "each for exactly that version" in line]
    assert re.findall(r"`(v[\d.]+)`", row) == LAYOUTS and re.findall(r"\d\.\d\.\d", row.split("|")[1]) == [each[1:] for each in LAYOUTS]
    assert f"| {RELEASED[0][1:]} and every later 1.x |" in TEXT
    matrix = {"linux_amd64": "x86-64, glibc 2.17", "linux_arm64": "ARM64, glibc 2.17", "osx_arm64": "macOS on ARM", "osx_amd64": "Intel", "windows_amd64": "Windows on x86-64"}
    assert set(matrix) == set(PLATFORMS) and all(words in TEXT for words in matrix.values())


def test_the_page_quotes_messages_that_there_are(home, tmp_path):
    v1, v2 = (EXTENSION.parents[1] / file / FILE for file in ("v1", next(each for each in LAYOUTS if each != VERSION)))
    elsewhere = tmp_path / "elsewhere" / FILE
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(v1.read_bytes()[:-534] + v1.read_bytes()[-534:].replace(PLATFORM.encode(), PLATFORM[::-1].encode()))
    renamed = tmp_path / "mixpanel (1).duckdb_extension"
    renamed.symlink_to(EXTENSION)
    messages = {
        "signature is either missing or invalid": home.error(f"LOAD '{v1}'", unsigned=False),
        "built for the platform": home.error(f"LOAD '{elsewhere}'"),
        "did not contain function": home.error(f"LOAD '{renamed}'"),
        "not found": home.error("LOAD mixpanel"),
        "no access to the file": home.error(f"INSTALL mixpanel FROM '{tmp_path}'"),
        "Failed to download extension": home.error("INSTALL mixpanel FROM 'http://127.0.0.1:9'"),
        "Pragma Function with name mixpanel_sync_events does not exist": home.error(f"LOAD '{v1}'", "PRAGMA mixpanel_sync_events('t')"),
    }
    assert "not found" in home.error("LOAD 'build/release/v1/mixpanel.duckdb_extension'")
    messages["built specifically for DuckDB version"] = home.error(f"LOAD '{v2}'")
    assert all(message in error and f"`{message}`" in TEXT for message, error in messages.items()), messages
