"""Tests projects since 2023 with a time zone of their own: exports are in UTC, Mixpanel's reports use the zone."""
from __future__ import annotations

from datetime import date, timedelta

import pytest
from conftest import rows
from simulator import Project, Simulator

ZONES = ["America/New_York", "Asia/Kolkata", "Pacific/Auckland"]


@pytest.fixture(params=ZONES)
def newer(request, monkeypatch):
    with Simulator(Project(days=10, events_per_day=200, time_zone=request.param, since_2023=True)) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


def daily(con, zone: str, first: str, last: str) -> list[tuple]:
    """As the page on exports advises: a day more on both sides, cut in the zone. Events that came twice count once."""
    wide = [str(date.fromisoformat(day) + timedelta(days=more)) for day, more in ((first, -1), (last, 1))]
    return rows(con, f"""
        SELECT (event_time AT TIME ZONE 'UTC' AT TIME ZONE '{zone}')::DATE AS date, count(*) FROM (
            SELECT event_name, distinct_id, event_time, insert_id FROM mixpanel_export(from_date := '{wide[0]}', to_date := '{wide[1]}', events := ['View Item'])
            GROUP BY ALL)
        WHERE date BETWEEN '{first}' AND '{last}' GROUP BY ALL ORDER BY date""")


def test_days_of_an_export_are_days_of_utc(con, newer):
    days = rows(con, "SELECT DISTINCT event_time::DATE FROM mixpanel_export(from_date := '2025-01-03', to_date := '2025-01-04') WHERE event_time IS NOT NULL ORDER BY ALL")
    assert days == [(date(2025, 1, 3),), (date(2025, 1, 4),)]


def test_an_export_cut_in_the_zone_says_what_mixpanels_report_says(con, newer):
    first, last = "2025-01-03", "2025-01-08"
    report = rows(con, f"SELECT date, count FROM mixpanel_segmentation('View Item', from_date := '{first}', to_date := '{last}') ORDER BY date")
    assert len(report) == 6
    assert daily(con, newer.project.time_zone, first, last) == report
    assert daily(con, "UTC", first, last) != report, "without the zone it is another number"
