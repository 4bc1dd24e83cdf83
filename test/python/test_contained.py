"""Tests that a failure within the extension is one statement's error: the process and the database live on.

On DuckDB 2.x an error of code INTERNAL takes the whole database with it, and a panic would be one. The failures are
injected into a build of their own, which nothing else loads: `make faults`.
"""
from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys

import duckdb
import pytest
from conftest import HOST, ROOT
from pairs import extension

FAULTS = extension(ROOT / "build" / "faults", duckdb.__version__, HOST)
PLACES = re.findall(r"^    (\w+),$", (ROOT / "src" / "host" / "place.rs").read_text(encoding="utf-8"), re.MULTILINE)

ONLY = {"v1": {"ReadAhead"}, "v2": {"Thread", "Progress", "Pushdown", "Pragma", "Setting", "DropThread"}}
"""What the other host does not have."""


def here() -> list[str]:
    return [place for place in PLACES if place not in ONLY["v1" if HOST == "v2" else "v2"]]


def test_every_callback_is_contained_by_its_name():
    """A place that is not named in a host is none, and one that is twice hides a callback from the test below."""
    shared = [ROOT / "src" / "host" / "read_ahead.rs"] if HOST == "v1" else []
    texts = [path.read_text(encoding="utf-8") for path in [*(ROOT / "src" / "host" / HOST).glob("*.rs"), *shared]]
    # Without their tests, which stand at the end.
    sources = "".join(text.split("#[cfg(test)]\nmod tests")[0] for text in texts)
    if HOST == "v1":
        callbacks = re.findall(r'extern "C" fn (?!free<)\w+.*?^}', sources, re.DOTALL | re.MULTILINE)
    else:
        traits = re.findall(r"^impl \w+Callbacks for \w+ {.*?^}", sources, re.DOTALL | re.MULTILINE)
        callbacks = [method for each in traits for method in re.findall(r"^    fn .*?^    }", each, re.DOTALL | re.MULTILINE)]
    assert len(callbacks) >= 6 and not [each for each in callbacks if "contained(" not in each]
    named = re.findall(r"Place::(\w+)", sources)
    # What a function is registered with is of two or three kinds.
    assert sorted(set(named)) == sorted(here())
    assert [name for name in set(named) if named.count(name) > 1] == ["DropFunction"]


@pytest.mark.parametrize("place", here())
def test_a_failure_ends_one_statement(sim, place):
    if place == "ReadAhead" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("reads ahead where there is more than one core")
    assert FAULTS.exists(), "make faults"
    script = pathlib.Path(__file__).with_name("faulty.py")
    ended = subprocess.run([sys.executable, script, FAULTS, place], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    failures = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [failure["kind"] for failure in failures] == ["panic", "error", "internal"]
    for failure in failures:
        kind, error = failure["kind"], failure["error"]
        assert f"injected {kind} at {place}" in ended.stderr
        if place.startswith("Drop"):
            assert error is None
            continue
        assert "injected" in error["message"] and error["type"] not in ("InternalException", "FatalException"), error
        if kind == "panic":
            assert "[INTERNAL] a fault of the extension: injected at" in error["message"], error


def test_what_users_load_fails_at_nobodys_request(con, monkeypatch):
    monkeypatch.setenv("MP_TEST_FAULT", "Scalar panic")
    assert con.execute("SELECT mixpanel_quote('a')").fetchall() == [('"a"',)]
