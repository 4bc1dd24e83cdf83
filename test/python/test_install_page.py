"""Every statement and command of `docs/install.md`, in a home of its own."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import EXTENSION, ROOT
from documented import blocks
from installing import FILE, LOADED, PLATFORM, VERSION, WHICH, needs_signing, once, only_duckdb_2, script
from installing import build, home, key, repository, signed  # noqa: F401  fixtures

pytestmark = once

PAGE = ROOT / "docs" / "install.md"
TEXT = PAGE.read_text(encoding="utf-8")
KEY = "-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----"
ONLY_2 = "unsigned, DuckDB 2.0"
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
    script("install.py", "--build", build, "--platform", PLATFORM, "--home", home.folder / ".duckdb")


def test_the_page_has_no_other_statements():
    notes = {block.note for block in blocks(PAGE)}
    assert notes == {"unsigned", ONLY_2, PREPARED, PUBLISHED_HERE, SIGNED_HERE, AFTERWARDS, LATER}


def test_the_page_a_file(home, place):
    for text in on_the_page("unsigned", *([ONLY_2] if VERSION >= "v2" else [])):
        assert home.rows(text, "SELECT mixpanel_version()", cwd=place) == [LOADED[0][:1]]


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
    [example] = blocks(PAGE, "python")
    ended = subprocess.run(
        [sys.executable, "-c", example.text], capture_output=True, text=True, env=os.environ | {"HOME": str(home.folder)}
    )
    assert (ended.returncode, ended.stdout) == (0, f"('{LOADED[0][0]}',)\n"), ended.stderr


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
    assert {"release", "install", "repository", "key"} == targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_the_page_quotes_messages_that_there_are(home, tmp_path):
    v1, v2 = (EXTENSION.parents[1] / host / FILE for host in ("v1", "v2"))
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
    if VERSION < "v2":
        messages["built specifically for DuckDB version 'v2.0.0'"] = home.error(f"LOAD '{v2}'")
    assert all(message in error and f"`{message}`" in TEXT for message, error in messages.items()), messages
