"""Tests the five exact reports: their parameters for the export, their days, and their twins over a table."""
from __future__ import annotations

import math
import statistics
from datetime import date
from fractions import Fraction
from itertools import count

import pytest
from conftest import FIRST, LAST, error_of, export, line, rows, with_limits
from macros import dicts, load, table
from simulator import Project, Simulator

REPORTS = {
    "daily_counts": "",
    "engagement_distribution": "",
    "property_distribution": "'View Item', 'plan', ",
    "numeric_summary": "'View Item', 'Item Price', ",
    "property_coverage": "'View Item', ['plan', 'Coupon', 'Note'], ",
}
each = pytest.mark.parametrize("report", REPORTS)
DAYS = f"'{FIRST}', '{LAST}'"
NUMBERS = count(7000)
ZONE = "America/New_York"
PRO = "filter := 'properties[\"plan\"] == \"pro\"'"


@pytest.fixture
def db(con):
    load(con)
    return con


def exact(report: str, days: str = DAYS, more: str = "") -> str:
    return f"FROM mixpanel_{report}({REPORTS[report]}{days}{more})"


def twin(report: str, more: str = "", name: str = "'events'") -> str:
    """Over a table. What the report is about comes behind its name."""
    subject = REPORTS[report].removesuffix(", ")
    return f"FROM mixpanel_table_{report}({', '.join(part for part in (name, subject) if part)}{more})"


class TestWhatIsAskedFor:
    @each
    def test_of_whom_and_how(self, sim, db, monkeypatch, report):
        monkeypatch.setenv("MP_PROJECT_ID", "999")
        more = f", {PRO}, project_id := '12345', region := 'us', window_days := 2, max_wait := INTERVAL 1 MINUTE"
        rows(db, exact(report, more=more))
        asked = [request.params for request in sim.settled()]
        assert sorted((one["from_date"], one["to_date"]) for one in asked) == [
            ("2025-01-01", "2025-01-02"), ("2025-01-03", "2025-01-04"), ("2025-01-05", "2025-01-05")
        ]  # fmt: skip
        assert {(one["where"], one["project_id"]) for one in asked} == {('properties["plan"] == "pro"', "12345")}

    @each
    def test_a_filter_leaves_the_others_out(self, sim, db, report):
        db.execute(f"CREATE TABLE events AS FROM {export(PRO)}")
        filtered = rows(db, exact(report, more=f", {PRO}"))
        assert filtered == rows(db, twin(report)) != rows(db, exact(report))

    @each
    def test_an_account_by_its_name(self, sim, db, tmp_path, report):
        rows(db, "CALL mixpanel_account_add('other', username := 'demo.sa.mp-service-account', secret := 'demo-secret', project_id := '12345')")
        sim.clear()
        assert "nobody" in error_of(db, exact(report, more=", account := 'nobody'")) and not sim.settled()
        rows(db, exact(report, more=", account := 'other'"))
        assert sim.settled()

    @each
    @pytest.mark.parametrize(
        ("argument", "said"),
        [("report_time_zone := 'Mars/Olympus'", "Mars/Olympus"), ("time_zone := 'Mars/Olympus'", "Mars/Olympus"),
         ("region := 'moon'", "region"), ("window_days := 0", "window_days"), ("max_wait := INTERVAL 2 HOURS", "max_wait")],
    )  # fmt: skip
    def test_a_mistake_costs_nothing(self, sim, db, report, argument, said):
        assert said in error_of(db, exact(report, more=f", {argument}"))
        assert not sim.settled()

    def test_properties_come_only_where_they_are_read(self, sim, db):
        """As the export's own plan says: what nobody reads isn't built."""
        plan = "\n".join(text for _, text in rows(db, "EXPLAIN " + exact("daily_counts")))
        assert "MIXPANEL_EXPORT" in plan and "insert_id" in plan and "properties" not in plan


class TestTwins:
    @each
    def test_the_same_rows_without_a_request(self, sim, db, report):
        expected = rows(db, exact(report))
        db.execute(f"CREATE TABLE events AS FROM {export()}")
        sim.clear()
        assert rows(db, twin(report)) == expected and len(expected) > 0
        assert rows(db, twin(report, f", from_date := '{FIRST}', to_date := '{LAST}'")) == expected
        assert not sim.settled()

    @each
    def test_some_of_the_days(self, sim, db, report):
        db.execute(f"CREATE TABLE events AS FROM {export()}")
        days = [rows(db, twin(report, more)) for more in (
            ", from_date := '2025-01-02', to_date := '2025-01-04'", ", from_date := '2025-01-02'", ", to_date := '2025-01-04'",
            ", from_date := '2024-01-01', to_date := '2026-01-01'", ", from_date := '2025-02-01'",
        )]  # fmt: skip
        # Rows without a time are in no report.
        for found, (first, last) in zip(days, [("2025-01-02", "2025-01-04"), ("2025-01-02", LAST), (FIRST, "2025-01-04"), (FIRST, LAST)]):
            assert found == rows(db, exact(report, f"'{first}', '{last}'"))
        assert days[4] in ([], [(0, *[None] * 12)], [("plan", 0, 0, 0), ("Coupon", 0, 0, 0), ("Note", 0, 0, 0)])

    @each
    def test_rows_that_came_twice_count_once(self, sim, db, report):
        db.execute(f"CREATE TABLE once AS FROM {export()} WHERE insert_id <> ''")
        db.execute("CREATE TABLE twice AS FROM once UNION ALL FROM once")
        assert rows(db, twin(report, name="'once'")) == rows(db, twin(report, name="'twice'"))

    @each
    def test_all_events_where_none_is_named(self, sim, db, report):
        db.execute(f"CREATE TABLE events AS FROM {export()}")
        if "'View Item'" in REPORTS[report]:
            found = rows(db, twin(report).replace("'View Item'", "NULL"))
            assert found != rows(db, twin(report)) and found
        else:
            every = [name for (name,) in rows(db, "SELECT DISTINCT event_name FROM events")]
            assert rows(db, twin(report, f", events := {every}")) == rows(db, twin(report)) != rows(db, twin(report, ", events := ['View Item']"))

    @each
    def test_a_table_may_have_columns_of_any_name(self, sim, db, report):
        """Also those of the parameters, and those that a report makes."""
        db.execute(f"CREATE TABLE events AS FROM {export()}")
        expected = rows(db, twin(report))
        names = ["event", "events", "property", "from_date", "to_date", "local_time", "date", "number", "value", "defined", "processed", "happened", "total", "name"]
        db.execute(f"CREATE TABLE mixpanel_exported AS SELECT *, {', '.join(f'17 AS {name}' for name in names)} FROM events")
        assert rows(db, twin(report, name="'mixpanel_exported'")) == expected
        assert rows(db, exact(report)) == expected


class TestPercentiles:
    def test_are_those_between_the_numbers(self, sim, db):
        numbers = [5, 1, 8.5, -2, 13, 0.25, 99]
        sim.set_day("2025-01-02", [line("A", time=1735819200000, distinct_id=str(at), x=number) for at, number in enumerate(numbers)])
        wanted = [99.9, 0, 100, 50, 12.5, 50, 25]
        ((found, p25, p50),) = rows(db, f"SELECT percentiles, p25, p50 FROM mixpanel_numeric_summary('A', 'x', '2025-01-02', '2025-01-02', percentiles := {wanted})")
        cuts = statistics.quantiles(numbers, n=1000, method="inclusive")
        assert list(found) == [0, 12.5, 25, 50, 99.9, 100]
        assert found == pytest.approx({0: -2, 12.5: cuts[124], 25: p25, 50: p50, 99.9: cuts[998], 100: 99})

    def test_of_a_table(self, sim, db):
        db.execute(f"CREATE TABLE events AS FROM {export()}")
        ((found, *columns),) = rows(db, "SELECT percentiles, p25, p50, p75, p90, p95, p99 FROM mixpanel_table_numeric_summary('events', 'View Item', 'Item Price', percentiles := [25, 50, 75, 90, 95, 99])")
        assert list(found.values()) == pytest.approx(columns) and None not in columns

    def test_of_nothing(self, sim, db):
        for more in ("", ", percentiles := NULL", ", percentiles := [50]"):
            assert rows(db, f"SELECT count, percentiles FROM mixpanel_numeric_summary('View Item', 'no such', {DAYS}{more})") == [(0, None)]

    @pytest.mark.parametrize("wanted", ["[101]", "[50, -1]", "['x']"])
    def test_others(self, sim, db, wanted):
        table(db, "events", [("A", date(2025, 1, 1), "u", "i", '{"x": 1}')])
        message = error_of(db, f"FROM mixpanel_table_numeric_summary('events', 'A', 'x', percentiles := {wanted})")
        assert "percentiles: must be numbers from 0 to 100" in message or "Could not convert" in message


class TestNearTheEndOfDouble:
    """Each statistic that is a DOUBLE, in a row that comes in any case."""

    @pytest.mark.parametrize(
        ("numbers", "total"),
        [(["1e200", "1", "2"], 1e200), (["-1.7e308", "1.7e308"], 0), (["1.7e308", "1.7e308", "1.7e308"], None), (["-1.7e308"] * 2 + ["1.7e308"] * 2, 0),
         (["1.7976931348623157e308", "5"], 1.7976931348623157e308), (["1e141", "1e139"], 1.01e141), (["5e-324", "1e-300"], 1e-300)],
    )  # fmt: skip
    def test_the_numbers_are_right(self, sim, db, numbers, total):
        lines = [f'{{"event":"A","properties":{{"time":1735819200000,"distinct_id":"u","$insert_id":"{at}","x":{number}}}}}' for at, number in enumerate(numbers)]
        sim.set_day("2025-01-02", lines)
        db.execute(f"CREATE TABLE events AS FROM {export()}")
        (found,) = dicts(db, "FROM mixpanel_table_numeric_summary('events', 'A', 'x', percentiles := [0, 25, 33.3, 90, 100])")
        assert dicts(db, "FROM mixpanel_numeric_summary('A', 'x', '2025-01-02', '2025-01-02', percentiles := [0, 25, 33.3, 90, 100])") == [found]
        exact = sorted(map(Fraction, map(float, numbers)))
        assert (found["count"], found["min"], found["max"]) == (len(exact), float(exact[0]), float(exact[-1]))
        assert found["sum"] == (None if total is None else pytest.approx(total))
        assert found["avg"] == pytest.approx(float(statistics.mean(exact)))
        assert found["stddev"] == pytest.approx(float(statistics.pstdev(exact)))
        for percent, value in [*found["percentiles"].items(), (25, found["p25"]), (90, found["p90"])]:
            place = Fraction(percent) / 100 * (len(exact) - 1)
            low, high = exact[math.floor(place)], exact[math.ceil(place)]
            assert value == pytest.approx(float(low + (high - low) * (place - math.floor(place))))


class TestMistakes:
    """Both forms have the same words for them, instead of no rows."""

    @pytest.mark.parametrize("report", ["daily_counts", "engagement_distribution"])
    @pytest.mark.parametrize(
        ("given", "said"),
        [("[]", "is an empty list. Leave it out to "), ("[]::VARCHAR[]", "is an empty list. Leave it out to "),
         ("[NULL]", "contains NULL. Remove it."), ("['View Item', NULL]", "contains NULL. Remove it.")],
    )  # fmt: skip
    def test_in_a_list_of_events(self, sim, db, report, given, said):
        db.execute(f"CREATE TABLE events AS FROM {export()}")
        sim.clear()
        for call in (exact(report, more=f", events := {given}"), twin(report, f", events := {given}")):
            assert f"[INVALID_ARGUMENT] events: {said}" in error_of(db, call)
            assert f"[INVALID_ARGUMENT] events: {said}" in error_of(db, f"SELECT count(*) {call}")
        assert not sim.settled()

    @each
    def test_days_that_run_backwards(self, sim, db, report):
        db.execute(f"CREATE TABLE events AS FROM {export()}")
        sim.clear()
        for call in (exact(report, "'2025-01-04', '2025-01-02'"), twin(report, ", from_date := '2025-01-04', to_date := '2025-01-02'")):
            assert "[INVALID_ARGUMENT] from_date: 2025-01-04 is after to_date 2025-01-02. Swap them." in error_of(db, call)
        assert not sim.settled()


class TestReportTimeZone:
    """A project since 2023 in a zone of its own: exports have days of UTC, reports those of the zone."""

    FIRST, LAST = "2025-01-03", "2025-01-08"

    @pytest.fixture(params=["America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
    def newer(self, request, monkeypatch):
        with Simulator(Project(days=12, events_per_day=200, time_zone=request.param, since_2023=True)) as simulator:
            monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
            yield simulator

    def days(self, newer) -> tuple[str, str]:
        return f"'{self.FIRST}', '{self.LAST}'", f", report_time_zone := '{newer.project.time_zone}'"

    def test_the_counts_are_those_of_mixpanels_report(self, newer, db):
        days, zone = self.days(newer)
        report = rows(db, f"SELECT date, count FROM mixpanel_segmentation('View Item', from_date := '{self.FIRST}', to_date := '{self.LAST}') ORDER BY date")
        newer.clear()
        found = rows(db, f"SELECT date, count FROM mixpanel_daily_counts({days}{zone}, events := ['View Item'])")
        assert found == report and len(found) == 6
        asked = sorted(day for request in newer.settled() for day in (request.params["from_date"], request.params["to_date"]))
        assert (asked[0], asked[-1]) == ("2025-01-02", "2025-01-09")
        assert rows(db, f"SELECT date, count FROM mixpanel_daily_counts({days}, events := ['View Item'])") != report

    @each
    def test_a_table_that_has_a_day_more_says_the_same(self, newer, db, report):
        days, zone = self.days(newer)
        expected = rows(db, exact(report, days, zone))
        db.execute(f"CREATE TABLE events AS FROM {export(first='2025-01-01', last='2025-01-10')}")
        assert rows(db, twin(report, f", from_date := '{self.FIRST}', to_date := '{self.LAST}'{zone}")) == expected
        # Without days all rows count, and only the days that they are put under are others.
        of_all = rows(db, twin(report))
        assert (rows(db, twin(report, zone)) == of_all) == (report != "daily_counts")

    def test_a_project_from_before_2023_has_both(self, db, monkeypatch):
        """Its exports have days of its zone, and times that `time_zone` makes UTC of."""
        with Simulator(Project(days=12, events_per_day=200, time_zone=ZONE)) as older:
            monkeypatch.setenv("MP_API_BASE_URL", older.url)
            days = f"'{self.FIRST}', '{self.LAST}'"
            report = rows(db, f"SELECT date, count FROM mixpanel_segmentation('View Item', from_date := '{self.FIRST}', to_date := '{self.LAST}') ORDER BY date")
            zones = f", time_zone := '{ZONE}', report_time_zone := '{ZONE}'"
            assert rows(db, f"SELECT date, count FROM mixpanel_daily_counts({days}{zones}, events := ['View Item'])") == report
            assert rows(db, f"SELECT date, count FROM mixpanel_daily_counts({days}, events := ['View Item'])") == report


class TestAMonthWithLimits:
    """What the five reports about a month cost, with Mixpanel's limits on: an export once, then nothing."""

    @pytest.fixture
    def limited(self, monkeypatch, tmp_path):
        project = Project(days=31, events_per_day=100, project_id=next(NUMBERS))
        with Simulator(project) as simulator:
            monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
            monkeypatch.setenv("MP_PROJECT_ID", str(project.project_id))
            with_limits(monkeypatch)
            monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
            yield simulator

    def test_the_days_are_asked_for_once(self, limited, db):
        month = "'2025-01-01', '2025-01-31'"
        rows(db, exact("daily_counts", month))
        first = len(limited.settled())
        assert 1 <= first <= 20
        for report in REPORTS:
            rows(db, exact(report, month))
            rows(db, exact(report, "'2025-01-10', '2025-01-12'"))
        assert len(limited.settled()) == first

    def test_of_a_table_nothing_is_asked_for(self, limited, db):
        db.execute(f"CREATE TABLE events AS FROM {export(last='2025-01-31')}")
        limited.clear()
        month = "'2025-01-01', '2025-01-31'"
        found = [rows(db, twin(report)) for report in REPORTS]
        assert not limited.settled()
        assert found == [rows(db, exact(report, month)) for report in REPORTS]
