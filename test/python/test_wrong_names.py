"""Tests exports of events that don't exist: an error if all names are known without a request, else a warning."""
from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from conftest import FIRST, LAST, error_of, export, last_fetch, only_v2, rows
from simulator import Project, Simulator

NAMES = "/api/query/events/names"
WRONG = export("events := ['Purchas']")
BOTH = export("events := ['Purchase', 'Purchas']")
RIGHT = export("events := ['Purchase']")


def warned(con) -> list[str]:
    warnings = json.loads(last_fetch(con)["warnings"])
    assert {warning["code"] for warning in warnings} <= {"UNKNOWN_EVENT"}
    return [warning["message"] for warning in warnings]


def exports(sim) -> int:
    return sum(request.path.endswith("/export") for request in sim.settled())


def test_an_error_before_any_request_where_all_names_are_known(con, sim):
    rows(con, "FROM mixpanel_events()")
    sim.clear()
    message = error_of(con, f"SELECT count(*) FROM {WRONG}")
    assert "[NOT_FOUND] event: 'Purchas' is not among the event names" in message
    assert "Did you mean 'Purchase'?" in message and "mixpanel_clear_cache()" in message
    assert "'Purchas'" in error_of(con, f"SELECT count(*) FROM {BOTH}")
    assert not sim.settled()
    # To look at a call asks nothing and is no execution.
    assert rows(con, f"DESCRIBE FROM {WRONG}") and rows(con, f"EXPLAIN FROM {WRONG}")


@only_v2
def test_whoever_exports_says_so(con, sim):
    rows(con, "FROM mixpanel_events()")
    for call in (f"PRAGMA mixpanel_fetch_events('t', from_date = '{FIRST}', to_date = '{LAST}', events = ['Purchas'])",
                 f"FROM mixpanel_daily_counts('{FIRST}', '{LAST}', events := ['Purchas'])"):  # fmt: skip
        sim.clear()
        assert "Did you mean 'Purchase'?" in error_of(con, call) and not sim.settled()


def test_a_name_that_exists_is_neither(con, sim):
    for known in (False, True):
        if known:
            rows(con, "FROM mixpanel_events()")
        assert rows(con, f"SELECT count(*) > 0 FROM {RIGHT}") == [(True,)]
        assert warned(con) == []
    # On days without one, too.
    assert rows(con, "SELECT count(*) FROM mixpanel_export(from_date := '2024-01-01', to_date := '2024-01-01', events := ['Purchase'])") == [(0,)]
    assert warned(con) == []


def test_where_nothing_is_known_no_rows_are_a_warning(con, sim):
    assert rows(con, f"SELECT count(*) FROM {WRONG}") == [(0,)]
    [message] = warned(con)
    assert "the answer has no rows of these events" in message and "mixpanel_events()" in message
    assert exports(sim) == len(sim.settled()), "the names are not asked for"
    # Without names there is nothing to be wrong about.
    rows(con, "SELECT count(*) FROM mixpanel_export(from_date := '2024-01-01', to_date := '2024-01-01')")
    assert warned(con) == []


@pytest.mark.parametrize("event", ["$custom_event:7", "$custom_event:1000"])
def test_custom_events_are_in_no_list(con, sim, event):
    rows(con, "FROM mixpanel_events()")
    rows(con, f"SELECT count(*) FROM {export(f'events := [$${event}$$]')}")
    assert warned(con) == []


def test_mixpanels_own_events_need_not_be_listed(con, sim):
    rows(con, "FROM mixpanel_events()")
    own = export("events := ['$identify']")
    assert rows(con, f"SELECT count(*) FROM {own}") == [(0,)]
    [message] = warned(con)
    assert "'$identify' is not among the event names" in message


def test_a_list_that_may_go_on_is_a_doubt(con, sim):
    many = json.dumps([f"Event {number}" for number in range(5000)])
    sim.add_fault("body", path=NAMES, body=many)
    rows(con, "FROM mixpanel_events(max_rows := 5000)")
    rows(con, f"SELECT count(*) FROM {WRONG}")
    [message] = warned(con)
    assert "'Purchas' is not among the event names" in message


def test_a_plan_that_does_not_look_far_back_tells_no_more(con, monkeypatch):
    years = (datetime.now(UTC).date() - date(2024, 1, 1)).days
    with Simulator(Project(days=5, events_per_day=50, max_data_history_days=years)) as short:
        monkeypatch.setenv("MP_API_BASE_URL", short.url)
        rows(con, "FROM mixpanel_events()")
        assert len([request for request in short.settled() if request.path == NAMES]) == 2
        rows(con, f"SELECT count(*) FROM {WRONG}")
        [message] = warned(con)
        assert "'Purchas' is not among the event names" in message


@only_v2
def test_conditions_may_name_whatever_they_like(con, sim):
    rows(con, "FROM mixpanel_events()")
    assert rows(con, f"SELECT count(*) FROM {export()} WHERE event_name = 'Purchas'") == [(0,)]
    assert warned(con) == []
