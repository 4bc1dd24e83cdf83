"""Tests that only silence ends a request, and that every silence ends one: exports, profiles, reports, discovery and managed fetches."""
from __future__ import annotations

import socket

import pytest
from conftest import PROJECT, error_of, export, only_v2, rows
from expected import export_rows, fetched_rows

DAY = "2025-01-03"
ONE_DAY = export(first=DAY, last=DAY)
CALLS = {
    "export": f"FROM {ONE_DAY}",
    "profiles": "FROM mixpanel_profiles()",
    "report": "FROM mixpanel_segmentation('Purchase', from_date := '2025-01-01', to_date := '2025-01-05')",
    "saved report": "FROM mixpanel_flows(8301)",
    "feed": "FROM mixpanel_activity_feed(['user-1'], from_date := '2025-01-01', to_date := '2025-01-05')",
    "query discovery": "FROM mixpanel_events(from_date := '2025-01-01', to_date := '2025-01-05')",
    "app discovery": "FROM mixpanel_bookmarks()",
    "api": "FROM mixpanel_api('/api/query/cohorts/list', method := 'POST')",
    "managed": f"PRAGMA mixpanel_fetch_events('events', from_date = '{DAY}', to_date = '{DAY}')",
}
EACH = [pytest.param(call, id=name, marks=only_v2 if name == "managed" else ()) for name, call in CALLS.items()]


def test_a_window_that_trickles_for_longer_than_all_silence_may_last_succeeds(con, sim, monkeypatch):
    """No try begins ten time-outs after bytes of an answer last came (ten minutes, outside of tests). Here bytes come for longer
    than that, and no time-out passes between two of them."""
    expected = export_rows(sim, DAY, DAY)
    rows(con, f"SELECT count(*) FROM {ONE_DAY}")
    size = sim.settled()[-1].bytes_sent
    monkeypatch.setenv("MP_TIMEOUT_MS", "400")
    monkeypatch.setenv("MP_ARCHIVE", "off")
    sim.add_fault("slow", bytes_per_second=size / 5, match={"from_date": DAY})
    assert fetched_rows(con, ONE_DAY) == expected
    *_, trickled = sim.settled()
    assert trickled.finished - trickled.started > 4, "or nothing was shown"
    assert len(sim.settled()) == 2, "no second try"


@pytest.mark.parametrize("kind", ["hang", "hang_mid_body", "status"])
@pytest.mark.parametrize("call", EACH)
def test_no_try_begins_when_nothing_came_for_long(con, sim, monkeypatch, call, kind):
    """The pause before a second try is longer here than nothing may come in all: so there is none."""
    monkeypatch.setenv("MP_TIMEOUT_MS", "100")
    monkeypatch.setenv("MP_RETRY_BASE_MS", "1500")
    sim.add_fault(kind, path=None, times=None, **({"status": 503} if kind == "status" else {}))
    if call.startswith("FROM mixpanel_api") and kind == "status":
        assert rows(con, call)[0][0] == 503
    else:
        error = error_of(con, call)
        assert "[NETWORK_ERROR]" in error or "[SERVER_ERROR]" in error, error
    assert len(sim.settled()) == 1


@pytest.mark.parametrize("call", EACH)
def test_where_nothing_connects_three_tries_do(con, monkeypatch, call):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("MP_API_BASE_URL", f"http://127.0.0.1:{port}")
    error = error_of(con, call)
    assert "[NETWORK_ERROR]" in error and "after 3 attempts: no connection" in error, error


@pytest.mark.parametrize("call", EACH)
def test_six_tries_end_what_is_never_answered(con, sim, monkeypatch, call):
    monkeypatch.setenv("MP_TIMEOUT_MS", "100")
    sim.add_fault("hang", path=None, times=None)
    error = error_of(con, call)
    assert "[NETWORK_ERROR]" in error and "after 6 attempts: Mixpanel sent nothing for 0.1 seconds" in error, error
    assert len(sim.settled()) == 6
