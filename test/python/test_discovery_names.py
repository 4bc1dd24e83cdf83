"""Tests names of events and properties: the widest request, plans that forbid it, full limits, names that don't exist."""
from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from conftest import error_of, rows
from simulator import Project, Simulator

NAMES, TOP, VALUES = (f"/api/query/events/{path}" for path in ("names", "properties/top", "properties/values"))
TODAY = datetime.now(UTC).date()
YEARS = 3650
"""Days of history of a plan that has the simulator's events, and not all since 2000."""


def windows(sim) -> list[tuple[str, str]]:
    return [(request.params["from_date"], request.params["to_date"]) for request in sim.settled()]


@pytest.fixture
def short(monkeypatch):
    """Starts a project whose plan has so many days of history."""
    started = []

    def start(**options) -> Simulator:
        simulator = Simulator(Project(days=2, events_per_day=50, **options)).start()
        started.append(simulator)
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        return simulator

    yield start
    for simulator in started:
        simulator.close()


def test_rare_events_of_all_times_are_named(con, sim):
    """Mixpanel's own default are the last 31 days."""
    rows(con, "FROM mixpanel_events()")
    assert windows(sim) == [("2000-01-01", str(datetime.now(UTC).date()))]


def test_a_plan_without_that_history_is_asked_once_more_and_remembered(con, short):
    sim = short(max_data_history_days=YEARS)
    first, today = str(TODAY - timedelta(days=YEARS)), str(TODAY)
    names = rows(con, "FROM mixpanel_events()")
    assert names and windows(sim) == [("2000-01-01", today), (first, today)]
    assert rows(con, "FROM mixpanel_events()") == names and len(sim.settled()) == 2
    # The next question of that kind knows.
    assert len(rows(con, "FROM mixpanel_events(max_rows := 2)")) == 2
    assert windows(sim)[2:] == [(first, today)]
    # Whoever forgets the answers forgets that too: the plan may be another one now.
    rows(con, "CALL mixpanel_clear_cache()")
    assert rows(con, "FROM mixpanel_events()") == names
    assert windows(sim)[3:] == [("2000-01-01", today), (first, today)]


def test_another_project_and_another_account_are_not_taken_for_it(con, short, monkeypatch):
    sim = short(max_data_history_days=YEARS, other_project_ids=(7,))
    rows(con, "FROM mixpanel_events()")
    rows(con, "FROM mixpanel_events(project_id := 7)")
    monkeypatch.delenv("MP_USERNAME")
    monkeypatch.delenv("MP_SECRET")
    monkeypatch.setenv("MP_OAUTH_TOKEN", "demo-token")
    rows(con, "FROM mixpanel_events()")
    assert [first == "2000-01-01" for first, _ in windows(sim)] == [True, False] * 3


def test_where_the_projects_day_has_begun_already(con, short):
    """East of Greenwich a day of history is one day less when seen from there."""
    sim = short(max_data_history_days=YEARS, today=TODAY + timedelta(days=1))
    assert rows(con, "FROM mixpanel_events()")
    days = [str(TODAY - timedelta(days=number)) for number in (YEARS, YEARS - 1)]
    assert [first for first, _ in windows(sim)] == ["2000-01-01", *days]


def test_where_the_projects_day_has_not_begun_yet(con, sim):
    body = '{"error": "to_date cannot be later than today"}'
    sim.add_fault("body", path=NAMES, status=400, body=body, match={"to_date": TODAY})
    assert rows(con, "FROM mixpanel_events()")
    assert [last for _, last in windows(sim)] == [str(TODAY), str(TODAY - timedelta(days=1))]
    sim.add_fault("body", path=NAMES, status=400, body=body)
    assert "later than today" in error_of(con, f"FROM mixpanel_events(to_date := '{TODAY}')")
    assert len(sim.settled()) == 3


@pytest.mark.parametrize("arguments", ["from_date := '2001-01-01'", "from_date := '2001-01-01', to_date := '2025-01-05'",
                                       "to_date := '2001-01-01'"])  # fmt: skip
def test_dates_of_the_callers_are_never_changed(con, short, arguments):
    sim = short(max_data_history_days=YEARS)
    error = error_of(con, f"FROM mixpanel_events({arguments})")
    assert "[PERMISSION_DENIED]" in error and f"exceeds {YEARS} days" in error and "later dates" in error
    assert len(sim.settled()) == 1


def test_only_a_refusal_of_days_is_asked_again(con, sim):
    sim.add_fault("status", path=NAMES, times=None, status=403)
    assert "[PERMISSION_DENIED]" in error_of(con, "FROM mixpanel_events()")
    assert len(sim.settled()) == 1


def test_a_plan_that_refuses_for_ever_is_an_error(con, sim):
    sim.add_fault("body", path=NAMES, times=None, status=403, body='{"error": "Date range exceeds 90 days into the past"}')
    # A project of its own: what is learned here is not for the other tests.
    assert "exceeds 90 days" in error_of(con, "FROM mixpanel_events(project_id := 99)")
    assert len(sim.settled()) == 3


MANY = [f"name {number}" for number in range(5000)]
FILLED = [
    ("mixpanel_events", "", NAMES, MANY),
    ("mixpanel_properties", "'Purchase'", TOP, {name: {"count": 1} for name in MANY}),
    ("mixpanel_property_values", "'plan'", VALUES, MANY),
    ("mixpanel_top_events", "", "/api/query/events/top",
     {"events": [{"event": name, "amount": 1, "percent_change": 0} for name in MANY], "type": "general"}),
]  # fmt: skip


@pytest.mark.parametrize("function, subject, path, body", FILLED, ids=[function for function, *_ in FILLED])
def test_a_limit_of_ours_that_is_filled_is_an_error(con, sim, function, subject, path, body):
    sim.add_fault("body", path=path, times=None, body=json.dumps(body))
    error = error_of(con, f"FROM {function}({subject})")
    assert "[TRUNCATED] Mixpanel returned 5000 rows" in error and "max_rows := 5000 to accept these rows" in error
    count = f"SELECT count(*) FROM {function}"
    more = f"{subject}, " if subject else ""
    assert rows(con, f"{count}({more}max_rows := 5000)") == [(5000,)]
    # Mixpanel cuts large limits down to this one without a word.
    assert "[TRUNCATED]" in error_of(con, f"{count}({more}max_rows := 9999)")
    limits = [request.params["limit"] for request in sim.settled()]
    # A good answer, whatever is made of it, is kept.
    assert limits == (["5000", "5000", "9999"] if function == "mixpanel_top_events" else ["5000", "9999"])


def test_no_more_rows_than_were_asked_for(con, sim):
    sim.add_fault("body", path=NAMES, body='["b", "c", "a"]')
    assert rows(con, "FROM mixpanel_events(max_rows := 2)") == [("b",), ("c",)]


def test_an_unknown_event_is_named_with_those_that_come_near(con, sim):
    error = error_of(con, "FROM mixpanel_properties('add to')")
    assert "[NOT_FOUND]" in error and "event: 'add to' is not among the event names" in error, error
    assert "Did you mean 'Add To Cart' or 'Add To Wishlist'?" in error, error
    assert [request.path for request in sim.settled()] == [TOP, NAMES]
    # The names are known now.
    assert "Did you mean 'Purchase'?" in error_of(con, "FROM mixpanel_properties('PURCHASE')")
    assert [request.path for request in sim.settled()] == [TOP, NAMES, TOP]
    assert "mixpanel_events() lists all names" in error_of(con, "FROM mixpanel_properties('Nothing of the kind')")


def test_five_names_at_most(con, sim):
    sim.add_fault("body", path=NAMES, body=json.dumps([f"Sign Up {number}" for number in range(9)]))
    error = error_of(con, "FROM mixpanel_properties('sign up')")
    assert "'Sign Up 3' or 'Sign Up 4'?" in error and "Sign Up 5" not in error


@pytest.mark.parametrize("call, path", [("mixpanel_properties('Purchases')", TOP),
                                        ("mixpanel_property_values('plan', event := 'Purchases')", VALUES)])  # fmt: skip
def test_a_refused_event_is_looked_up(con, sim, call, path):
    """Mixpanel says 400 or nothing at all."""
    sim.add_fault("body", path=path, status=400, body='{"error": "Invalid event name"}')
    error = error_of(con, f"FROM {call}")
    assert "[NOT_FOUND]" in error and "Did you mean 'Purchase'?" in error
    assert [request.path for request in sim.settled()] == [path, NAMES]


@pytest.mark.parametrize("names", [{"status": 500}, {"status": 403}, {"body": json.dumps([*MANY])}], ids=str)
def test_where_names_can_not_be_had_the_refusal_stands(con, sim, names):
    sim.add_fault("body", path=TOP, status=400, body='{"error": "Invalid event name"}')
    sim.add_fault("body", path=NAMES, times=None, **names)
    error = error_of(con, "FROM mixpanel_properties('Purchases')")
    assert "[INVALID_REQUEST]" in error and "Invalid event name" in error


def test_a_refusal_of_an_event_that_exists_stands(con, sim):
    sim.add_fault("body", path=TOP, status=400, body='{"error": "Too hot today"}')
    error = error_of(con, "FROM mixpanel_properties('Purchase')")
    assert "[INVALID_REQUEST]" in error and "Too hot today" in error


def test_an_event_that_rested_for_a_month_has_no_properties(con, sim):
    """Known, but not of the last 31 days: no rows, and no error. Nothing is asked twice."""
    sim.add_fault("body", path=TOP, body="{}")
    for _ in range(2):
        assert rows(con, "FROM mixpanel_properties('Purchase')") == []
    assert [request.path for request in sim.settled()] == [TOP, NAMES]


def test_whether_an_event_exists_can_not_be_told_from_a_list_that_goes_on(con, sim):
    sim.add_fault("body", path=TOP, body="{}")
    sim.add_fault("body", path=NAMES, body=json.dumps(MANY))
    assert rows(con, "FROM mixpanel_properties('Rare')") == []


def test_no_answer_about_the_names_is_no_empty_result(con, sim):
    sim.add_fault("body", path=TOP, body="{}")
    sim.add_fault("status", path=NAMES, status=403)
    assert "[PERMISSION_DENIED]" in error_of(con, "FROM mixpanel_properties('Purchase')")


def test_no_values_are_no_reason_for_a_request(con, sim):
    call = "mixpanel_property_values('plan', event := 'Purchases')"
    assert rows(con, f"FROM {call}") == []
    assert [request.path for request in sim.settled()] == [VALUES]
    # Where the names are at hand, a wrong one is said: also of an answer that came before them.
    rows(con, "FROM mixpanel_events()")
    assert "Did you mean 'Purchase'?" in error_of(con, f"FROM {call}")
    assert [request.path for request in sim.settled()] == [VALUES, NAMES]
    assert "Did you mean 'Purchase'?" in error_of(con, "FROM mixpanel_property_values('city', event := 'Purchases')")
    assert rows(con, "FROM mixpanel_property_values('nope', event := 'Purchase')") == []


def test_properties_that_mending_made_equal_are_all_there(con, sim):
    # Halves of two characters, which no JSON function reads, become the same one.
    body = r'{"a\ud83d": {"count": 1}, "a\ud83e": {"count": 2}, "b": {"count": 300}}'
    sim.add_fault("body", path=TOP, times=None, body=body)
    assert rows(con, "FROM mixpanel_properties('Purchase')") == [("b", 300), ("a\ufffd", 2), ("a\ufffd", 1)]


def test_the_most_frequent_come_first_and_are_those_that_stay(con, sim):
    counts = {"rare": {"count": 1}, "unsaid": {}, "often": {"count": 300}, "b": {"count": 20}, "a": {"count": 20}}
    sim.add_fault("body", path=TOP, times=None, body=json.dumps(counts))
    expected = [("often", 300), ("a", 20), ("b", 20), ("rare", 1), ("unsaid", None)]
    assert rows(con, "FROM mixpanel_properties('Purchase')") == expected
    assert rows(con, "FROM mixpanel_properties('Purchase', max_rows := 2)") == expected[:2]
    events = [{"event": name, "amount": entry.get("count"), "percent_change": 0} for name, entry in counts.items()]
    sim.add_fault("body", path="/api/query/events/top", times=None, body=json.dumps({"events": events, "type": "general"}))
    assert rows(con, "SELECT event_name, count FROM mixpanel_top_events()") == expected
    assert rows(con, "SELECT event_name, count FROM mixpanel_top_events(max_rows := 2)") == expected[:2]
    assert rows(con, "SELECT event_name, count FROM mixpanel_top_events(type := 'average', max_rows := 2)") == expected[:2]


D = "from_date := '2025-01-01', to_date := '2025-01-05'"
ABOUT_ONE_EVENT = {
    "segmentation": f"mixpanel_segmentation('{{}}', {D})",
    "segmentation/numeric": f"mixpanel_segmentation_numeric('{{}}', {D}, segment_by := 'Amount')",
    "segmentation/sum": f"mixpanel_segmentation_sum('{{}}', {D}, segment_by := 'Amount')",
    "segmentation/average": f"mixpanel_segmentation_average('{{}}', {D}, segment_by := 'Amount')",
    "events/properties": f"mixpanel_property_counts('{{}}', 'plan', {D})",
    "events": f"mixpanel_event_counts(['{{}}'], {D})",
    "retention": f"mixpanel_retention(born_event := '{{}}', {D})",
    "retention/addiction": f"mixpanel_frequency(event := '{{}}', {D})",
}
NOTHING = {"retention": "{}", "retention/addiction": '{"data": {}}'}


@pytest.mark.parametrize("route", ABOUT_ONE_EVENT)
def test_a_report_of_nothing_says_a_wrong_event_where_the_names_are_at_hand(con, sim, route):
    call = ABOUT_ONE_EVENT[route]
    sim.add_fault("body", path=f"/api/query/{route}", times=None, body=NOTHING.get(route, '{"data": {"series": [], "values": {}}, "results": {}}'))
    assert rows(con, f"FROM {call.format('Purchases')}") == []
    # The names are not asked for.
    assert [request.path for request in sim.settled()] == [f"/api/query/{route}"]
    rows(con, "FROM mixpanel_events()")
    error = error_of(con, f"FROM {call.format('Purchases')}")
    assert "[NOT_FOUND] event: 'Purchases' is not among the event names" in error and "Did you mean 'Purchase'?" in error
    assert rows(con, f"FROM {call.format('Purchase')}") == rows(con, f"FROM {call.format('$custom_event:7')}") == []
    raw = call.format("Purchases").removesuffix(")") + ", raw := true)"
    assert len(rows(con, f"FROM {raw}")) == 1
    assert len(sim.settled()) == 4, "one for each of three events, and one for the names"


def test_one_of_several_events_that_is_none_is_said_too(con, sim):
    call = f"SELECT DISTINCT event_name FROM mixpanel_event_counts(['Purchase', 'Purchases', 'Search'], {D}) ORDER BY ALL"
    assert rows(con, call) == [("Purchase",), ("Search",)]
    rows(con, "FROM mixpanel_events()")
    assert "'Purchases' is not among the event names" in error_of(con, call)
    # Whatever Mixpanel counts exists, also where it is in no list of names.
    counts = {"values": {"Purchase": {"2025-01-01": 1}, "Purchases": {"2025-01-01": 0}, "Search": {}}, "series": ["2025-01-01"]}
    sim.add_fault("body", path="/api/query/events", body=json.dumps({"data": counts}))
    call = call.replace(f"{D})", f"{D}, max_age := INTERVAL 0 SECONDS)")
    assert ("Purchases",) in rows(con, call)


def test_a_data_view_is_named(con, sim):
    error = error_of(con, "FROM mixpanel_properties('Purchases', workspace_id := 3002)")
    assert "'Purchases' is not among the event names of the data view 3002 of project 12345" in error
    assert [request.params["workspace_id"] for request in sim.settled()] == ["3002"] * 2


@pytest.mark.parametrize("body", ["{}", '{"events": []}', "[1]", "null", '"Purchase"'])
def test_a_list_of_something_else_is_an_error(con, sim, body):
    sim.add_fault("body", path=NAMES, body=body)
    assert "[UNEXPECTED_RESPONSE] a list of event names was expected" in error_of(con, "FROM mixpanel_events()")


def test_digits_are_kept_and_never_rounded(con, sim):
    sim.add_fault("body", path=TOP, body='{"a": {"count": 9007199254740993}, "error": {"count": 2}, "b": 3, "c": {}}')
    found = rows(con, "FROM mixpanel_properties('Purchase')")
    assert found == [("a", 9007199254740993), ("b", 3), ("error", 2), ("c", None)]
    sim.add_fault("body", path=TOP, body='{"a": {"count": 1.5}}')
    assert "[UNEXPECTED_RESPONSE]" in error_of(con, "FROM mixpanel_properties('Search')")
    sim.add_fault("body", path=VALUES, body='["x", 12345678901234567890.10, null, {"a": [1]}, "\\ud83d"]')
    found = rows(con, "FROM mixpanel_property_values('odd')")
    assert found == [("x",), ("12345678901234567890.10",), (None,), ('{"a": [1]}',), ("\ufffd",)]


def test_the_first_year(con, sim):
    """Mixpanel's words, not ours."""
    assert "bad year" in error_of(con, "FROM mixpanel_events(from_date := '1999-12-31')")
    assert windows(sim) == [("1999-12-31", str(datetime.now(UTC).date()))]
