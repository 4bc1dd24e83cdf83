"""Tests pages of profiles and activity feeds from Mixpanel's documentation and other clients' tests: each loads whole.

They lie outside the project and are read from there; where they are absent these tests are skipped."""
from __future__ import annotations

import json
import pathlib

import pytest
from conftest import SHARED, error_of, last_fetch, rows
from expected_profiles import ENGAGE, asked_pages, engage_requests

FEED = "/api/query/stream/bookmark"
PAGES = sorted((SHARED / "fixtures" / "engage").glob("*"))
FEEDS = sorted((SHARED / "fixtures" / "activity-stream").glob("*"))
CALL = "mixpanel_activity_feed(['u'], from_date := '2025-01-01', to_date := '2025-01-05', workspace_id := 3001)"

pytestmark = pytest.mark.skipif(not PAGES or not FEEDS, reason=f"there are no fixtures in {SHARED}")


def bodies(paths: list[pathlib.Path]) -> list[tuple[str, int, bytes]]:
    """Each body with a name and its status, exactly as it was written down where that is known."""
    found = []
    for path in paths:
        if path.suffix == ".json":
            found.append((path.stem, 200, path.read_bytes()))
            continue
        for number, text in enumerate(path.read_text().splitlines()):
            response = json.loads(text)["response"]
            body = response.get("body_text") or json.dumps(response.get("body", ""))
            found.append((f"{path.stem}-{number}", response["status"], body.encode()))
    return found


def identity(value) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def named(value) -> str:
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize("name, status, body", bodies(PAGES), ids=named)
def test_every_page_of_profiles_loads(con, sim, name, status, body):
    """As the first page; what it does not hold, but says there is, is asked for twice, and known."""
    headers = {"Content-Type": "application/json"}
    sim.add_fault("body", path=ENGAGE, times=None, match={"page": 0}, body=body, status=status, headers=headers)
    sim.add_fault("body", path=ENGAGE, times=None, body='{"results": []}')
    statement = "SELECT distinct_id, properties, last_seen::VARCHAR FROM mixpanel_profiles()"
    if status != 200:
        assert f"HTTP {status}" in error_of(con, statement)
        return
    page = json.loads(body)
    results, total, session = page["results"], page.get("total"), page.get("session_id")
    is_short = total is not None and len(results) < total
    if is_short and not session:
        assert f"announced {total} profiles but returned {len(results)}" in error_of(con, statement)
        return
    if not session and len(results) >= page.get("page_size", 1000) and total != len(results):
        assert "no session_id" in error_of(con, statement)
        return
    expected = []
    for profile in results:
        properties = dict(profile.get("$properties") or {})
        seen = properties.pop("$last_seen", None)
        expected.append((identity(profile["$distinct_id"]), properties, seen and seen.replace("T", " ")))
    found = [(name, json.loads(properties), seen) for name, properties, seen in rows(con, statement)]
    assert found == expected
    # A page behind it only where there may be one; an empty one that should not be is asked for twice.
    pages = asked_pages(engage_requests(sim))
    if is_short:
        assert f"announced {total} profiles but returned {len(results)}" in last_fetch(con)["warnings"]
        assert sorted(pages)[:1] == [0] and sorted(pages)[-1] < 10 and len(pages) - len(set(pages)) == 1
    else:
        assert len(pages) == (2 if results and session and total != len(results) else 1)
    assert [json.loads(text) for (text,) in rows(con, "FROM mixpanel_profiles(raw := true)")] == results


@pytest.mark.parametrize("name, status, body", bodies(FEEDS), ids=named)
def test_every_feed_loads(con, sim, name, status, body):
    sim.add_fault("body", path=FEED, times=None, body=body, status=status, headers={"Content-Type": "application/json"})
    statement = f"SELECT event_name, epoch(event_time)::BIGINT, distinct_id, properties FROM {CALL}"
    if status != 200:
        assert f"HTTP {status}" in error_of(con, statement) and "Invalid query" in error_of(con, statement)
        return
    expected = []
    for event in json.loads(body)["results"]["events"]:
        properties = dict(event["properties"])
        time = properties.pop("time")
        user = properties.pop("distinct_id", None) or properties.pop("$distinct_id", None)
        expected.append((event["event"], time, user, properties))
    assert [(*row[:3], json.loads(row[3])) for row in rows(con, statement)] == expected
    ((response,),) = rows(con, f"FROM {CALL.removesuffix(')')}, raw := true)")
    assert response == body.decode()
    assert {request.path for request in sim.settled()} == {FEED}
