"""Tests days of unusual size: nothing, one event, very long lines, very many rows, and windows that don't fit into memory whole."""
from __future__ import annotations

import json
import os
from base64 import b64encode
from datetime import date, datetime, timedelta

import pytest
from conftest import FIRST, LAST, Project, Simulator, days_asked, error_of, export, last_fetch, line, rows
from expected import export_rows, fetched_rows

NOON = 1735732800000
DAY = export(last=FIRST)


def test_an_empty_day_among_others(con, sim):
    sim.set_day("2025-01-03", [])
    assert fetched_rows(con, export()) == export_rows(sim, FIRST, LAST)
    assert rows(con, f"SELECT count(*) FROM {export()}") == [(1200,)]


def test_no_event_at_all(con, sim):
    for call in (export(first="2024-12-01", last="2024-12-03"), export("events := ['Nobody did this']")):
        assert rows(con, f"FROM {call}") == []
        assert rows(con, f"SELECT count(*), count(properties) FROM {call}") == [(0, 0)]


@pytest.mark.parametrize("lines, text", [([], ""), ([""], "\n"), (["", "  ", "\t"], "\n  \n\t\n")])
def test_only_line_ends_are_no_events(con, sim, lines, text):
    sim.add_fault("body", times=None, body=text)
    assert rows(con, f"FROM {export()}") == []


def test_one_event(con, sim):
    sim.set_day(FIRST, [line("A", time=NOON, distinct_id="d", x=1)])
    assert rows(con, f"SELECT event_name, distinct_id, properties FROM {DAY}") == [("A", "d", '{"x":1}')]


@pytest.mark.parametrize("count", [2047, 2048, 2049, 4095, 4096, 4097, 6145])
def test_the_edges_of_output_chunks(con, sim, count):
    """DuckDB takes 2,048 rows at a time; no row may fall between two chunks."""
    sim.set_day(FIRST, [line(f"E{number}", time=NOON + number, **{"$insert_id": f"i{number}"}) for number in range(count)])
    query = f"SELECT count(*), count(DISTINCT event_name), count(DISTINCT insert_id), min(event_time), max(event_time) FROM {DAY}"
    ((total, names, ids, first, last),) = rows(con, query)
    assert (total, names, ids) == (count, count, count)
    assert (last - first).total_seconds() == (count - 1) / 1000
    got = rows(con, f"SELECT event_name, insert_id FROM {DAY}")
    assert sorted(got) == sorted((f"E{number}", f"i{number}") for number in range(count))


def test_a_line_of_one_megabyte(con, sim):
    """One huge line among small ones, with every kind of character that could be cut in two."""
    text = "é🛒\u2028\\\"" * 100_000
    sim.set_day(FIRST, [line("a", time=NOON), line("b", time=NOON, text=text), line("c", time=NOON)])
    assert sorted(rows(con, f"SELECT event_name, length(properties ->> 'text') FROM {DAY}")) == [
        ("a", None), ("b", len(text)), ("c", None),
    ]  # fmt: skip
    assert json.loads(rows(con, f"SELECT properties FROM {DAY} WHERE event_name = 'b'")[0][0])["text"] == text


def test_ten_thousand_properties(con, sim):
    properties = {f"property {number}": number for number in range(10_000)}
    sim.set_day(FIRST, [line("A", time=NOON, **properties, **{"$insert_id": "last"}), line("B", time=NOON)])
    ((insert_id, text),) = rows(con, f"SELECT insert_id, properties FROM {DAY} WHERE event_name = 'A'")
    assert insert_id == "last" and json.loads(text) == properties
    call = export("columns := {'property 9999': 'BIGINT'}", last=FIRST)
    assert rows(con, f'SELECT "property 9999" FROM {call} ORDER BY event_name') == [(9999,), (None,)]


def test_deep_nesting(con, sim):
    """A thousand brackets are a value like any other, and no stack is to overflow."""
    deep = "[" * 1000 + "]" * 1000
    sim.set_day(FIRST, [f'{{"event":"A","properties":{{"time":{NOON},"deep":{deep}}}}}', line("B", time=NOON)])
    assert rows(con, f"SELECT properties FROM {DAY} WHERE event_name = 'A'") == [(f'{{"deep":{deep}}}',)]


def test_absurd_nesting_does_not_crash(con, sim):
    """A million brackets: refused or passed on, but the process lives and the other row is not lost in silence."""
    deep = "[" * 1_000_000 + "]" * 1_000_000
    sim.set_day(FIRST, [f'{{"event":"A","properties":{{"time":{NOON},"deep":{deep}}}}}', line("B", time=NOON)])
    try:
        assert rows(con, f"SELECT count(*) FROM {DAY}") == [(2,)]
    except Exception as error:
        assert FIRST in str(error)


def test_many_windows_of_which_most_are_empty(con, monkeypatch):
    with Simulator(Project(days=0)) as sparse:
        monkeypatch.setenv("MP_API_BASE_URL", sparse.url)
        for day in ("2025-01-01", "2025-02-10", "2025-03-31"):
            sparse.set_day(day, [line(day, time=NOON + (date.fromisoformat(day) - date(2025, 1, 1)).days * 86_400_000)])
        call = export("window_days := 1", last="2025-03-31")
        assert sorted(rows(con, f"SELECT event_name FROM {call}")) == [("2025-01-01",), ("2025-02-10",), ("2025-03-31",)]
        assert len(set(days_asked(sparse))) == 90


LARGE_ROWS = 12_000


@pytest.fixture(scope="module")
def large():
    """A day of 50 MB, of which 9 MB can't be compressed away: checked while it arrives, and read as a stream."""
    with Simulator(Project(days=2, events_per_day=10)) as simulator:
        padding = "the quick brown fox jumps over the lazy dog " * 70
        lines = (
            line("L", time=NOON + number, n=number, noise=b64encode(os.urandom(750)).decode(), padding=padding)
            for number in range(LARGE_ROWS)
        )
        simulator.set_day(FIRST, lines)
        yield simulator


@pytest.fixture
def large_call(large, monkeypatch) -> str:
    large.clear()
    monkeypatch.setenv("MP_API_BASE_URL", large.url)
    return export(last="2025-01-02")


@pytest.mark.parametrize("kind, options", [("cut_clean_gzip", {}), ("terminated_early", {"fraction": 0.98})])
def test_a_window_larger_than_its_share_of_memory(con, large, large_call, kind, options):
    """It is checked to its end before its first row goes out, so that the second answer can take the first one's place."""
    large.add_fault(kind, match={"from_date": FIRST}, **options)
    query = f"SELECT count(*), count(DISTINCT event_time), max(event_time) FROM {large_call} WHERE event_name = 'L'"
    ((count, times, last),) = rows(con, query)
    assert (count, times) == (LARGE_ROWS, LARGE_ROWS)
    assert last == datetime(2025, 1, 1, 12) + timedelta(milliseconds=LARGE_ROWS - 1)
    assert (last_fetch(con)["requests"], last_fetch(con)["retries"]) == (3, 1)


def test_a_large_window_that_stays_damaged_gives_no_row(con, large, large_call):
    large.add_fault("cut", times=6, match={"from_date": FIRST}, fraction=0.1)
    error = error_of(con, f"CREATE TABLE events AS FROM {large_call}")
    assert "[TRUNCATED]" in error and FIRST in error
    assert last_fetch(con)["rows"] <= 10
