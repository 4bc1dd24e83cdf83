"""Tests answers that are too large: an error that names them, in bounded memory, and no second request.

A line of an export and a profile have at most 64 MiB, a JSON answer 512 MiB. Ten megabytes of gzip can hold ten
gigabytes, so each call runs in a process with little more memory than it may need.
"""
from __future__ import annotations

import json
import os
import pathlib
import struct
import subprocess
import sys

import pytest
from conftest import EXTENSION, FIRST, LAST, error_of, export, last_fetch, rows
from simulator.blocks import deflate, gzip_member

pytestmark = [
    pytest.mark.skipif(not pathlib.Path("/proc/self/status").exists(), reason="asks the kernel how much memory is used"),
    pytest.mark.unspecified("mixpanel_api asks whatever it is told to"),
]

MIB = 1 << 20
LARGE = deflate(b"a" * (8 * MIB))
GZIP = {"Content-Encoding": "gzip"}
ENGAGE = "/api/query/engage"
MIDDLE = "2025-01-03"


def gzip(before: bytes, mebibytes: int, after: bytes) -> bytes:
    """A text with so many letters between its ends, compressed."""
    return b"".join(gzip_member([deflate(before), *[LARGE] * (mebibytes // 8), deflate(after)]))


def plain(before: bytes, mebibytes: int, after: bytes) -> bytes:
    return before + b"a" * (mebibytes * MIB) + after


def line(mebibytes: int, form=gzip, lines_before: int = 0, end: bytes = b'"}}\n') -> bytes:
    """An event with a property so long, after some that are as they should be."""
    before = b'{"event":"A","properties":{"time":1735732800123}}\n' * lines_before
    return form(before + b'{"event":"A","properties":{"time":1735732800123,"x":"', mebibytes, end)


def run(statement: str, megabytes: int) -> dict:
    """The statement in a process that may grow by so much."""
    script = pathlib.Path(__file__).with_name("bounded.py")
    # Each thread would reserve 64 MB of addresses for a heap of its own.
    environment = os.environ | {"MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, script, EXTENSION, str(megabytes), statement]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert ended.returncode == 0, ended.stderr[-2000:]
    outcome = json.loads(ended.stdout)
    assert outcome["works"]
    return outcome


def refused(statement: str, *parts: str, megabytes: int, grown: int) -> None:
    outcome = run(statement, megabytes)
    assert outcome["error"] and all(part in outcome["error"] for part in ("[TOO_LARGE]", *parts)), outcome
    assert outcome["grown"] < grown, outcome


LINES = {
    "10 GB in 10 MB of gzip": line(10 * 1024),
    "1 GB in 1 MB of gzip": line(1024),
    "72 MiB": line(72),
    "72 MiB as they are": line(72, plain),
    "1 GB after good lines": line(1024, lines_before=1000),
    "1 GB without an end": line(1024, end=b""),
    "5 GB of which gzip says 1 GB": line(5 * 1024),
    "1 GB of which gzip says 1 MB": line(1024)[:-4] + struct.pack("<I", MIB),
    "2 GB that are no JSON": gzip(b"", 2048, b""),
    "1 GB behind another member": gzip(b"\n", 0, b"\n") + line(1024),
}


@pytest.mark.parametrize("what", LINES)
def test_a_line_of_an_export(sim, what):
    headers = {} if "as they are" in what else GZIP
    sim.add_fault("body", path="/api/2.0/export", times=None, match={"from_date": MIDDLE}, body=LINES[what], headers=headers)
    statement = f"SELECT count(*), max(properties) FROM {export()}"
    refused(statement, f"{MIDDLE}: a line is longer than 64 MiB", megabytes=1200, grown=400)
    assert [request.params["from_date"] for request in sim.settled()].count(MIDDLE) == 1


def test_each_line_of_all_days(sim):
    """As many at a time as there are workers."""
    sim.add_fault("body", path="/api/2.0/export", times=None, body=LINES["10 GB in 10 MB of gzip"], headers=GZIP)
    refused(f"SELECT count(*) FROM {export()}", "a line is longer than 64 MiB", megabytes=2000, grown=900)
    days = [request.params["from_date"] for request in sim.settled()]
    assert len(days) == len(set(days))


def test_a_line_that_has_no_end(sim):
    """Half a terabyte of it would come; nobody waits for that."""
    sim.add_fault("body", path="/api/2.0/export", times=None, match={"from_date": MIDDLE}, body=line(48 * 1024), headers=GZIP)
    refused(f"SELECT count(*) FROM {export()}", MIDDLE, megabytes=1200, grown=400)
    assert [request.params["from_date"] for request in sim.settled()].count(MIDDLE) == 1


def test_the_other_days_without_it(con, sim):
    sim.add_fault("body", path="/api/2.0/export", times=None, match={"from_date": MIDDLE}, body=LINES["1 GB in 1 MB of gzip"], headers=GZIP)
    call = export("on_failure := 'skip'")
    assert rows(con, f"SELECT count(*) FROM {call}") == [(1200,)]
    failed = last_fetch(con)["failed_ranges"]
    assert MIDDLE in failed and "[TOO_LARGE]" in failed
    assert [request.params["from_date"] for request in sim.settled()].count(MIDDLE) == 1


@pytest.mark.parametrize("form, headers", [(gzip, GZIP), (plain, {})], ids=["gzip", "plain"])
def test_a_line_that_is_just_short_enough(con, sim, form, headers):
    body = line(56, form, lines_before=2)
    sim.add_fault("body", path="/api/2.0/export", times=None, body=body, headers=headers)
    call = export(last=FIRST)
    assert rows(con, f"SELECT count(*), max(strlen(properties->>'x')) FROM {call}") == [(3, 56 * MIB)]
    assert rows(con, f"SELECT max(strlen(event)) > {56 * MIB} FROM {export('raw := true', last=FIRST)}") == [(True,)]


PAGE = b'{"page":0,"page_size":1000,"session_id":"s","status":"ok","total":2,"results":[{"$distinct_id":"a"},{"$distinct_id":"b","$properties":{"x":"'


@pytest.mark.parametrize("raw", ["false", "true"])
@pytest.mark.parametrize("form, headers", [(gzip, GZIP), (plain, {})], ids=["gzip", "plain"])
def test_a_profile(sim, form, headers, raw):
    sim.add_fault("body", path=ENGAGE, times=None, body=form(PAGE, 72, b'"}}]}'), headers=headers)
    refused(f"SELECT count(*) FROM mixpanel_profiles(raw := {raw})", "page 0: a profile is longer than 64 MiB", megabytes=1000, grown=600)
    assert len(sim.settled()) == 1


def test_a_profile_that_is_just_short_enough(con, sim):
    sim.add_fault("body", path=ENGAGE, times=None, body=gzip(PAGE, 56, b'"}}]}'), headers=GZIP)
    assert rows(con, "SELECT count(*), max(strlen(properties->>'x')) FROM mixpanel_profiles()") == [(2, 56 * MIB)]


DAYS = f"from_date := '{FIRST}', to_date := '{LAST}'"
ANSWERS = {
    ENGAGE: "mixpanel_profiles()",
    "/api/query/segmentation": f"mixpanel_segmentation('A', {DAYS})",
    "/api/query/insights": "mixpanel_saved_report('https://mixpanel.com/project/12345/view/3001/app/insights#report/8001/a')",
    "/api/query/jql": "mixpanel_jql('x', raw := true)",
    "/api/query/stream/bookmark": f"mixpanel_activity_feed(['a'], {DAYS}, workspace_id := 3001)",
    "/api/query/events/names": "mixpanel_events()",
    "/api/app/projects/12345/bookmarks": "mixpanel_bookmarks()",
    "/api/app/me": "mixpanel_api('/api/app/me')",
}


@pytest.mark.parametrize("route", ANSWERS)
def test_an_answer(sim, route):
    sim.add_fault("body", path=route, times=None, body=gzip(b'["', 10 * 1024, b'"]'), headers=GZIP)
    refused(f"SELECT count(*) FROM {ANSWERS[route]}", "the answer is longer than 512 MiB", route, megabytes=1400, grown=750)
    assert len(sim.settled()) == 1


def test_an_answer_that_says_so_itself(con, sim):
    """It need not come to be refused."""
    sim.add_fault("wrong_content_length", path="/api/query/events/names", times=None, difference=600 * MIB)
    error = error_of(con, "FROM mixpanel_events()")
    assert "[TOO_LARGE] the answer is longer than 512 MiB" in error and "/api/query/events/names" in error, error
    assert len(sim.settled()) == 1


def test_an_answer_for_which_there_is_no_memory(sim):
    """Where there is less than the answer may have, that is said; the process lives."""
    sim.add_fault("body", path="/api/query/segmentation", times=None, body=gzip(b'["', 400, b'"]'), headers=GZIP)
    outcome = run(f"SELECT count(*) FROM {ANSWERS['/api/query/segmentation']}", 350)
    assert "[OUT_OF_MEMORY]" in outcome["error"] and "/api/query/segmentation" in outcome["error"], outcome
    assert len(sim.settled()) == 1


@pytest.mark.parametrize("megabytes", [40, 60, 90, 110, 130])
def test_a_line_for_which_there_is_no_memory(sim, megabytes):
    """With more of it, it is the copy in DuckDB's vectors that has no room, or DuckDB's own work with it."""
    sim.add_fault("body", path="/api/2.0/export", times=None, body=line(56), headers=GZIP)
    outcome = run(f"SELECT count(*), max(strlen(properties)) FROM {export(last=FIRST)}", megabytes)
    if megabytes == 40:
        assert "[OUT_OF_MEMORY]" in outcome["error"] and FIRST in outcome["error"], outcome
    else:
        assert outcome["result"] == [[1, 56 * MIB + 8]] or "OUT_OF_MEMORY" in outcome["error"] or "Out of Memory" in outcome["error"], outcome
    assert len(sim.settled()) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_a_refusal_that_goes_on_and_on(sim, status):
    sim.add_fault("body", path="/api/2.0/export", times=None, body=gzip(b'{"error": "no ', 10 * 1024, b'"}'), status=status, headers=GZIP)
    outcome = run(f"SELECT count(*) FROM {export(last=FIRST)}", 600)
    assert outcome["error"] and len(outcome["error"]) < 2000 and outcome["grown"] < 300, outcome
