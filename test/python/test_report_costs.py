"""What the five exact reports cost, with Mixpanel's limits on: each alone, all after one another, and over a managed table."""
from __future__ import annotations

import pytest
from archived import archive, open_shop, shop  # noqa: F401  fixtures
from conftest import export, rows
from kept import fetch
from macros import load
from test_exact_reports import REPORTS, exact, twin

DAYS = 5


def cost(shop, con, statement: str) -> int:  # noqa: F811
    before = len(shop.settled())
    rows(con, statement)
    asked = shop.settled()[before:]
    refused = [(request.status, request.path, request.params) for request in asked if request.status != 200]
    assert not refused
    return len(asked)


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_costs_one_export_and_over_a_managed_table_nothing(con, shop, archive, report):  # noqa: F811
    load(con)
    assert cost(shop, con, exact(report)) == DAYS
    assert cost(shop, con, exact(report)) == 0
    fetch(con)
    assert cost(shop, con, twin(report)) == 0


def test_five_reports_about_the_same_days(con, shop, archive):  # noqa: F811
    """Two of them ask for all events, and three for one event, of which those have the rows."""
    load(con)
    assert {report: cost(shop, con, exact(report)) for report in REPORTS} == {
        "daily_counts": DAYS, "engagement_distribution": 0, "property_distribution": 0, "numeric_summary": 0, "property_coverage": 0,
    }  # fmt: skip
    fetch(con)
    assert [cost(shop, con, twin(report)) for report in REPORTS] == [0] * 5
    assert len(shop.settled()) == DAYS, "the table came out of the archive"


def test_a_month_beside_the_next_one(con, monkeypatch, archive):  # noqa: F811
    """The first month takes 20 of the hour's 60 requests, the second a third of the 40 that are left."""
    shop = open_shop(monkeypatch, project={"days": 59})  # noqa: F811
    months = [("2025-01-01", "2025-01-31"), ("2025-02-01", "2025-02-28")]
    counts = "SELECT event_name, count(*) FROM {} GROUP BY event_name"
    assert [cost(shop, con, counts.format(export(first=first, last=last))) for first, last in months] == [20, 13]
    both = "SELECT event_name, one.n, other.n FROM ({}) AS one(event_name, n) FULL JOIN ({}) AS other(event_name, n) USING (event_name)"
    assert cost(shop, con, both.format(*(counts.format(export(first=first, last=last)) for first, last in months))) == 0
    fetch(con, first=months[0][0], last=months[1][1])
    assert cost(shop, con, both.format(*(counts.format(f"events WHERE event_time::DATE BETWEEN '{first}' AND '{last}'") for first, last in months))) == 0
    assert len(shop.settled()) == 33, "the table came out of the archive"
    shop.close()
