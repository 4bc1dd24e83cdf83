"""Tests bodies that Mixpanel sent to others: every export loads without losing a line, every error says what to do.

They lie outside the project and are read from there; where they are absent these tests are skipped."""
from __future__ import annotations

import base64
import gzip
import json
import pathlib
import re
from datetime import UTC, datetime

import pytest
from conftest import FIRST, SHARED, error_of, export, last_fetch, rows
from kept import append, fetch

FOLDER = SHARED / "fixtures"
EXPORTS = sorted((FOLDER / "export").glob("*.jsonl"))
ERRORS = sorted((FOLDER / "errors").glob("*.http.json"))
DAY = export(last=FIRST)
FRAMING = ("framing-", "headless-")

pytestmark = pytest.mark.skipif(not EXPORTS or not ERRORS, reason=f"there are no fixtures in {FOLDER}")


def named(path: pathlib.Path) -> str:
    return path.name.split(".")[0]


def serve(sim, body: bytes, **options) -> None:
    sim.add_fault("body", times=None, body=body, **options)


def events(body: bytes) -> list[dict]:
    return [json.loads(line) for line in body.decode().split("\n") if line.strip()]


def export_of(body: bytes, arguments: str = "") -> str:
    """The export that asks for the days of these events, in one request."""
    times = [datetime.fromtimestamp(int(event["properties"]["time"]), UTC) for event in events(body) if event["properties"].get("time")]
    first, last = (min(times), max(times)) if times else (datetime(2025, 1, 1), datetime(2025, 1, 1))
    return export("window_days := 100000" + (f", {arguments}" if arguments else ""), f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}")


@pytest.mark.parametrize("gzipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("path", [path for path in EXPORTS if not path.name.startswith(FRAMING)], ids=named)
def test_every_export_loads_whole(con, sim, path, gzipped):
    """As many rows as lines, `properties` good for DuckDB's JSON functions, and every value where it belongs."""
    body = path.read_bytes()
    serve(sim, body, gzip=gzipped)
    con.execute(f"CREATE TABLE events AS FROM {export_of(body)}")
    expected = events(body)
    query = "SELECT count(*), count(*) FILTER (json_valid(properties)), sum(len(json_keys(properties))) FROM events"
    keys = sum(len(event["properties"].keys() - {"time", "distinct_id", "$insert_id"}) for event in expected)
    assert rows(con, query) == [(len(expected), len(expected), keys)]

    def column(name: str) -> list[str]:
        values = (event["properties"].get(name) for event in expected)
        return sorted(str(value) for value in values if value is not None)

    assert sorted(name for (name,) in rows(con, "SELECT event_name FROM events")) == sorted(e["event"] for e in expected)
    for name, sql in (("distinct_id", "distinct_id"), ("$insert_id", "insert_id")):
        assert sorted(text for (text,) in rows(con, f"SELECT {sql} FROM events WHERE {sql} IS NOT NULL")) == column(name)
    # These were asked for in seconds, except where a text was sent.
    times = sorted(int(value) for value in column("time"))
    query = "SELECT epoch(event_time)::BIGINT FROM events WHERE event_time IS NOT NULL ORDER BY ALL"
    assert [number for (number,) in rows(con, query)] == times


@pytest.mark.parametrize("path", [path for path in EXPORTS if not path.name.startswith(FRAMING)], ids=named)
def test_every_line_comes_back_as_it_was(con, sim, path):
    body = path.read_bytes()
    serve(sim, body)
    raw = rows(con, f"SELECT event FROM {export_of(body, 'raw := true')}")
    assert sorted(text for (text,) in raw) == sorted(line.strip() for line in body.decode().split("\n") if line.strip())


@pytest.mark.parametrize("path", [path for path in EXPORTS if not path.name.startswith(FRAMING)], ids=named)
def test_a_kept_table_has_every_event_of_an_export(con, sim, path):
    """Exports from before about 2018 have no `$insert_id`: equal rows are several events, which a table must not swallow."""
    body = path.read_bytes()
    serve(sim, body)
    call = export_of(body)
    first, last = re.findall(r"'(\d{4}-\d\d-\d\d)'", call)
    keys = [
        (event["event"], properties.get("distinct_id"), properties.get("time"), properties["$insert_id"]) if properties.get("$insert_id") else number
        for number, event in enumerate(events(body)) for properties in [event["properties"]]
    ]  # fmt: skip
    for task in (fetch, append):
        answer = task(con, "events", first, last, window_days=100_000)
        assert answer["row_count"] == len(set(keys))
    assert answer["rows_added"] == 0


def framed() -> list[tuple[str, bytes, bool]]:
    """Bodies that are about what stands between the lines. Their lines are no events, so ours take their places."""
    if not EXPORTS:
        return []
    bodies = [(path.name, path.read_bytes(), False) for path in EXPORTS if path.name.startswith("framing-")]
    chunks = FOLDER / "export" / "headless-streaming-chunks.jsonl"
    for text in chunks.read_text().splitlines():
        call = json.loads(text).get("call")
        parts = call["input"].get("chunks", []) if call else []
        body = b"".join(base64.b64decode(part["data"]) for part in parts if isinstance(part, dict))
        if body:
            zipped = body.startswith(b"\x1f\x8b")
            bodies.append((json.loads(text)["id"].rsplit("/")[-1], gzip.decompress(body) if zipped else body, zipped))
    return bodies


@pytest.mark.parametrize("name, body, zipped", framed(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_stands_between_lines_does_no_harm(con, sim, name, body, zipped):
    lines = [line for line in body.split(b"\n") if line.strip()]
    assert lines
    # The same gaps around `{"event": ...}` as around `{"a": 1}`.
    for line in lines:
        body = body.replace(line.strip(), b'{"event":"A","properties":' + line.strip() + b"}", 1)
    serve(sim, body, gzip=zipped)
    found = rows(con, f"SELECT properties FROM {DAY}")
    assert sorted(text for (text,) in found) == sorted(line.strip().decode() for line in lines)


@pytest.mark.parametrize("path", [path for path in EXPORTS if path.name.startswith("framing-")], ids=named)
def test_lines_that_are_no_events_are_an_error(con, sim, path):
    serve(sim, path.read_bytes())
    error = error_of(con, f"FROM {DAY}")
    assert "[TRUNCATED]" in error and FIRST in error


def test_answers_that_a_client_was_tested_with(con, sim):
    """Pairs of requests and answers: good ones load, refusals are errors."""
    seen = set()
    for text in (FOLDER / "export" / "headless-unit-vectors.jsonl").read_text().splitlines():
        response = json.loads(text)["response"]
        body = (response.get("body_text") or json.dumps(response.get("body", ""))).encode()
        sim.reset()
        status = response["status"]
        sim.add_fault("body", times=None, body=body, status=status, headers=response.get("headers") or {})
        if status == 200:
            assert rows(con, f"SELECT count(*) FROM {export_of(body)}") == [(len(events(body)),)]
        else:
            assert f"HTTP {status}" in error_of(con, f"FROM {DAY}")
        seen.add(status)
    assert seen == {200, 429}


ACTIONS = ("Run it", "Check", "Correct", "Ask", "Give", "Look", "Request", "End", "Wait", "Each")
"""How the sentence begins that says what to do."""
CODES = {400: "INVALID_REQUEST", 401: "AUTHENTICATION_FAILED", 402: "PAYMENT_REQUIRED", 403: "PERMISSION_DENIED",
         404: "NOT_FOUND", 409: "INVALID_REQUEST", 429: "RATE_LIMITED", 500: "SERVER_ERROR", 501: "SERVER_ERROR",
         502: "SERVER_ERROR", 503: "SERVER_ERROR"}  # fmt: skip


@pytest.mark.parametrize("path", ERRORS, ids=named)
def test_every_error_says_what_happened_where_and_what_to_do(con, sim, monkeypatch, path):
    fixture = json.loads(path.read_text())
    status, body, headers = fixture["status"], fixture["body_text"], fixture["headers"]
    if headers.pop("Retry-After", None):
        # Ten seconds, six times: the wait itself is tested elsewhere.
        headers["Retry-After"] = "0"
    sim.add_fault("body", times=None, body=body, status=status, headers=headers)
    con.execute("CREATE TABLE events AS SELECT 1 AS untouched")
    error = error_of(con, f"CREATE OR REPLACE TABLE events AS FROM {DAY}")
    assert FIRST in error and rows(con, "FROM events") == [(1,)]
    if status == 200:
        assert any(code in error for code in ("[TRUNCATED]", "[SERVER_ERROR]")), error
    else:
        code = "SERVER_ERROR" if "timeout" in path.name else CODES[status]
        assert f"[{code}]" in error and f"HTTP {status}" in error, error
    # The server's own words, whatever form they came in.
    try:
        words = json.loads(body)["error"]
    except ValueError:
        words = "Error 502 (Server Error)!!1" if "<title>" in body else body.splitlines()[-1] if body else ""
    assert words.rstrip(".")[:100] in error, error
    assert any(f". {action} " in error for action in ACTIONS), error
    assert last_fetch(con)["rows"] == 0
