"""Tests that macros answer alike whatever a session's settings are, and whatever a table and its columns are called."""
from __future__ import annotations

import re
from datetime import datetime, timedelta

import duckdb
import pytest
from conftest import ROOT, connect, error_of, rows
from macros import MACROS, load, table

FOLDERS = ["kept", "macros", "views"]
TEXTS = [path for folder in FOLDERS for path in sorted((ROOT / "sql" / folder).glob("*.sql"))]
NOON = datetime(2025, 1, 2, 12)
EVENTS = [
    (name, NOON + timedelta(minutes=17 * at), user, f"i{at % 40}", f'{{"Amount": {at % 7}.25, "plan": "{plan}", "a": null}}')
    for at in range(60)
    for name, user, plan in [("View Item", f"u{at % 9}", "pro"), ("Add To Cart", f"u{at % 5}", "free"), ("Purchase", f"u{at % 3}", "plus")]
] + [(None, NOON, "u1", "n", "{}"), ("Sign Up", NOON, None, None, None), ("Sign Up", NOON, "u2", "s", '{"Amount": 9}')]
CALLS = {
    "mixpanel_event_breakdown": "",
    "mixpanel_property_keys": "",
    "mixpanel_column_stats": ", 'event_name'",
    "mixpanel_fivetran_events": "",
    "mixpanel_table_daily_counts": ", events := ['Purchase', 'View Item'], from_date := '2025-01-02', report_time_zone := 'Asia/Kolkata'",
    "mixpanel_table_engagement_distribution": ", events := ['Purchase', 'View Item'], to_date := '2025-01-08'",
    "mixpanel_table_funnel": ", ['View Item', 'Add To Cart', 'Purchase'], '7 days', segment_by := 'plan'",
    "mixpanel_table_retention": ", 'View Item', 'Purchase', periods := 0",
    "mixpanel_table_property_distribution": ", NULL, 'plan', to_date := '2025-01-08'",
    "mixpanel_table_numeric_summary": ", 'Purchase', 'Amount', percentiles := [90, 10], from_date := '2025-01-01'",
    "mixpanel_table_property_coverage": ", 'Purchase', ['plan', 'Coupon']",
}
each = pytest.mark.parametrize("name", CALLS)


@pytest.fixture
def db(con):
    load(con)
    table(con, "events", EVENTS)
    return con


def call(name: str, of: str = "events") -> str:
    return f"FROM {name}('{of}'{CALLS[name]})"


def ordered(name: str, found: list) -> list:
    # The only one that returns a table's own rows, as they come.
    return sorted(found, key=repr) if name == "mixpanel_fivetran_events" else found


def test_every_macro_that_makes_something_of_a_table_is_tested():
    alone = {"mixpanel_sample", "mixpanel_summarize", "mixpanel_table_schema"}
    assert set(CALLS) == {name for name, macro in MACROS.items() if "t" in macro.parameters} - alone


class TestSettings:
    @each
    @pytest.mark.parametrize("setting", [
        "default_order = 'DESC'", "default_null_order = 'nulls_first'", "default_null_order = 'nulls_last_on_asc_first_on_desc'",
        "integer_division = true", "ieee_floating_point_ops = false", "preserve_insertion_order = false", "threads = 1",
    ])  # fmt: skip
    def test_change_nothing(self, db, name, setting):
        expected = rows(db, call(name))
        assert expected
        try:
            db.execute(f"SET {setting}")
        except duckdb.Error as error:
            pytest.skip(f"this DuckDB does not know it: {error}")
        assert ordered(name, rows(db, call(name))) == ordered(name, expected)

    @each
    def test_change_nothing_before_the_macros_are_made_either(self, db, name):
        """DuckDB decides then what `/` divides."""
        with connect(integer_division="true", default_order="desc") as other:
            load(other)
            table(other, "events", EVENTS)
            assert ordered(name, rows(other, call(name))) == ordered(name, rows(db, call(name)))

    def test_the_closest_name_is_the_closest(self, db):
        db.execute("SET default_order = 'DESC'")
        assert "the closest is 'Purchase'" in error_of(db, "FROM mixpanel_table_funnel('events', ['Purchas'], '1 day')")


def orders(text: str):
    """What a text sorts by, part by part."""
    text = re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", text)
    for found in re.finditer(r"\bORDER BY\b", text):
        depth, part = 0, ""
        for token in re.split(r"([(),;]|\bLIMIT\b)", text[found.end() :]):
            depth += (token == "(") - (token == ")")
            if depth < 0 or depth == 0 and token in (";", "LIMIT"):
                break
            if depth == 0 and token == ",":
                yield part
                part = ""
            else:
                part += token
        yield part


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_order_says_its_direction(path):
    """What is left out, `default_order` and `default_null_order` say."""
    text = path.read_text(encoding="utf-8")
    left_out = [part for part in orders(text) if not re.search(r"\b(ASC|DESC) NULLS (FIRST|LAST)\s*$|^ random\(\)\s*$", part)]
    assert not left_out
    assert len(re.findall(r"_sort\(", text)) == len(re.findall(r", '(?:ASC|DESC)', 'NULLS (?:FIRST|LAST)'\)", text))


def test_an_order_without_a_direction_is_found():
    text = "SELECT list(a ORDER BY f(a, b) ASC NULLS LAST, b) OVER (ORDER BY c) FROM t ORDER BY (d, 1), 'x, y' DESC LIMIT 1; -- ORDER BY e"
    assert [part.strip() for part in orders(text)] == ["f(a, b) ASC NULLS LAST", "b", "c", "(d, 1)", "DESC"]


def words(name: str) -> list[str]:
    """Whatever a macro calls something. Names of ours that begin with `mixpanel_` are nobody else's."""
    text = re.sub(r"--[^\n]*", "", MACROS[name].text)
    own = ["event_name", "event_time", "distinct_id", "insert_id", "properties"]
    return sorted({word.lower() for word in re.findall(r"[A-Za-z_]\w*", text) if not word.startswith("mixpanel_")} - set(own))


class TestNames:
    @each
    def test_a_table_may_have_columns_of_any_name(self, db, name):
        expected = rows(db, call(name))
        for value in ("'zz'", "{'event_name': 'zz', 'distinct_id': 'zz', 'event_time': 17, 'properties': 'zz', 'step': 17, 'segment': 'zz'}"):
            more = ", ".join(f'{value} AS "{word}"' for word in words(name))
            db.execute(f"CREATE OR REPLACE TABLE wide AS SELECT *, {more} FROM events")
            assert ordered(name, rows(db, call(name, "wide"))) == ordered(name, expected)

    @each
    def test_a_table_may_have_any_name(self, db, name):
        expected = rows(db, call(name))
        for word in words(name):
            db.execute(f'CREATE TABLE IF NOT EXISTS "{word}" AS FROM events')
            assert ordered(name, rows(db, call(name, word))) == ordered(name, expected), word

    @each
    def test_names_of_columns_may_be_written_in_any_case(self, db, name):
        expected = rows(db, call(name))
        db.execute('CREATE TABLE upper AS SELECT event_name AS "Event_Name", event_time AS "EVENT_TIME", distinct_id AS "Distinct_Id", insert_id AS "Insert_Id", properties AS "Properties" FROM events')
        assert ordered(name, rows(db, call(name, "upper"))) == ordered(name, expected)

    def test_what_a_macro_itself_makes_has_a_name_of_ours(self):
        """Where it stands beside a table that is known by its name only."""
        for name, macro in MACROS.items():
            if "query_table" in macro.text:
                made = re.findall(r"(\w+) AS (?:(?:NOT )?MATERIALIZED )?\(\n", macro.text)
                assert all(one.startswith("mixpanel_") for one in made), name

    @pytest.mark.parametrize("made", ["properties::VARCHAR", "from_json(properties, '{\"plan\": \"VARCHAR\"}')"])
    def test_a_funnel_has_segments_of_properties_of_any_type(self, db, made):
        db.execute(f"CREATE TABLE other AS SELECT * REPLACE ({made} AS properties) FROM events")
        assert rows(db, call("mixpanel_table_funnel", "other")) == rows(db, call("mixpanel_table_funnel"))
