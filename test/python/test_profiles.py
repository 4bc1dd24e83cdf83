"""Tests `mixpanel_profiles`: every profile exactly once, whatever the pages are like, and the requests for them."""
from __future__ import annotations

import json
import time

import pytest
from conftest import HOST, PROJECT, Project, Simulator, error_of, last_fetch, rows
from expected_profiles import ENGAGE, asked_pages, engage_requests, fetched_profiles, held_profiles
from simulator import Limits, peak_concurrency

GROUP = -1405123841946871899
VIEWED = """[{"window": "30d", "name": "viewed", "event_selectors": [{"event": "View Item"}]}]"""
BEHAVIORS = """behaviors := [{'window': '30d', 'name': 'viewed', 'event_selectors': [{'event': 'View Item'}]}]"""


@pytest.fixture(scope="module")
def all_profiles(shared_simulator):
    shared_simulator.reset()
    return held_profiles(shared_simulator)


def profiles(arguments: str = "") -> str:
    return f"mixpanel_profiles({arguments})"


def start(monkeypatch, **options) -> Simulator:
    """Another project: 250 profiles in pages of 40 unless told otherwise."""
    limits = options.pop("limits", False)
    simulator = Simulator(Project(**{"days": 2, "events_per_day": 50, "profiles": 250, "page_size": 40} | options), limits=limits)
    monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
    monkeypatch.setenv("MP_PROJECT_ID", str(simulator.project.project_id))
    return simulator.start()


@pytest.fixture
def small(monkeypatch):
    with start(monkeypatch) as simulator:
        yield simulator


def test_rows_are_the_projects_profiles(con, sim, all_profiles):
    """Every profile once, every value as it was sent, the odd ones too."""
    assert len(all_profiles) == PROJECT.profiles
    assert fetched_profiles(con, profiles()) == all_profiles
    assert fetched_profiles(con, profiles("max_workers := 1")) == all_profiles


def test_a_stranger_project_reads_the_same(con, monkeypatch):
    """Every fifth profile odd: no oddity is rare enough here to hide."""
    with start(monkeypatch, weird_rate=0.2, seed=7) as odd:
        assert fetched_profiles(con, profiles()) == held_profiles(odd)


def test_create_table_as_keeps_all_rows(con, sim, all_profiles):
    con.execute(f"CREATE TABLE profiles AS FROM {profiles()}")
    assert fetched_profiles(con, "profiles") == all_profiles
    assert rows(con, "SELECT count(*) FILTER (NOT json_valid(properties)) FROM profiles") == [(0,)]


def test_the_columns_and_their_types(con, sim):
    described = con.execute(f"DESCRIBE FROM {profiles()}").fetchall()
    assert [row[:2] for row in described] == [("distinct_id", "VARCHAR"), ("properties", "JSON"), ("last_seen", "TIMESTAMP")]
    described = con.execute(f"DESCRIBE FROM {profiles('raw := true')}").fetchall()
    assert [row[:2] for row in described] == [("profile", "JSON")]


def test_values_keep_every_byte(con, sim):
    sim.set_profiles([
        '{"$distinct_id": 4, "$properties": {"Big": 123456789012345678901234567890, "x": 1.50, "$last_seen": "2025-01-02T03:04:05"}}',
        r'{"$distinct_id": "4\u00e9", "$properties": {"e": 1e400, "half": "\ud83d!"}}',
        '{"$distinct_id": "empty", "$properties": {}}',
        '{"$distinct_id": "zone", "$properties": {"$last_seen": "2025-01-02T03:04:05+02:00"}}',
        '{"$distinct_id": "odd", "$properties": {"$last_seen": 1735776000, "a": null}}',
    ])  # fmt: skip
    assert sorted(rows(con, f"SELECT distinct_id, properties, last_seen::VARCHAR FROM {profiles()}")) == [
        ("4", '{"Big": 123456789012345678901234567890, "x": 1.50}', "2025-01-02 03:04:05"),
        ("4é", '{"e": 1e400, "half": "\\ufffd!"}', None),
        ("empty", "{}", None),
        ("odd", '{"$last_seen": 1735776000, "a": null}', None),
        ("zone", "{}", "2025-01-02 01:04:05"),
    ]


def test_profiles_that_lack_something(con, sim):
    body = """{"results": [{"$distinct_id": "bare"}, {"$properties": {"a": 1}}, {"$properties": {"a": 1}},
        {"$distinct_id": null, "$properties": null}]}"""
    sim.add_fault("body", path=ENGAGE, body=body)
    query = f"SELECT distinct_id, properties, last_seen FROM {profiles()} ORDER BY ALL NULLS FIRST"
    # Those without an id are several, alike or not.
    alike = (None, '{"a": 1}', None)
    assert rows(con, query) == [alike, alike, (None, "{}", None), ("bare", "{}", None)]


def test_typed_columns(con, sim, all_profiles):
    call = profiles("columns := {'plan': 'VARCHAR', 'loyalty_points': 'DOUBLE', '$city': 'VARCHAR', '$last_seen': 'DATE'}")
    described = [row[:2] for row in con.execute(f"DESCRIBE FROM {call}").fetchall()]
    assert described[3:] == [("plan", "VARCHAR"), ("loyalty_points", "DOUBLE"), ("$city", "VARCHAR"), ("$last_seen", "DATE")]
    con.execute(f"CREATE TABLE typed AS FROM {call}")
    assert fetched_profiles(con, "typed") == all_profiles
    same = """plan IS NOT DISTINCT FROM (properties->>'plan') AND "$city" IS NOT DISTINCT FROM (properties->>'$."$city"')
        AND loyalty_points IS NOT DISTINCT FROM TRY_CAST(properties->>'loyalty_points' AS DOUBLE)"""
    assert rows(con, f"SELECT count(*) FILTER (NOT ({same})), count(plan) > 2000 FROM typed") == [(0, True)]


def test_raw_is_what_was_sent(con, sim):
    sent = [
        '{"$distinct_id": 4, "$properties": {"x" : 1.50 , "$last_seen": "2025-01-02T03:04:05"}, "new": [1]}',
        '{\n  "$distinct_id": "a"\n}',
    ]
    sim.add_fault("body", path=ENGAGE, body='{"results": [' + ",\n ".join(sent) + "]}")
    assert rows(con, f"FROM {profiles('raw := true')}") == [(text,) for text in sent]
    assert rows(con, f"SELECT count(*), count(DISTINCT profile->>'$.\"$distinct_id\"') FROM {profiles('raw := true')}") == [(2500, 2500)]


@pytest.mark.parametrize("columns", [
    "distinct_id", "last_seen", "properties", "last_seen, distinct_id", "properties, last_seen", "1 AS one",
])  # fmt: skip
def test_projection_gives_the_same_values(con, sim, columns):
    con.execute(f"CREATE TABLE everything AS FROM {profiles()}")
    query = f"SELECT {columns} FROM"
    assert sorted(map(repr, rows(con, f"{query} {profiles()}"))) == sorted(map(repr, rows(con, f"{query} everything")))


def test_counting_needs_no_columns(con, sim):
    assert rows(con, f"SELECT count(*) FROM {profiles()}") == [(2500,)]
    assert rows(con, f"SELECT count(*) FROM {profiles('raw := true')}") == [(2500,)]


# What goes over the wire


def test_the_first_page_comes_first_and_all_have_the_same_fields(con, small):
    filter = """properties["plan"] == "free" or "é&=+%" in properties["$name"]"""
    con.execute("SELECT count(*) FROM mixpanel_profiles(filter := ?, output_properties := ['plan', 'a,\"b\"'], workspace_id := 3001)",
                [filter])  # fmt: skip
    requests = engage_requests(small)
    first, later = requests[0], requests[1:]
    expected = {"where": filter, "output_properties": '["plan","a,\\"b\\""]'}
    assert first.form == expected | {"page": "0"} and later
    session = later[0].form["session_id"]
    for page, request in enumerate(sorted(later, key=lambda request: int(request.form["page"])), 1):
        assert request.form == expected | {"session_id": session, "page": str(page)}
    for request in requests:
        assert request.method == "POST" and request.status == 200
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.params == {"project_id": "12345", "workspace_id": "3001"}
    assert all(request.started >= first.started for request in later)


@pytest.mark.parametrize("workers", [1, 3, 5])
def test_no_more_pages_at_once_than_asked_for(con, monkeypatch, workers):
    with start(monkeypatch, page_size=10) as simulator:
        simulator.add_fault("latency", path=ENGAGE, times=None, seconds=0.02)
        assert rows(con, f"SELECT count(*) FROM {profiles(f'max_workers := {workers}')}") == [(250,)]
        requests = engage_requests(simulator)
        assert sorted(asked_pages(requests)) == list(range(25)) and peak_concurrency(requests[1:]) <= workers


@pytest.mark.parametrize("terse", [True, False])
@pytest.mark.parametrize("count, page_size, pages", [(250, 40, 7), (240, 40, 6), (40, 40, 2), (39, 40, 1), (0, 40, 1), (41, 40, 2)])
def test_pages_are_asked_for_once_and_none_in_vain(con, monkeypatch, terse, count, page_size, pages):
    """But for the one behind a full first page, which alone can't prove that it is all."""
    with start(monkeypatch, profiles=count, page_size=page_size, terse_pages=terse) as simulator:
        assert fetched_profiles(con, profiles()) == held_profiles(simulator)
        assert sorted(asked_pages(engage_requests(simulator))) == list(range(pages))


def test_pages_that_are_not_full_lose_nothing(con, monkeypatch):
    with start(monkeypatch, short_pages=True) as simulator:
        assert fetched_profiles(con, profiles()) == held_profiles(simulator)
        # Thirty a page.
        assert sorted(asked_pages(engage_requests(simulator))) == list(range(9))


def body(ids, **more) -> str:
    results = [{"$distinct_id": name, "$properties": {"n": name}} for name in ids]
    return json.dumps({"results": results, "status": "ok"} | more)


def serve(sim, *pages: str) -> None:
    """These bodies for pages 0, 1, ..., and empty ones behind them."""
    for page, text in enumerate(pages):
        sim.add_fault("body", path=ENGAGE, times=None, match={"page": page}, body=text)
    sim.add_fault("body", path=ENGAGE, times=None, body=body([]))


def ids_of(con, arguments: str = "") -> list[str]:
    return sorted(name for (name,) in rows(con, f"SELECT distinct_id FROM {profiles(arguments)}"))


@pytest.mark.parametrize("total", [None, 1, 5, "nonsense", 6.5])
def test_a_total_that_is_too_small_or_absent_is_not_believed(con, sim, total):
    """Pages are asked for until one is empty."""
    first = {"session_id": "s", "page_size": 2} | ({} if total is None else {"total": total})
    serve(sim, body("ab", **first), body("c", session_id="s"), body("def", session_id="s"))
    assert ids_of(con) == list("abcdef")
    assert sorted(asked_pages(engage_requests(sim))) == [0, 1, 2, 3]


def test_a_total_that_does_not_come_true_is_a_warning(con, sim):
    """Members of a cohort without a profile, or profiles that were deleted meanwhile: the empty page is asked for twice."""
    serve(sim, body("ab", session_id="s", total=5, page_size=2), body("cd", session_id="s"))
    con.execute(f"CREATE TABLE profiles AS FROM {profiles()}")
    assert [name for (name,) in rows(con, "SELECT distinct_id FROM profiles ORDER BY ALL")] == list("abcd")
    assert sorted(asked_pages(engage_requests(sim))) == [0, 1, 2, 2]
    (warning,) = json.loads(last_fetch(con)["warnings"])
    assert warning == {"code": "FEWER_PROFILES", "message": "Mixpanel announced 5 profiles but returned 4. Page 2 was empty twice"}


def test_a_page_that_was_empty_by_mistake(con, sim):
    sim.add_fault("body", path=ENGAGE, match={"page": 1}, body='{"results": []}')
    serve(sim, body("ab", session_id="s", total=5, page_size=2), body("cd", session_id="s"), body("e", session_id="s"))
    assert ids_of(con) == list("abcde") and last_fetch(con)["warnings"] == "[]"
    assert asked_pages(engage_requests(sim)).count(1) == 2


def test_a_page_that_can_not_be_had_is_an_error_all_the_same(con, sim):
    serve(sim, body("ab", session_id="s", total=5, page_size=2), body("cd", session_id="s"))
    sim.reset()
    sim.add_fault("status", path=ENGAGE, times=None, match={"page": 2}, status=500)
    serve(sim, body("ab", session_id="s", total=5, page_size=2), body("cd", session_id="s"))
    assert "page 2" in error_of(con, f"FROM {profiles()}")


@pytest.mark.parametrize("total, requests", [(2, 3), (3, 4), (5, 5)])
def test_pages_without_end(con, sim, total, requests):
    """Two more than the total needs, and no thousands."""
    serve(sim, *(body([f"user {number}", f"user {number + 0.5}"], session_id="s", **({"total": total, "page_size": 2} if number == 0 else {})) for number in range(50)))
    error = error_of(con, f"CREATE TABLE profiles AS FROM {profiles('max_workers := 1')}")
    assert f"[TRUNCATED] Mixpanel announced {total} profiles but returned {2 * requests} and no empty page after them" in error
    assert asked_pages(engage_requests(sim)) == list(range(requests))


def test_a_profile_on_two_pages_is_one_row(con, sim):
    """Pages shift when the server makes its answer anew: twice is once, and no shortage."""
    for total in (5, 6):
        sim.reset()
        serve(sim, body("abc", session_id="s", total=total), body("cde", session_id="s"))
        assert ids_of(con) == list("abcde") and last_fetch(con)["warnings"] == "[]"
    sim.reset()
    # The last page holds nothing new.
    serve(sim, body("abc", session_id="s", total=4), body("c", session_id="s"))
    assert ids_of(con) == list("abc")
    sim.reset()
    serve(sim, body(["a", 4, "b"], session_id="s", total=4), body(["4", "c"], session_id="s"))
    assert ids_of(con) == ["4", "a", "b", "c"]


def test_an_id_that_several_questions_find_is_one_row(con, sim):
    """An alias and the id that it stands for may be asked for in different batches: both find the profile of the id."""
    first, second = body(["canonical", "a"], total=2), body(["b", "canonical"], total=2)
    for batch in (first, second):
        sim.add_fault("body", path=ENGAGE, body=batch)
    assert ids_of(con, "distinct_ids := list_transform(range(2001), lambda number: 'u' || number)") == ["a", "b", "canonical"]
    # A batch that finds nothing else is no server that repeats itself.
    sim.reset()
    sim.add_fault("body", path=ENGAGE, times=None, body=body(["canonical"], total=1))
    assert ids_of(con, "distinct_ids := list_transform(range(4001), lambda number: 'u' || number)") == ["canonical"]
    sim.reset()
    sim.add_fault("body", path=ENGAGE, times=None, body='{"results": [{"$properties": {"a": 1}}]}')
    assert ids_of_nobody(con, "distinct_ids := list_transform(range(2001), lambda number: 'u' || number)") == 2


def ids_of_nobody(con, arguments: str = "") -> int:
    return rows(con, f"SELECT count(*) FROM {profiles(arguments)} WHERE distinct_id IS NULL")[0][0]


def test_profiles_without_an_id_on_several_pages(con, sim):
    """Alike or not, they are several, until all that were announced are here."""
    nameless, more = {"$properties": {"a": 1}}, {"session_id": "s", "page_size": 2}

    def page(*results, **more) -> str:
        return json.dumps({"results": list(results)} | more)

    serve(sim, page(nameless, {"$distinct_id": "x"}, total=4, **more), page(nameless, {"$distinct_id": "y"}))
    assert rows(con, f"SELECT distinct_id FROM {profiles()} ORDER BY ALL NULLS FIRST") == [(None,), (None,), ("x",), ("y",)]
    sim.reset()
    serve(sim, page(nameless, nameless, total=4, **more), page(nameless, nameless))
    assert ids_of_nobody(con) == 4
    # Without a number announced, a page like that may be the first one again, for ever.
    sim.reset()
    sim.add_fault("body", path=ENGAGE, times=None, body=page(nameless, nameless, **more))
    assert "page 1 has only profiles of earlier pages" in error_of(con, f"FROM {profiles()}")
    assert len(engage_requests(sim)) == 2


def test_a_server_that_says_the_same_again_and_again(con, sim):
    sim.add_fault("body", path=ENGAGE, times=None, body=body("ab", session_id="s"))
    assert "page 1 has only profiles of earlier pages" in error_of(con, f"FROM {profiles()}")
    assert len(engage_requests(sim)) == 2


@pytest.mark.parametrize("answer, whole", [
    (body("ab"), True), (body("ab", total=2), True), (body("ab", session_id=None, page_size=3), True), (body([]), True),
    (body("ab", page_size=2), False), (body("ab", total=3), False), (body(map(str, range(1000))), False),
])  # fmt: skip
def test_without_a_session_there_is_one_page(con, sim, answer, whole):
    """Where it may not be all, that is said."""
    sim.add_fault("body", path=ENGAGE, times=None, body=answer)
    if whole:
        assert len(ids_of(con)) == len(json.loads(answer)["results"])
    else:
        assert "[TRUNCATED]" in error_of(con, f"FROM {profiles()}")
    assert len(engage_requests(sim)) == 1


# Who is asked for


def test_one_id(con, small):
    (name,) = rows(con, f"SELECT distinct_id FROM {profiles()} ORDER BY 1 LIMIT 1 OFFSET 17")[0]
    small.clear()
    assert ids_of(con, f"distinct_id := '{name}'") == [name]
    assert ids_of(con, "distinct_id := 'nobody'") == []
    assert [request.form for request in engage_requests(small)] == [
        {"distinct_id": name, "page": "0"}, {"distinct_id": "nobody", "page": "0"},
    ]  # fmt: skip


def test_ids_in_batches_of_2000(con, sim):
    everyone = ids_of(con)
    sim.clear()
    asked = ["nobody"] + everyone[:2100] + everyone[:50] + ["nobody"]
    con.execute("CREATE TABLE found AS FROM mixpanel_profiles(distinct_ids := ?, filter := 'true')", [asked])
    assert ids_of_table(con) == everyone[:2100]
    requests = engage_requests(sim)
    batches = [json.loads(request.form["distinct_ids"]) for request in requests if request.form["page"] == "0"]
    assert batches == [["nobody"] + everyone[:1999], everyone[1999:2100]]
    assert sorted((len(json.loads(request.form["distinct_ids"])), int(request.form["page"])) for request in requests) == [
        (101, 0), (2000, 0), (2000, 1),
    ]  # fmt: skip
    assert {request.form["where"] for request in requests} == {"true"}
    record = last_fetch(con)
    assert (record["windows"], record["windows_done"], record["requests"], record["rows"]) == (3, 3, 3, 2100)


def ids_of_table(con) -> list[str]:
    return sorted(name for (name,) in rows(con, "SELECT distinct_id FROM found"))


def test_no_ids_are_no_rows_and_no_request(con, sim):
    assert rows(con, f"FROM {profiles('distinct_ids := []')}") == []
    con.execute("SELECT count(*) FROM mixpanel_profiles(distinct_ids := ?)", [[]])
    assert con.fetchall() == [(0,)] and not sim.settled()
    assert last_fetch(con)["finished"] is not None


@pytest.mark.parametrize("arguments, form", [
    ("distinct_id := 42", {"distinct_id": "42"}),
    ("distinct_id := 42::UBIGINT", {"distinct_id": "42"}),
    ("distinct_ids := [42, 7, 42]", {"distinct_ids": '["42","7"]'}),
    ("distinct_ids := ['a', 42::VARCHAR]", {"distinct_ids": '["a","42"]'}),
    ("distinct_ids := [18446744073709551616]", {"distinct_ids": '["18446744073709551616"]'}),
])  # fmt: skip
def test_ids_that_are_numbers(con, sim, arguments, form):
    rows(con, f"FROM {profiles(arguments)}")
    assert [request.form for request in engage_requests(sim)] == [form | {"page": "0"}]


@pytest.mark.parametrize("name", ["distinct_id", "distinct_ids", "group_id", "cohort_id", "behaviors"])
@pytest.mark.parametrize("null", ["NULL", "NULL::VARCHAR", "NULL::VARCHAR[]", "NULL::INTEGER", "getvariable('unset')", "getvariable('ids')"])
def test_null_does_not_select_everybody(con, sim, name, null):
    con.execute("SET VARIABLE ids = (SELECT list('a') WHERE false)")
    for statement in ("DESCRIBE FROM", "FROM"):
        error = error_of(con, f"{statement} {profiles(f'{name} := {null}')}")
        assert f"[INVALID_ARGUMENT] {name}: is NULL. Leave it out" in error, error
    con.execute(f"SET VARIABLE ids = (SELECT coalesce(list('a') FILTER (WHERE false), []))")
    if name == "distinct_ids":
        assert rows(con, f"FROM {profiles('distinct_ids := getvariable($$ids$$)')}") == []
    assert not sim.settled()


@pytest.mark.skipif(HOST != "v2", reason="pragmas need the second C API")
@pytest.mark.parametrize("pragma", ["mixpanel_fetch_profiles", "mixpanel_sync_profiles"])
def test_pragmas_select_alike(con, small, pragma):
    for null in ("NULL", "getvariable('unset')"):
        for name in ("distinct_id", "distinct_ids", "cohort_id"):
            assert f"{name}: is NULL. Leave it out" in error_of(con, f"PRAGMA {pragma}('people', {name} = {null})")
    con.execute(f"PRAGMA {pragma}('people', distinct_ids = [])")
    assert rows(con, "SELECT count(*) FROM people") == [(0,)] and not small.settled()
    con.execute(f"PRAGMA {pragma}('numbered', distinct_ids = [42, 7], filter = NULL)")
    assert [request.form for request in engage_requests(small)] == [{"distinct_ids": '["42","7"]', "page": "0"}]


def test_null_elsewhere_is_not_given(con, small):
    others = ["filter", "output_properties", "include_all_users", "as_of_timestamp", "columns", "raw", "max_workers", "label",
              "account", "project_id", "region", "workspace_id"]  # fmt: skip
    assert rows(con, f"SELECT count(*) FROM {profiles(', '.join(f'{name} := NULL' for name in others))}") == [(250,)]
    assert json.loads(last_fetch(con)["arguments"]) == {}


def test_a_macro_may_hand_ids_on(con, small):
    con.execute("CREATE MACRO people(ids) AS TABLE SELECT distinct_id FROM mixpanel_profiles(distinct_ids := ids::VARCHAR[])")
    assert rows(con, "FROM people(['nobody'])") == []
    assert json.loads(engage_requests(small)[0].form["distinct_ids"]) == ["nobody"]
    assert "distinct_ids: is NULL" in error_of(con, "FROM people(NULL)")


@pytest.mark.parametrize("group", [f"{GROUP}", f"'{GROUP}'", f"{GROUP}::HUGEINT"])
def test_groups(con, sim, group):
    assert fetched_profiles(con, profiles(f"group_id := {group}")) == held_profiles(sim, str(GROUP))
    assert engage_requests(sim)[0].form == {"data_group_id": str(GROUP), "page": "0"}


def test_cohorts(con, sim):
    def found(arguments: str) -> tuple[int, int]:
        """How many there are, and how many of them have properties."""
        return rows(con, f"SELECT count(*), count(*) FILTER (properties != '{{}}') FROM {profiles(arguments)}")[0]

    everybody, real = found("cohort_id := 1002, include_all_users := true")
    assert everybody > real > 0
    assert found("cohort_id := 1002, include_all_users := false") == found("cohort_id := '1002'") == (real, real)
    assert found("cohort_id := 1003") == (0, 0)
    assert found("cohort_id := 1007")[0] == len([p for p in held_profiles(sim, str(GROUP)) if json.loads(p)[1].get("employees", 0) > 10000])
    forms = [request.form for request in engage_requests(sim)]
    assert {form["filter_by_cohort"] for form in forms} == {'{"id":1002}', '{"id":1003}', '{"id":1007}'}
    assert [form["include_all_users"] for form in forms] == ["true", "false", "false", "false", "false"]
    assert "Cohort 99 not found" in error_of(con, f"FROM {profiles('cohort_id := 99')}")


def test_a_cohort_of_several_pages(con, monkeypatch):
    with start(monkeypatch, page_size=5) as simulator:
        found = fetched_profiles(con, profiles("cohort_id := 1001"))
        assert found == [profile for profile in held_profiles(simulator) if json.loads(profile)[1].get("plan") == "pro"]
        requests = engage_requests(simulator)
        assert len(requests) > 1 and {request.form["include_all_users"] for request in requests} == {"false"}


@pytest.mark.parametrize("behaviors", [BEHAVIORS, f"behaviors := '{VIEWED}'"])
def test_behaviors_are_of_one_moment(con, small, behaviors):
    """Without `as_of_timestamp` Mixpanel has no further pages: it is set, once for all."""
    call = profiles(f"""{behaviors}, filter := 'behaviors["viewed"] >= 0'""")
    before = int(time.time())
    assert fetched_profiles(con, call) == held_profiles(small)
    requests = engage_requests(small)
    assert sorted(asked_pages(requests)) == list(range(7))
    ((as_of,),) = {(request.form["as_of_timestamp"],) for request in requests}
    assert before - 61 <= int(as_of) <= time.time() - 60
    assert {json.dumps(json.loads(request.form["behaviors"])) for request in requests} == {json.dumps(json.loads(VIEWED))}


@pytest.mark.parametrize("moment, seconds", [
    ("1735862400", 1735862400), ("TIMESTAMP '2025-01-03 00:00:00'", 1735862400), ("DATE '2025-01-03'", 1735862400),
    ("'2025-01-03T01:00:00+01:00'", 1735862400), ("'1735862400'", 1735862400),
])  # fmt: skip
def test_as_of_a_moment(con, sim, moment, seconds):
    call = profiles(f"""{BEHAVIORS}, filter := 'behaviors["viewed"] > 1', as_of_timestamp := {moment}""")
    found = ids_of(con, call.removeprefix("mixpanel_profiles(").removesuffix(")"))
    assert engage_requests(sim)[0].form["as_of_timestamp"] == str(seconds)
    assert found and set(found) < set(ids_of(con, f"""{BEHAVIORS}, filter := 'behaviors["viewed"] > 1'"""))


REFUSED = [
    ("distinct_id := 'a', distinct_ids := ['b']", "distinct_id: cannot be combined with distinct_ids"),
    ("distinct_id := ''", "distinct_id: must not be empty"),
    ("distinct_ids := ['a', NULL]", "distinct_ids: contains NULL. Use list(distinct_id) FILTER (WHERE distinct_id IS NOT NULL)"),
    ("distinct_ids := [1.5]", "distinct_ids: must be a list of texts or whole numbers"),
    ("distinct_ids := 'a'", "distinct_ids: must be a list of texts or whole numbers"),
    ("distinct_ids := ['']", "distinct_ids: contains an empty string"),
    (f"{BEHAVIORS}, filter := 'true', cohort_id := 1001", "behaviors: cannot be combined with cohort_id"),
    (BEHAVIORS, "behaviors: selects no profiles by itself"),
    ("behaviors := '[]', filter := 'true'", "behaviors: must be a list of objects"),
    ("behaviors := '{', filter := 'true'", "behaviors: is not JSON"),
    ("behaviors := [{'name': 'b'}], filter := 'true'", "behaviors: must be a list of objects"),
    ("behaviors := 7, filter := 'true'", "behaviors: must be JSON"),
    ("include_all_users := true", "include_all_users: needs cohort_id"),
    ("include_all_users := false", "include_all_users: needs cohort_id"),
    ("cohort_id := 0", "cohort_id: must be at least 1"),
    ("cohort_id := 'VIPs'", "cohort_id: must be a whole number"),
    ("cohort_id := 1.5", "cohort_id: must be a whole number"),
    ("group_id := 'company'", "group_id: must be a whole number of 64 bits"),
    ("group_id := 9223372036854775808", "group_id: must be a whole number of 64 bits"),
    ("as_of_timestamp := 99999999999", "as_of_timestamp: is in the future"),
    ("as_of_timestamp := TIMESTAMP '2999-01-01 00:00:00'", "as_of_timestamp: is in the future"),
    ("as_of_timestamp := 'yesterday'", "as_of_timestamp: must be a TIMESTAMP"),
    ("as_of_timestamp := -1", "as_of_timestamp: must be a TIMESTAMP"),
    ("max_workers := 0", "max_workers: must be at least 1"),
    ("max_workers := 6", "max_workers: must be from 1 to 5, not 6"),
    ("columns := {'Last_Seen': 'DATE'}", "columns: 'Last_Seen' is already a column"),
    ("columns := {'plan': 'TEXTS'}", "columns: 'plan': type 'TEXTS' is not supported"),
    ("columns := {'plan': 'TEXT'}, raw := true", "columns: cannot be combined with raw := true"),
    ("output_properties := []", "output_properties: is an empty list"),
    ("filter := ' '", "filter: must not be empty"),
    ("account := 'nobody'", "[ACCOUNT_NOT_FOUND]"),
]


@pytest.mark.parametrize("arguments, problem", REFUSED)
def test_what_is_refused_before_any_request(con, sim, arguments, problem):
    for statement in ("DESCRIBE FROM", "FROM"):
        error = error_of(con, f"{statement} {profiles(arguments)}")
        assert problem in error, error
    assert not sim.settled()


def test_looking_makes_no_request(con, sim):
    call = profiles("distinct_ids := ['a'], columns := {'plan': 'VARCHAR'}")
    for statement in (f"DESCRIBE FROM {call}", f"EXPLAIN FROM {call}", f"CREATE VIEW people AS FROM {call}", "DESCRIBE people",
                      f"FROM {call} LIMIT 0", "PREPARE p AS FROM mixpanel_profiles(distinct_id := $1)"):  # fmt: skip
        con.execute(statement).fetchall()
    assert not sim.settled()


# The hour


def test_further_pages_do_not_count(con, monkeypatch):
    """Both the server and the governor count: 60 questions, of seven pages each, and the next one is refused at once."""
    monkeypatch.delenv("MP_RATE_LIMITS")
    with start(monkeypatch, project_id=88_001, limits=Limits()) as simulator:
        for used in (1, 2):
            assert rows(con, f"SELECT count(*) FROM {profiles()}") == [(250,)]
            query = "SELECT used_last_hour FROM mixpanel_quota() WHERE project_id = '88001' AND api = 'query'"
            assert rows(con, query) == [(used,)]
        assert len(engage_requests(simulator)) == 14 and {request.status for request in simulator.requests} == {200}


def test_questions_that_the_hour_has_no_room_for_are_not_begun(con, monkeypatch):
    monkeypatch.delenv("MP_RATE_LIMITS")
    with start(monkeypatch, project_id=88_002) as simulator:
        # A list that SQL makes: Python's client of DuckDB 1.x needs a minute to hand over so many texts.
        con.execute("SET VARIABLE ids = (SELECT list('u' || range) FROM range(120_001))")
        error = error_of(con, "FROM mixpanel_profiles(distinct_ids := getvariable('ids'))")
        assert "[RATE_LIMITED]" in error and "this needs 61 requests of the query API" in error
        assert "window_days" not in error and not simulator.settled()


def test_the_record_of_a_fetch(con, small):
    rows(con, f"SELECT count(*) FROM {profiles('max_workers := 2, group_id := 5')}")
    record = last_fetch(con)
    assert record["function"] == "mixpanel_profiles" and json.loads(record["arguments"]) == {"group_id": 5, "max_workers": 2}
    rows(con, f"SELECT count(*) FROM {profiles()}")
    record = last_fetch(con)
    assert (record["windows"], record["windows_done"], record["requests"], record["retries"]) == (7, 7, 7, 0)
    assert (record["rows"], record["error"]) == (250, None) and record["started"] <= record["finished"]
    assert 0 < record["bytes"] < sum(request.bytes_sent for request in small.settled())

