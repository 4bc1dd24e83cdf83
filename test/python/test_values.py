"""Tests the values in a line: bytes, ids, times, typed columns. Lines here are sent exactly as they stand."""
from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from conftest import FIRST, Project, Simulator, export, line, rows
from expected import fetched_rows

NOON = 1735732800123  # 2025-01-01 12:00:00.123
DAY = export(last=FIRST)


def properties_of(con, sim, text: str) -> str:
    """The `properties` of a day whose only line has exactly these properties."""
    sim.set_day(FIRST, ['{"event":"A","properties":' + text + "}"])
    ((properties,),) = rows(con, f"SELECT properties FROM {DAY}")
    return properties


@pytest.mark.parametrize("inside", [
    '"a":1',
    '"Big":123456789012345678901234567890,"small":0.1234567890123456789,"e":1e400,"z":-0.0,"E":5e-324',
    '"Note":"\\u00e9\\/\\"\\\\ \\u0000"',
    '"Note":"é🛒\u2028\u2029\u0085"',
    '"a":[1,"two",3.5,true,null,[],{"time":4}],"b":{"time":1,"distinct_id":"x","$insert_id":"y"}',
    '"Id":"1","id":"one","ID":"1.0"',
    '"":1,"a.b":2,"with space":3,"it\'s":4,"esc\\u0061ped":5',
    '"time2":1,"xdistinct_id":2,"$insert_id ":3',
    '"a":1,"a":2',
])  # fmt: skip
def test_properties_keep_their_bytes(con, sim, inside):
    """Without the three that became columns, wherever those stood, and not a byte changed."""
    taken = f'"time":{NOON}', '"distinct_id":"d"', '"$insert_id":"i"'
    for text in (
        "{" + ",".join([*taken, inside]) + "}",
        "{" + ",".join([inside, *taken]) + "}",
        "{" + ",".join([taken[0], inside, *taken[1:]]) + "}",
        "{" + inside + "}",
    ):
        assert properties_of(con, sim, text) == "{" + inside + "}"


@pytest.mark.parametrize("text", ["{}", f'{{"time":{NOON}}}', f'{{"time":{NOON},"distinct_id":"d","$insert_id":"i"}}'])
def test_nothing_left_is_an_empty_object(con, sim, text):
    assert properties_of(con, sim, text) == "{}"


def test_spaces_between_tokens_do_no_harm(con, sim):
    text = f' {{ "time" : {NOON} , "a" : 1 ,\t"$insert_id" : "i" , "b" : {{ }} }} '
    assert json.loads(properties_of(con, sim, text)) == {"a": 1, "b": {}}
    assert rows(con, f"SELECT insert_id, event_time FROM {DAY}") == [("i", datetime(2025, 1, 1, 12, 0, 0, 123000))]


@pytest.mark.parametrize("escape", [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"x\uD83Dy", r"\ud83d\u0041", r"\ud83d\n"])
def test_lone_surrogates_become_replacement_characters(con, sim, escape):
    """DuckDB's JSON functions refuse them: one would make the whole column unreadable."""
    properties = properties_of(con, sim, f'{{"time":{NOON},"Note":"a{escape}b","k{escape}":1,"deep":[{{"n":"{escape}"}}]}}')
    assert "\ufffd" in json.loads(properties)["Note"]
    # By the functions that refuse them.
    query = f"SELECT json_valid(properties), properties ->> 'Note', len(json_keys(properties)) FROM {DAY}"
    ((valid, note, keys),) = rows(con, query)
    assert (valid, keys) == (True, 3)
    assert note[0] == "a" and note[-1] == "b" and "\ufffd" in note


def test_surrogate_pairs_stay(con, sim):
    assert properties_of(con, sim, r'{"Note":"\ud83d\ude00"}') == r'{"Note":"\ud83d\ude00"}'


@pytest.mark.parametrize("sent, expected", [
    ('"abc"', "abc"), ('""', ""), ("null", None), ("4711", "4711"), ("-1405123841946871899", "-1405123841946871899"),
    ("123456789012345678901234567890", "123456789012345678901234567890"), (r'"\u00e9\"\\"', 'é"\\'),
    (r'"\ud83d"', "\ufffd"), (r'"a\u0000b"', "a\0b"), ('"🦆"', "🦆"),
])  # fmt: skip
@pytest.mark.parametrize("key, column", [("distinct_id", "distinct_id"), ("$insert_id", "insert_id")])
def test_ids(con, sim, key, column, sent, expected):
    """A missing one is NULL, an empty one is empty, a number is its digits."""
    sim.set_day(FIRST, [f'{{"event":"A","properties":{{"time":{NOON},"{key}":{sent}}}}}'])
    assert rows(con, f"SELECT {column}, properties FROM {DAY}") == [(expected, "{}")]


def test_missing_ids_and_times_are_null(con, sim):
    sim.set_day(FIRST, ['{"event":"A","properties":{}}'])
    assert rows(con, f"SELECT * FROM {DAY}") == [("A", None, None, None, "{}")]


@pytest.mark.parametrize("sent, expected", [
    (r'""', ""), (r'"An \"e-mail\", twice"', 'An "e-mail", twice'), (r'"\u8cfc\u5165 🛒"', "購入 🛒"), (r'" a "', " a "),
    (r'"\ud83d"', "\ufffd"),
])  # fmt: skip
def test_event_names(con, sim, sent, expected):
    sim.set_day(FIRST, [f'{{"event":{sent},"properties":{{"time":{NOON}}}}}'])
    assert rows(con, f"SELECT event_name FROM {DAY}") == [(expected,)]


@pytest.mark.parametrize("sent, expected", [
    (str(NOON), datetime(2025, 1, 1, 12, 0, 0, 123000)),
    ("null", None), ('"soon"', None), ("true", None), ("[]", None), ("1e400", None),
])  # fmt: skip
def test_times(con, sim, sent, expected):
    """One bad value never fails a load."""
    sim.set_day(FIRST, [f'{{"event":"A","properties":{{"time":{sent}}}}}', line("B", time=NOON)])
    assert rows(con, f"SELECT event_time FROM {DAY} WHERE event_name = 'A'") == [(expected,)]


def test_keys_may_come_in_any_order_and_others_beside_them(con, sim):
    sim.set_day(FIRST, [f'{{"properties":{{"a":"}}","time":{NOON}}},"extra":[{{"event":"no"}}],"event":"A"}}'])
    assert rows(con, f"SELECT event_name, event_time, properties FROM {DAY}") == [
        ("A", datetime(2025, 1, 1, 12, 0, 0, 123000), '{"a":"}"}')
    ]


def test_bytes_that_are_no_utf8_are_replaced(con, sim):
    """The row stays, its good parts too; and what comes out is a text that DuckDB takes."""
    sim.set_day(FIRST, [
        b'{"event":"A","properties":{"time":1735732800123,"distinct_id":"\xc3","$insert_id":"i","x":"\xf0\x9f","y":1}}',
        line("B", time=NOON),
    ])  # fmt: skip
    assert rows(con, f"SELECT count(*) FROM {DAY}") == [(2,)]
    query = f"SELECT event_name, distinct_id, insert_id, properties ->> 'x', properties ->> 'y' FROM {DAY} ORDER BY event_name"
    assert rows(con, query)[0] == ("A", "\ufffd", "i", "\ufffd", "1")


def test_raw_is_the_line(con, sim):
    lines = [line("A", time=NOON, **{"$insert_id": "i", "Big": 10**30}), '{"event":"B", "properties":{"x" :1e400}}']
    sim.set_day(FIRST, lines)
    assert con.execute(f"DESCRIBE FROM {export('raw := true', last=FIRST)}").fetchall()[0][:2] == ("event", "JSON")
    raw = rows(con, f"SELECT event FROM {export('raw := true', last=FIRST)}")
    assert sorted(text for (text,) in raw) == sorted(lines)


def test_raw_lines_are_all_valid(con, sim):
    query = f"SELECT count(*), count(json_extract_string(event, 'event')) FROM {export('raw := true')} WHERE json_valid(event)"
    assert rows(con, query) == [(1500, 1500)]


TYPED = [
    ("VARCHAR", '"text"', "text"), ("VARCHAR", "1.50", "1.50"), ("VARCHAR", "true", "true"), ("VARCHAR", "null", None),
    ("VARCHAR", '""', ""), ("VARCHAR", '{"a": 1}', '{"a": 1}'), ("VARCHAR", r'"\u00e9\n\u0041"', "é\nA"),
    ("JSON", '{"a": [1]}', '{"a": [1]}'), ("JSON", '"x"', '"x"'),
    ("BOOLEAN", "true", True), ("BOOLEAN", "false", False), ("BOOLEAN", '"yes it is"', None),
    ("INTEGER", "42", 42), ("INTEGER", '"42"', 42), ("INTEGER", "2147483648", None), ("INTEGER", '"x"', None),
    ("BIGINT", "-9223372036854775808", -(2**63)), ("BIGINT", "9223372036854775808", None),
    ("DOUBLE", "19.99", 19.99), ("DOUBLE", '"19.99"', 19.99), ("DOUBLE", "20", 20.0), ("DOUBLE", '"n/a"', None),
    ("DECIMAL(10,2)", "19.99", Decimal("19.99")), ("DECIMAL(3,1)", "1000", None),
    ("DECIMAL(38,10)", "1234567890123456789012345678.0123456789", Decimal("1234567890123456789012345678.0123456789")),
    ("DECIMAL(4,2)", "-99.99", Decimal("-99.99")), ("DECIMAL(18,3)", '"1.5"', Decimal("1.500")),
    ("DATE", '"2025-01-31"', date(2025, 1, 31)), ("DATE", '"2025-02-30"', None),
    ("TIMESTAMP", '"2025-01-31T12:00:00"', datetime(2025, 1, 31, 12)), ("TIMESTAMP", '"later"', None),
    ("VARCHAR[]", '["a","b"]', ["a", "b"]), ("VARCHAR[]", "[]", []), ("VARCHAR[]", "[1,null]", ["1", None]),
]  # fmt: skip


@pytest.mark.parametrize("sql_type, sent, expected", TYPED, ids=[f"{kind} {sent}" for kind, sent, _ in TYPED])
def test_typed_columns(con, sim, sql_type, sent, expected):
    """Read from properties; what can't be cast is NULL, and so is what is missing; `properties` keeps it all."""
    sim.set_day(FIRST, [
        f'{{"event":"A","properties":{{"time":{NOON},"$p q":{sent}}}}}', line("B", time=NOON),
    ])  # fmt: skip
    call = export(f"columns := {{'$p q': '{sql_type}'}}", last=FIRST)
    assert rows(con, f'SELECT "$p q", typeof("$p q") FROM {call} ORDER BY event_name') == [
        (expected, sql_type), (None, sql_type),
    ]  # fmt: skip
    assert rows(con, f"SELECT properties FROM {call} WHERE event_name = 'A'") == [(f'{{"$p q":{sent}}}',)]


def test_typed_columns_come_last_and_a_map_will_do(con, sim):
    call = export("columns := MAP {'plan': 'VARCHAR', 'orders': 'BIGINT'}", last=FIRST)
    assert [row[0] for row in con.execute(f"DESCRIBE FROM {call}").fetchall()][5:] == ["plan", "orders"]
    query = "SELECT {}, {} FROM {} ORDER BY ALL"
    assert rows(con, query.format("plan", "orders", call)) == rows(
        con, query.format("properties->>'plan'", "TRY_CAST(properties->>'orders' AS BIGINT)", export(last=FIRST))
    )


def test_a_zone_makes_wall_clock_times_utc(con, monkeypatch):
    """A project from before 2023 exports its wall clock; both offsets of the year, by the zone's rules."""
    with Simulator(Project(days=1, events_per_day=0)) as local:
        monkeypatch.setenv("MP_API_BASE_URL", local.url)
        for day, expected in (("2025-01-15", datetime(2025, 1, 15, 20)), ("2025-07-15", datetime(2025, 7, 15, 19))):
            noon = int((datetime.fromisoformat(day) - datetime(1970, 1, 1)).total_seconds() + 12 * 3600) * 1000
            local.set_day(day, [line("A", time=noon)])
            call = export("time_zone := 'America/Los_Angeles'", day, day)
            assert rows(con, f"SELECT event_time FROM {call}") == [(expected,)]
            assert rows(con, f"SELECT event_time FROM {export('', day, day)}") == [(datetime.fromisoformat(day + " 12:00"),)]


def test_hours_that_come_twice_or_never_lose_nothing(con, monkeypatch):
    """On the days on which clocks change, every wall clock time still becomes one row."""
    with Simulator(Project(days=1, events_per_day=0)) as local:
        monkeypatch.setenv("MP_API_BASE_URL", local.url)
        for day in ("2025-03-09", "2025-11-02"):
            midnight = int((datetime.fromisoformat(day) - datetime(1970, 1, 1)).total_seconds()) * 1000
            local.set_day(day, [line("A", time=midnight + minute * 60_000, n=minute) for minute in range(0, 1440, 10)])
            call = export("time_zone := 'US/Pacific'", day, day)
            assert rows(con, f"SELECT count(*), count(event_time), count(DISTINCT properties::VARCHAR) FROM {call}") == [
                (144, 144, 144)
            ]


def test_utc_changes_nothing(con, sim):
    assert fetched_rows(con, export("time_zone := 'UTC'")) == fetched_rows(con, export())
