"""Tests answers of the real service and of its clients' tests: they become rows, and all others become errors.

The bodies are in `../shared/fixtures`, which is no part of the repository. They are read here independently of the
extension, in Python.
"""
from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from conftest import SHARED, error_of, rows

FOLDER = SHARED / "fixtures"
DAYS = "from_date := '2024-01-01', to_date := '2024-01-31'"


def day(key: str) -> date:
    """The project's day: what the key says, whatever its offset."""
    return date.fromisoformat(key[:10])


def series(body: dict) -> list[tuple]:
    return [(day(date), key, number) for key, numbers in body["data"]["values"].items() for date, number in numbers.items()]


def numeric(body: dict) -> list[tuple]:
    ends = {label: [float(end.replace(",", "")) for end in label.split(" - ")] for label in body["data"]["values"]}
    return [(date, label, *ends[label], number) for date, label, number in series(body)]


def totals(body: dict) -> list[tuple]:
    return [(day(date), number) for date, number in body["results"].items()]


def funnel(body: dict) -> list[tuple]:
    found = []
    for date, told in body["data"].items():
        for segment, steps in [(None, told["steps"])] if "steps" in told else told.items():
            for number, step in enumerate(steps):
                first, before = steps[0]["count"], steps[max(number - 1, 0)]["count"]
                computed = (1 if number == 0 else step["count"] / before if before else 0,
                            1 if number == 0 else step["count"] / first if first else 0)  # fmt: skip
                found.append((
                    day(date), segment, number + 1, step.get("step_label") or step["event"], step["count"],
                    step.get("step_conv_ratio", computed[0]), step.get("overall_conv_ratio", computed[1]),
                    step.get("avg_time"), step.get("avg_time_from_start"),
                ))  # fmt: skip
    return found


def retention(body: dict) -> list[tuple]:
    return [(day(date), None, cohort["first"], period, count, count / cohort["first"])
            for date, cohort in body.items() for period, count in enumerate(cohort["counts"])]  # fmt: skip


def frequency(body: dict) -> list[tuple]:
    return [(day(date), None, number, users) for date, counts in body["data"].items() for number, users in enumerate(counts, 1)]


def elements(body: list) -> list[tuple]:
    return [(json.dumps(element, sort_keys=True),) for element in body]


REPORTS = {
    "segmentation": ("segmentation", f"mixpanel_segmentation('Purchase', {DAYS})", series),
    "segmentation-numeric": ("segmentation/numeric", f"mixpanel_segmentation_numeric('Purchase', {DAYS}, segment_by := 'amount')", numeric),
    "segmentation-sum": ("segmentation/sum", f"mixpanel_segmentation_sum('Purchase', {DAYS}, segment_by := 'amount')", totals),
    "segmentation-average": ("segmentation/average", f"mixpanel_segmentation_average('Purchase', {DAYS}, segment_by := 'amount')", totals),
    "events": ("events", f"mixpanel_event_counts(['Test'], {DAYS})", series),
    "event-properties": ("events/properties", f"mixpanel_property_counts('Purchase', 'country', {DAYS})", series),
    "funnels": ("funnels", f"mixpanel_funnel(12345, {DAYS})", funnel),
    "retention": ("retention", f"mixpanel_retention(born_event := 'Sign Up', return_event := 'Purchase', {DAYS})", retention),
    "frequency": ("retention/addiction", f"mixpanel_frequency({DAYS})", frequency),
    "jql": ("jql", "mixpanel_jql('function main() { return [] }')", elements),
}
"""By the fixtures' folder: the route, a call that asks it, and what its rows must be."""


def bodies() -> list[tuple[str, str, str]]:
    """Folder, name and text of all bodies that came with status 200 and stand alone."""
    found = []
    for folder in REPORTS:
        for path in sorted((FOLDER / folder).glob("*.json")):
            found.append((folder, path.name, path.read_text()))
    for number, text in enumerate((FOLDER / "jql" / "docs-shapes.jsonl").read_text().splitlines()):
        found.append(("jql", f"docs-shapes-{number}", text))
    return found


def vectors() -> list[tuple[str, dict]]:
    """Folder and content of all pairs of a request and its answer."""
    return [(folder, json.loads(line)) for folder in REPORTS
            for path in (FOLDER / folder).glob("headless-unit-vectors.jsonl") for line in path.read_text().splitlines()]  # fmt: skip


needs_fixtures = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there is no {FOLDER}")
BODIES = bodies() if FOLDER.is_dir() else []
VECTORS = vectors() if FOLDER.is_dir() else []


def serve(sim, folder: str, body: str | bytes, **options) -> str:
    """A call that gets this body."""
    route, call, _ = REPORTS[folder]
    sim.add_fault("body", path=f"/api/query/{route}", times=None, body=body, **options)
    return call


def same(found: list[tuple], expected: list[tuple]) -> bool:
    """Equal numbers are equal, NULL is NULL; rows are sorted by date, and else in the body's order."""
    if found and isinstance(expected[0][0], date):
        expected = sorted(expected, key=lambda row: row[0])
    return found == expected


def found_rows(con, folder: str, call: str) -> list[tuple]:
    found = rows(con, f"FROM {call}")
    return [(json.dumps(json.loads(text), sort_keys=True),) for (text,) in found] if folder == "jql" else found


@needs_fixtures
@pytest.mark.parametrize("folder, name, text", BODIES, ids=[f"{folder}-{name}" for folder, name, _ in BODIES])
def test_bodies(con, sim, folder, name, text):
    call = serve(sim, folder, text)
    expected = REPORTS[folder][2](json.loads(text))
    assert same(found_rows(con, folder, call), expected) and (expected or text == "[]")
    assert len(sim.settled()) == 1


@needs_fixtures
def test_every_folder_has_bodies():
    assert {folder for folder, _, _ in BODIES} == set(REPORTS)
    assert {folder for folder, _ in VECTORS} == set(REPORTS) - {"jql"}


CODES = {400: "INVALID_REQUEST", 401: "AUTHENTICATION_FAILED", 429: "RATE_LIMITED"}
NO_ANSWERS = ({"results": []}, {"data": {}}, {"data": []})
"""Bodies of mocks that no client was meant to read: they have nothing of what the API promises."""


@needs_fixtures
@pytest.mark.parametrize("folder, vector", VECTORS, ids=[vector["vector"].split("/", 1)[1] for _, vector in VECTORS])
def test_answers_that_a_client_was_tested_with(con, sim, folder, vector):
    response = vector["response"]
    text = response.get("body_text") or (json.dumps(response["body"]) if "body" in response else "")
    call = serve(sim, folder, text, status=response["status"], headers=response.get("headers") or {})
    if response["status"] != 200:
        error = error_of(con, f"FROM {call}")
        assert f"[{CODES[response['status']]}]" in error and f"HTTP {response['status']}" in error, error
        assert json.loads(text or "{}").get("error", "") in error
    elif response["body"] in NO_ANSWERS and (folder, response["body"]) != ("frequency", {"data": {}}):
        assert "[UNEXPECTED_RESPONSE]" in error_of(con, f"FROM {call}")
    else:
        assert same(found_rows(con, folder, call), REPORTS[folder][2](response["body"]))


def question(folder: str, asked: dict) -> str | None:
    """Our call for the same question; None where it has no dates or names no events, which ours must have."""
    if "from_date" not in asked or asked.get("event") == "[]":
        return None
    days = f"from_date := '{asked.get('from_date')}', to_date := '{asked.get('to_date')}'"
    named = {"on": "segment_by", "where": "filter", "unit": "unit", "type": "type", "addiction_unit": "addiction_unit",
             "interval": "interval_size", "interval_count": "interval_count", "born_where": "born_filter",
             "born_event": "born_event", "workspace_id": "workspace_id", "limit": "max_rows"}  # fmt: skip
    if folder == "retention":
        named |= {"event": "return_event", "where": "return_filter"}
    own = [f"{named[name]} := {repr(value) if not value.isdigit() else value}" for name, value in asked.items() if name in named]
    subject = {
        "events": lambda: [repr(json.loads(asked["event"]))],
        "event-properties": lambda: [f"'{asked['event']}'", f"'{asked['name']}'"],
        "funnels": lambda: [asked["funnel_id"]],
        "retention": lambda: [],
        "frequency": lambda: [],
    }.get(folder, lambda: [f"'{asked['event']}'"])
    return f"{REPORTS[folder][1].split('(')[0]}({', '.join([*subject(), days, *own])})"


# Where our request says more than the client's, it is to get more, or for certain: all segments instead of Mixpanel's
# 60 or 255, and days where the funnel that was saved may have weeks.
MORE = {"segmentation": {"limit": "10000"}, "event-properties": {"limit": "10000"}, "funnels": {"unit": "day"}}


QUESTIONS = [(folder, vector["request"]) for folder, vector in VECTORS if question(folder, vector["request"]["params"])]


@needs_fixtures
@pytest.mark.parametrize("folder, theirs", QUESTIONS, ids=[f"{n}-{folder}" for n, (folder, _) in enumerate(QUESTIONS)])
def test_requests_that_a_client_makes(con, sim, folder, theirs):
    call = question(folder, theirs["params"])
    sim.add_fault("body", path=theirs["path"], body='{"raw": "is not read"}')
    assert rows(con, f"FROM {call[:-1]}, raw := true)") == [('{"raw": "is not read"}',)]
    (ours,) = sim.settled()
    assert (ours.method, ours.path) == (theirs["method"], theirs["path"])
    # Who asks, which is the client's own addition.
    expected = {name: value for name, value in theirs["params"].items() if name != "query_origin"}
    if "on" in expected or folder != "segmentation":
        expected = MORE.get(folder, {}) | expected
    given = dict(ours.params)
    if folder == "events":
        expected["event"], given["event"] = json.loads(expected["event"]), json.loads(given["event"])
    assert given == expected


def test_hours_and_minutes_are_timestamps(con, sim):
    body = {"data": {"series": [], "values": {"A": {"2024-01-02 13:00:00": 2, "2024-01-02 05:00:00": 1, "2024-01-02": 7}}}}
    serve(sim, "segmentation", json.dumps(body))
    assert rows(con, f"SELECT date, count FROM mixpanel_segmentation('A', {DAYS}, unit := 'hour')") == [
        (datetime(2024, 1, 2), 7), (datetime(2024, 1, 2, 5), 1), (datetime(2024, 1, 2, 13), 2)]  # fmt: skip


def test_dates_may_have_times_and_offsets(con, sim):
    """Those of a year in which clocks change."""
    body = {f"2024-{month}-01T00:00:00{offset}": {"counts": [1], "first": 2}
            for month, offset in (("12", "-08:00"), ("07", "-07:00"), ("03", ""), ("01", "Z"))}  # fmt: skip
    call = serve(sim, "retention", json.dumps(body))
    assert [str(found) for (found,) in rows(con, f"SELECT cohort_date FROM {call}")] == [
        "2024-01-01", "2024-03-01", "2024-07-01", "2024-12-01"]  # fmt: skip


def test_segments_are_what_the_answer_calls_them(con, sim):
    names = ["null", "undefined", "true", "", "3.50", "$overall", "a\"b\\", "購入 🛒", "2024-01-01", " "]
    body = {"data": {"series": ["2024-01-01"], "values": {name: {"2024-01-01": n} for n, name in enumerate(names)}}}
    serve(sim, "segmentation", json.dumps(body))
    found = rows(con, f"SELECT segment, count FROM mixpanel_segmentation('A', {DAYS}, segment_by := 'x')")
    assert found == [(name, number) for number, name in enumerate(names)]


def test_names_that_end_in_half_a_character_keep_their_counts(con, sim):
    """Mixpanel cuts long texts off within an emoji, so two names can become the same."""
    serve(sim, "segmentation", r'{"data": {"values": {"a\ud83d": {"2024-01-01": 1}, "a\ud83e": {"2024-01-01": 2}}}}')
    found = rows(con, f"SELECT segment, count FROM mixpanel_segmentation('A', {DAYS}, segment_by := 'x')")
    assert found == [("a\ufffd", 1), ("a\ufffd", 2)]


def test_buckets_that_are_no_ranges_keep_their_labels(con, sim):
    labels = {"2,000 - 2,100": (2000, 2100), "-10 - -5": (-10, -5), "-1,000 - 0": (-1000, 0), "0.5 - 1": (0.5, 1),
              "undefined": (None, None), "1,5 - 2,5": (None, None), "": (None, None)}  # fmt: skip
    serve(sim, "segmentation-numeric", json.dumps({"data": {"values": {label: {"2024-01-01": 1} for label in labels}}}))
    found = rows(con, f"SELECT bucket, bucket_min, bucket_max FROM {REPORTS['segmentation-numeric'][1]}")
    assert found == [(label, *ends) for label, ends in labels.items()]


def test_ragged_and_empty_cohorts(con, sim):
    body = {"2024-01-01": {"counts": [3, 2, 1], "first": 4}, "2024-01-03": {"counts": [], "first": 9}, "2024-01-02": {"counts": [0], "first": 0}}
    call = serve(sim, "retention", json.dumps(body))
    assert rows(con, f"SELECT day(cohort_date), cohort_size, period, retained, retention_rate FROM {call}") == [
        (1, 4, 0, 3, 0.75), (1, 4, 1, 2, 0.5), (1, 4, 2, 1, 0.25), (2, 0, 0, 0, None), (3, 9, None, None, None)]  # fmt: skip


def test_segmented_answers(con, sim):
    step = [{"count": 2, "event": "A", "avg_time": None}, {"count": 1, "goal": "$custom_event:7", "event": None, "avg_time": 2.5}]
    serve(sim, "funnels", json.dumps({"meta": {"dates": ["2024-01-01", "2024-01-02"]}, "data": {"2024-01-01": {"$overall": step, "steps": step[:1]}}}))
    found = rows(con, f"SELECT segment, step, event_name, step_conversion, avg_seconds FROM mixpanel_funnel(1, {DAYS}, segment_by := 'x')")
    assert found == [("$overall", 1, "A", 1, None), ("$overall", 2, "$custom_event:7", 0.5, 2.5), ("steps", 1, "A", 1, None)]
    serve(sim, "retention", json.dumps({"2024-01-01": {"$overall": {"counts": [3], "first": 4}, "null": {"counts": [1], "first": 4}}}))
    found = rows(con, f"SELECT segment, cohort_size, retained FROM mixpanel_retention(born_event := 'A', {DAYS}, segment_by := 'x')")
    assert found == [("$overall", 4, 3), ("null", 4, 1)]
    serve(sim, "frequency", json.dumps({"data": {"2024-01-01": {"true": [3, 1], "$overall": [4]}}}))
    found = rows(con, f"SELECT segment, periods, users FROM mixpanel_frequency({DAYS}, segment_by := 'x')")
    assert found == [("true", 1, 3), ("true", 2, 1), ("$overall", 1, 4)]


def test_elements_of_a_script_are_verbatim(con, sim):
    serve(sim, "jql", '[{"b": 1.50,  "a":12345678901234567890123}, [ 1 ], null, "x\\u00e9" ]')
    assert rows(con, f"FROM {REPORTS['jql'][1]}") == [
        ('{"b": 1.50,  "a":12345678901234567890123}',), ("[ 1 ]",), ("null",), ('"x\\u00e9"',)]  # fmt: skip


def test_an_object_of_a_script_is_a_row(con, sim):
    serve(sim, "jql", ' {"a": [1.0, 2]}\n')
    assert rows(con, f"FROM {REPORTS['jql'][1]}") == [('{"a": [1.0, 2]}',)]


BIG = 9007199254740993
COUNTED = {
    "segmentation": '{"data": {"values": {"A": {"2024-01-01": %s}}}}',
    "segmentation-numeric": '{"data": {"values": {"1 - 2": {"2024-01-01": %s}}}}',
    "events": '{"data": {"values": {"A": {"2024-01-01": %s}}}}',
    "event-properties": '{"data": {"values": {"A": {"2024-01-01": %s}}}}',
    "funnels": '{"data": {"2024-01-01": {"steps": [{"count": %s, "event": "A"}]}}}',
    "retention": '{"2024-01-01": {"counts": [%s], "first": 10}}',
    "frequency": '{"data": {"2024-01-01": [%s]}}',
}
COLUMN = {"retention": "retained", "frequency": "users"}


@pytest.mark.parametrize("folder, body", COUNTED.items())
def test_counts_keep_every_digit_or_are_errors(con, sim, folder, body):
    call = serve(sim, folder, body % BIG)
    assert rows(con, f"SELECT {COLUMN.get(folder, 'count')} FROM {call}") == [(BIG,)]
    for bad in ("1.5", "null", '"many"', "9223372036854775808", "{}", "true"):
        sim.reset()
        rows(con, "CALL mixpanel_clear_cache()")
        error = error_of(con, f"FROM {serve(sim, folder, body % bad)}")
        assert "[UNEXPECTED_RESPONSE]" in error and bad.strip('"') in error and "raw := true" in error, error
        assert rows(con, f"FROM {call[:-1]}, raw := true)") == [(body % bad,)]


def test_averages_are_doubles_and_may_be_missing(con, sim):
    serve(sim, "segmentation", '{"data": {"values": {"A": {"2024-01-01": 1.5, "2024-01-02": null, "2024-01-03": 2}}}}')
    assert rows(con, f"SELECT count FROM mixpanel_segmentation('A', {DAYS}, type := 'average')") == [(1.5,), (None,), (2.0,)]
    serve(sim, "segmentation-average", '{"results": {"2024-01-01": "NaN", "2024-01-02": null}}')
    assert rows(con, f"SELECT average FROM {REPORTS['segmentation-average'][1]}") == [(None,), (None,)]


@pytest.mark.parametrize("number", ["1e400", "-1e400", '"Infinity"', '"-inf"', '"1e400"'])
def test_what_is_infinite_is_no_double(con, sim, number):
    step = f'{{"count": 1, "event": "A", "avg_time": {number}}}'
    for folder, body in {
        "segmentation-average": f'{{"results": {{"2024-01-01": {number}}}}}',
        "segmentation-sum": f'{{"results": {{"2024-01-01": {number}}}}}',
        "funnels": f'{{"data": {{"2024-01-01": {{"steps": [{step}]}}}}}}',
    }.items():
        error = error_of(con, f"FROM {serve(sim, folder, body)}")
        assert "[UNEXPECTED_RESPONSE]" in error and "raw := true" in error, folder
    events = f'{{"events": [{{"event": "A", "amount": {number}, "percent_change": 0}}]}}'
    sim.add_fault("body", path="/api/query/events/top", times=None, body=events)
    error = error_of(con, "FROM mixpanel_top_events(type := 'average')")
    assert "[UNEXPECTED_RESPONSE]" in error and "To see the whole answer, use mixpanel_api" in error


SHAPES = ["", "null", "3", '"x"', "[}", '{"data": null}', '{"data": 1}', '{"data": [[1]]}', '{"results": [1]}',
          '{"data": {"2024-01-01": "x"}}', '{"data": {"values": {"A": [1]}}}', '{"data": {"values": {"A": {"soon": 1}}}}',
          '{"soon": {"counts": [1], "first": 1}}', '{"results": {"soon": 1}}', '{"2024-01-01": {"counts": 1, "first": 1}}',
          # Lists whose elements are what an object's members would be.
          '[[{"A": {"2024-01-01": 1}}]]', '{"data": [{"A": {"2024-01-01": 1}}]}', '[{"2024-01-01": 1}]', '[{"2024-01-01": [1]}]',
          '{"2024-01-01": [[1], 1]}', '[{"2024-01-01": {"steps": []}}]', '{"data": {"2024-01-01": {"steps": [[1, "A"]]}}}']  # fmt: skip


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


# An object is a row of a script's, and so is each element of a list.
WRONG = [(folder, body) for folder in REPORTS for body in SHAPES if folder != "jql" or not (is_object(body) or body.startswith("[{") or body.startswith("[[{"))]


@pytest.mark.parametrize("folder, body", WRONG)
def test_other_shapes_are_errors(con, sim, folder, body):
    error = error_of(con, f"FROM {serve(sim, folder, body)}")
    assert "[UNEXPECTED_RESPONSE]" in error and "was expected, but" in error or "were expected, but" in error, error


@pytest.mark.parametrize("folder", REPORTS)
@pytest.mark.parametrize("body", ["[[]", "{", '{"data": ', '{"data": {"values": {"A": {"2024-01-01": 1}}}'])
def test_what_breaks_off_is_asked_for_again(con, sim, folder, body):
    call = serve(sim, folder, body)
    assert "[TRUNCATED] after 6 attempts: the answer breaks off" in error_of(con, f"FROM {call}")
    assert len(sim.settled()) == 6


@pytest.mark.parametrize("folder", REPORTS)
def test_what_comes_with_status_200_and_is_no_answer(con, sim, folder):
    route, call, _ = REPORTS[folder]
    path, call = f"/api/query/{route}", call.replace("12345", "8101")
    sim.add_fault("error_in_200", path=path, times=None, error="Invalid funnel ID")
    assert "[INVALID_REQUEST]" in (error := error_of(con, f"FROM {call}")) and "Invalid funnel ID" in error
    sim.reset()
    sim.add_fault("html_200", path=path, times=None)
    assert "[UNEXPECTED_RESPONSE]" in (error := error_of(con, f"FROM {call}")) and "Log in to Mixpanel" in error
    sim.reset()
    sim.add_fault("cut", path=path, times=None)
    assert "[TRUNCATED]" in error_of(con, f"FROM {call}")


def refusals() -> dict[str, tuple[str, dict, str, str]]:
    """Words, headers, code and fix of each kind of 429, from where they were recorded."""
    def text(name: str) -> str:
        return json.loads((FOLDER / "errors" / name).read_text())["body_text"]

    concurrency = json.loads((FOLDER / "errors" / "429-query-concurrency-2026.http.json").read_text())["headers"] | {"Retry-After": "0"}
    return {
        "hour": (text("429-query-2022-airbyte.http.json"), {}, "the hourly limit of ", "gives each request back an hour after it was made"),
        "concurrency": (text("429-query-concurrency-2026.http.json"), concurrency, "limit of concurrent requests", "when the project's other queries"),
        "load": (text("429-docs-code-error-status.http.json"), {}, "limit of concurrent requests", "when the project's other queries"),
        "long": (text("429-docs-code-error-status.http.json"), {"Retry-After": "900"}, "has paused requests for", "Run it again at "),
    }  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("kind, requests", [("hour", 1), ("concurrency", 6), ("load", 6), ("long", 1)])
def test_every_kind_of_429_is_told_apart(con, sim, kind, requests):
    body, headers, what, fix = refusals()[kind]
    call = serve(sim, "funnels", body, status=429, headers={"content-type": "application/json"} | headers)
    error = error_of(con, f"FROM {call}")
    assert "[RATE_LIMITED]" in error and what in error and fix in error, error
    assert json.loads(body)["error"][:60] in error
    # Only what passes in a moment is tried again.
    assert len(sim.settled()) == requests


@pytest.mark.parametrize("status, code", [(403, "PERMISSION_DENIED"), (404, "NOT_FOUND"), (410, "INVALID_REQUEST"), (501, "SERVER_ERROR")])
def test_a_project_without_jql(con, sim, status, code):
    sim.add_fault("status", path="/api/query/jql", times=None, status=status)
    error = error_of(con, f"FROM {REPORTS['jql'][1]}")
    assert f"[{code}]" in error and "Mixpanel is retiring JQL" in error and "SQL over mixpanel_export" in error
    assert len(sim.settled()) == 1
    sim.add_fault("status", path="/api/query/funnels", times=None, status=status)
    assert "JQL" not in error_of(con, f"FROM mixpanel_funnel(1, {DAYS})")


def test_a_script_with_a_mistake(con, sim):
    error = error_of(con, "FROM mixpanel_jql('function main() { retrun 1 }')")
    assert "[INVALID_REQUEST] Mixpanel could not run the JQL script (HTTP 412" in error and "SyntaxError" in error
    assert len(sim.settled()) == 1


def segments(count: int, value) -> dict:
    return {f"s{number}": value for number in range(count)}


MANY = {
    "segmentation": lambda count: {"data": {"values": segments(count, {"2024-01-01": 1})}},
    "event-properties": lambda count: {"data": {"values": segments(count, {"2024-01-01": 1})}},
    "funnels": lambda count: {"data": {"2024-01-01": {"$overall": []} | segments(count, [{"count": 1, "event": "A"}])}},
    "retention": lambda count: {"2024-01-01": {"$overall": {"counts": [1], "first": 1}} | segments(count, {"counts": [1], "first": 1})},
    "frequency": lambda count: {"data": {"2024-01-01": {"$overall": [1]} | segments(count, [1])}},
}


@pytest.mark.parametrize("folder", MANY)
def test_as_many_segments_as_were_asked_for_may_not_be_all(con, sim, folder):
    call = REPORTS[folder][1][:-1] + (")" if folder == "event-properties" else ", segment_by := 'x')")
    serve(sim, folder, json.dumps(MANY[folder](9_999)))
    assert rows(con, f"SELECT count(*) >= 9999 FROM {call}") == [(True,)]
    sim.reset()
    rows(con, "CALL mixpanel_clear_cache()")
    serve(sim, folder, json.dumps(MANY[folder](10_000)))
    error = error_of(con, f"FROM {call}")
    assert "[TRUNCATED] the answer has 10000 segments" in error and "max_rows := 10000" in error, error
    assert rows(con, f"SELECT count(*) >= 10000 FROM {call[:-1]}, max_rows := 10000)") == [(True,)]
    assert [request.params["limit"] for request in sim.settled()] == ["10000", "10000"]
