"""Runs the reports of `docs/queries.md` in the official client's Python and in our SQL: both send the same and return the same."""
from __future__ import annotations

import json
import re

import pytest
from conftest import ROOT

mixpanel_headless = pytest.importorskip("mixpanel_headless")

PAGE = ROOT / "docs" / "queries.md"
SECTION = PAGE.read_text(encoding="utf-8").split("## From Mixpanel's Python client\n")[1]
BLOCK = re.compile(r"^```(python|sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(SECTION)
PAIRS = [(python, sql) for (_, python), (_, sql) in zip(BLOCKS[::2], BLOCKS[1::2], strict=True)]
ANSWERED = 5
"""The simulator has numbers for the first ones; the others get a body."""


def asked(shop) -> dict:
    (request,) = [request for request in shop.settled() if request.method == "POST"]
    shop.clear()
    return {"path": request.path, "body": json.loads(request.body)}


def theirs_rows(result) -> list[tuple]:
    """A row a number: the metric, its segments, the date."""
    frame = result.df
    names = [name for name in frame.columns if name not in ("date", "event", "count")]
    date = lambda row: str(row["date"])[:10] if "date" in frame.columns else None  # noqa: E731
    value = lambda row: None if row["count"] != row["count"] else row["count"]  # noqa: E731  pandas has NaN for null
    return sorted(((row["event"], tuple(row[name] for name in names), date(row), value(row)) for _, row in frame.iterrows()), key=str)


def test_there_are_ten():
    assert len(PAIRS) == 10 and [kind for kind, _ in BLOCKS] == ["python", "sql"] * 10


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=lambda number: str(number + 1))
def test_both_ask_and_read_the_same(number, shop, con, credentials):
    shop.reset()
    if number >= ANSWERED:
        day = {"2025-01-01T00:00:00+00:00": 1.5, "2025-01-02T00:00:00+00:00": 2.5}
        body = {"headers": ["$metric", "$segment"], "series": {"M": {"$overall": day, "x": day}}, "computed_at": "", "date_range": {"from_date": "", "to_date": ""}, "meta": {}}
        shop.add_fault("body", path="/api/query/insights", times=None, body=json.dumps(body))
    python, sql = PAIRS[number]
    result = eval(python.strip(), vars(mixpanel_headless) | {"ws": mixpanel_headless.Workspace()})
    theirs = asked(shop)
    found = con.execute(sql).fetchall()
    assert asked(shop) == theirs
    ours = sorted(((metric, tuple(segments), date and str(date), value) for metric, segments, date, value in found), key=str)
    assert ours == theirs_rows(result) and ours


BUILT = [
    ('Metric(CustomEventRef(42), math="unique")', "{'custom_event': 42, 'math': 'unique'}"),
    ('Metric(["A", "B"], filters=[Filter.equals("p", "x")], filters_combinator="any")',
     "{'event': ['A', 'B'], 'filters': {'property': 'p', 'op': 'equals', 'value': 'x'}, 'filters_combinator': 'any'}"),
    ('Metric("A", math="average", property=InlineCustomProperty.numeric("A * B", A="price", B="quantity"), segment_method="first")',
     "{'event': 'A', 'math': 'average', 'segment_method': 'first', 'property': {'formula': 'A * B', 'inputs': {'A': 'price', 'B': 'quantity'}, 'property_type': 'number'}}"),
    ('"A", where=Filter.list_contains("cart", Brand="Acme", quantifier="all")',
     "'A', filters := {'property': 'cart', 'op': 'list_contains', 'quantifier': 'all', 'item_filters': {'property': 'Brand', 'op': 'equals', 'value': 'Acme'}}"),
    ('"A", where=[Filter.date_between("since", "2025-01-01", "2025-01-31"), Filter.is_true("paid"), Filter.not_between("n", 1, 2)]',
     "'A', filters := ({'property': 'since', 'op': 'was between', 'value': ['2025-01-01', '2025-01-31']}, {'property': 'paid', 'op': 'true'}, "
     "{'property': 'n', 'op': 'not between', 'value': [1, 2]})"),
    ('"A", where=FrequencyFilter("B", value=3, operator="is at most", date_range_value=2, date_range_unit="week", event_filters=[Filter.is_set("p")])',
     "'A', filters := {'event': 'B', 'value': 3, 'op': 'is at most', 'date_range_value': 2, 'date_range_unit': 'week', 'event_filters': {'property': 'p', 'op': 'is set'}}"),
    ('"A", group_by=[GroupBy.list_item("cart", "Brand"), FrequencyBreakdown("B"), CohortBreakdown(7, "C", include_negated=False)], data_group_id=5',
     "'A', segment_by := ({'property': 'cart', 'sub': 'Brand'}, {'event': 'B'}, {'cohort': 7, 'name': 'C', 'include_negated': false}), data_group_id := 5"),
    ('"A", time_comparison=TimeComparison.absolute_end("2024-01-31"), cumulative=True, mode="table", unit="quarter"',
     "'A', compare_to := {'type': 'absolute-end', 'date': '2024-01-31'}, cumulative := true, mode := 'table', unit := 'quarter'"),
    ('["A", "B", Formula("A / B", label="x"), Formula("A - B")]', "('A', 'B', {'formula': 'A / B', 'label': 'x'}, {'formula': 'A - B'})"),
]  # fmt: skip
"""What the vectors of the client don't show, as its `build_params` and our call say it."""


@pytest.mark.parametrize("theirs, ours", BUILT, ids=range(len(BUILT)))
def test_what_is_sent_is_what_the_client_builds(shop, con, credentials, theirs, ours):
    shop.reset()
    shop.add_fault("body", path="/api/query/insights", times=None, body='{"series": {}}')
    built = eval(f"ws.build_params({theirs})", vars(mixpanel_headless) | {"ws": mixpanel_headless.Workspace()})
    con.execute(f"FROM mixpanel_query_insights({ours})").fetchall()
    assert asked(shop)["body"]["bookmark"] == built
