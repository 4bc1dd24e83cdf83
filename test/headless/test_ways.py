"""Runs the reports of `docs/query_funnels.md` in the official client's Python and in our SQL: both send the same and return the same."""
from __future__ import annotations

import json
import re

import pytest
from conftest import ROOT

mixpanel_headless = pytest.importorskip("mixpanel_headless")

SECTION = (ROOT / "docs" / "query_funnels.md").read_text(encoding="utf-8").split("## From Mixpanel's Python client\n")[1]
PYTHON, SQL = (re.search(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)[1].strip().splitlines() for language in ("python", "sql"))


def number(value):
    """The client has 0 or NaN where nobody took a step, as it has for the first."""
    return 0 if value is None or value != value else round(value, 9)


def funnel(result) -> list[tuple]:
    columns = ["step", "event", "count", "step_conv_ratio", "overall_conv_ratio", "avg_time", "avg_time_from_start"]
    return [(row.step, row.event, *map(number, list(row)[2:])) for row in result.df[columns].itertuples(index=False)]


def our_funnel(rows: list[tuple]) -> list[tuple]:
    return [(step, event, *map(number, numbers)) for _, segments, step, event, *numbers in rows if segments == ["$overall"]]


def retention(result) -> dict:
    return {date: (cohort["first"], cohort["counts"], [number(rate) for rate in cohort["rates"]]) for date, cohort in result.cohorts.items()}


def our_retention(rows: list[tuple]) -> dict:
    found: dict[str, tuple] = {}
    for date, _, size, period, retained, rate in rows:
        _, counts, rates = found.setdefault(str(date), (size, [], []))
        if period is not None:
            assert period == len(counts)
            counts.append(retained)
            rates.append(number(rate))
    return found


def paths(result) -> list[tuple]:
    return [tuple(row) for row in result.df[["path_index", "step", "event", "type", "count"]].itertuples(index=False)]


def our_paths(rows: list[tuple]) -> list[tuple]:
    return sorted((row[-1], row[0], row[1], row[2], row[4]) for row in rows)


READ = [(funnel, our_funnel), (retention, our_retention), (paths, our_paths)]


def test_each_has_a_pair():
    assert len(PYTHON) == len(SQL) == len(READ)


@pytest.mark.parametrize("index", range(len(READ)), ids=["funnel", "retention", "flow"])
def test_both_ask_and_read_the_same(index, shop, con, credentials):
    def asked() -> list[tuple]:
        found = [(request.method, request.path, json.loads(request.body)) for request in shop.settled(1)]
        shop.clear()
        return found

    shop.reset()
    theirs = eval(PYTHON[index], {"ws": mixpanel_headless.Workspace()})
    body = asked()
    ours = con.execute(SQL[index]).fetchall()
    assert asked() == body and len(body) == 1
    read, our_read = READ[index]
    assert our_read(ours) == read(theirs) and ours
