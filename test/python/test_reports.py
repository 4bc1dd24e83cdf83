"""Tests that reports count the same as SQL over an export of the same project.

The SQL is written as a user would write it, over `events`, the table that an export makes. What exactly a report
counts is said in `test/simulator/README.md` and the files that it names.
"""
from __future__ import annotations

import pytest
from conftest import SECRET, USERNAME, connect, rows

from simulator import Project, Simulator

SHOP = Project(days=40, events_per_day=250)
FIRST, LAST = "2025-01-06", "2025-02-06"
"""Begins after the project's first day and ends before its last, within weeks and months."""
NEWEST = "2025-02-09"
DAYS = f"from_date := '{FIRST}', to_date := '{LAST}'"
IN_DAYS = f"event_time >= '{FIRST}' AND event_time < DATE '{LAST}' + 1"

# Mixpanel counts a retried event once: what has the same name, user, time and $insert_id is one event, and the row
# that was processed last is it.
EVENTS = f"""
CREATE TABLE events AS
SELECT event_name, event_time, nullif(distinct_id, '') AS user_id, properties
FROM mixpanel_export(from_date := '2025-01-01', to_date := '{NEWEST}')
QUALIFY coalesce(insert_id, '') = '' OR 1 = row_number() OVER (
    PARTITION BY event_name, distinct_id, event_time, insert_id
    ORDER BY (properties->'mp_processing_time_ms')::BIGINT DESC)
"""
# A segment is called by the property's text; a property that is missing, and one that is null, have names too.
MACROS = """
CREATE MACRO segment_of(properties, name) AS
    CASE WHEN (properties->name) IS NULL THEN 'undefined' ELSE coalesce(properties->>name, 'null') END;
CREATE MACRO number_of(properties, name) AS
    CASE WHEN json_type(properties->name) IN ('UBIGINT', 'BIGINT', 'DOUBLE') THEN (properties->>name)::DOUBLE END;
"""


@pytest.fixture(scope="module")
def shop_simulator():
    with Simulator(SHOP) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def exported(shop_simulator, tmp_path_factory):
    """A connection with the table `events`."""
    connection = connect()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MP_API_BASE_URL", shop_simulator.url)
        patch.setenv("MP_USERNAME", USERNAME)
        patch.setenv("MP_SECRET", SECRET)
        patch.setenv("MP_PROJECT_ID", str(SHOP.project_id))
        patch.setenv("MP_CONFIG_PATH", str(tmp_path_factory.mktemp("config") / "config.toml"))
        patch.setenv("MP_RATE_LIMITS", "off")
        connection.execute(EVENTS)
    connection.execute(MACROS)
    yield connection
    connection.close()


@pytest.fixture
def shop(shop_simulator, exported, monkeypatch):
    """Checks that a report of one request and a query of the table have the same rows."""
    shop_simulator.reset()
    monkeypatch.setenv("MP_API_BASE_URL", shop_simulator.url)

    def same(report: str, query: str) -> list[tuple]:
        """The rows of both. Averages may differ in their last digit: they were added up in another order."""
        exported.execute("CALL mixpanel_clear_cache()")
        before = len(shop_simulator.settled())
        told = rows(exported, f"FROM {report} ORDER BY ALL")
        assert len(shop_simulator.settled()) == before + 1
        counted = rows(exported, f"{query} ORDER BY ALL")
        assert len(told) == len(counted) and told
        for mine, theirs in zip(counted, told):
            assert mine == tuple(pytest.approx(value, rel=1e-9) if isinstance(value, float) else value for value in theirs)
        return told

    return same


def test_the_table_has_what_makes_counting_hard(exported):
    """Duplicates that were removed, and events of nobody."""
    ((events, nobodys),) = rows(exported, "SELECT count(*), count(*) FILTER (user_id IS NULL) FROM events")
    assert 0 < SHOP.days * SHOP.events_per_day - events < 500 and nobodys > 0


BY_TYPE = {
    "general": "count(*)",
    "unique": "count(DISTINCT user_id)",
    "average": "count(*) / count(DISTINCT user_id)",
}
START = {
    "minute": "date_trunc('minute', event_time)",
    "hour": "date_trunc('hour', event_time)",
    "day": "event_time::DATE",
    "week": "date_trunc('week', event_time)::DATE",
    "month": "date_trunc('month', event_time)::DATE",
}
ALL_DAYS = f"DATE '{FIRST}'"
"""The only bucket where all days are one."""


@pytest.mark.parametrize("unit", START)
@pytest.mark.parametrize("type", BY_TYPE)
def test_segmentation(shop, type, unit):
    shop(
        f"mixpanel_segmentation('View Item', {DAYS}, unit := '{unit}', type := '{type}')",
        f"""SELECT {START[unit]} AS date, 'View Item' AS segment, {BY_TYPE[type]} AS count
            FROM events WHERE event_name = 'View Item' AND {IN_DAYS}
            GROUP BY ALL HAVING count(user_id) > 0 OR '{type}' = 'general'""",
    )


@pytest.mark.parametrize("type", BY_TYPE)
@pytest.mark.parametrize("property", ["Coupon", "Quantity", "is_subscribed", "Note"])
def test_segmentation_by_a_property(shop, property, type):
    """Segments are text, whatever the values are: nulls, texts, numbers, booleans."""
    event = {"Coupon": "Purchase", "Quantity": "Add To Cart"}.get(property, "View Item")
    told = shop(
        f"mixpanel_segmentation('{event}', {DAYS}, segment_by := '{property}', type := '{type}', unit := 'week')",
        f"""SELECT date_trunc('week', event_time)::DATE AS date, segment_of(properties, '{property}') AS segment,
                {BY_TYPE[type]} AS count
            FROM events WHERE event_name = '{event}' AND {IN_DAYS}
            GROUP BY ALL HAVING count(user_id) > 0 OR '{type}' = 'general'""",
    )
    segments = {segment for _, segment, _ in told}
    assert segments >= {"Coupon": {"null", "SPRING10"}, "Quantity": {"1", "2"}, "is_subscribed": {"true", "1", "yes"},
                        "Note": {"undefined", ""}}[property]  # fmt: skip


def test_segmentation_of_some_events(shop):
    shop(
        f"""mixpanel_segmentation('View Item', {DAYS}, segment_by := 'properties["Category"]',
            filter := 'properties["plan"] == "pro" and properties["Item Price"] > 50')""",
        f"""SELECT event_time::DATE, segment_of(properties, 'Category'), count(*)
            FROM events WHERE event_name = 'View Item' AND {IN_DAYS}
                AND (properties->>'plan') = 'pro' AND number_of(properties, 'Item Price') > 50
            GROUP BY ALL""",
    )


def test_segmentation_of_the_largest_segments(shop):
    """The two that have the most events in the whole period."""
    shop(
        f"mixpanel_segmentation('View Item', {DAYS}, segment_by := 'Category', max_rows := 2)",
        f"""SELECT event_time::DATE, (properties->>'Category') AS segment, count(*)
            FROM events WHERE event_name = 'View Item' AND {IN_DAYS} AND segment IN (
                SELECT segment_of(properties, 'Category') FROM events WHERE event_name = 'View Item' AND {IN_DAYS}
                GROUP BY ALL ORDER BY count(*) DESC LIMIT 2)
            GROUP BY ALL""",
    )


@pytest.mark.parametrize("unit", ["hour", "day"])
@pytest.mark.parametrize("type", BY_TYPE)
def test_segmentation_numeric(shop, exported, type, unit):
    """Whatever the ranges are: the events that lie within them, and together all that have a number."""
    report = f"mixpanel_segmentation_numeric('View Item', {DAYS}, segment_by := 'Item Price', unit := '{unit}', type := '{type}')"
    exported.execute(f"CREATE OR REPLACE TEMP TABLE buckets AS SELECT DISTINCT bucket, bucket_min, bucket_max FROM {report}")
    shop(
        report,
        f"""SELECT {START[unit]}, bucket, bucket_min, bucket_max, {BY_TYPE[type]}
            FROM events JOIN buckets
                ON number_of(properties, 'Item Price') >= bucket_min AND number_of(properties, 'Item Price') < bucket_max
            WHERE event_name = 'View Item' AND {IN_DAYS}
            GROUP BY ALL HAVING count(user_id) > 0 OR '{type}' = 'general'""",
    )
    if type == "general":
        query = f"""SELECT count(*) FROM events
            WHERE event_name = 'View Item' AND {IN_DAYS} AND number_of(properties, 'Item Price') IS NOT NULL"""
        assert rows(exported, f"SELECT sum(count) FROM {report}") == rows(exported, query)


@pytest.mark.parametrize("unit", ["hour", "day"])
def test_segmentation_sum_and_average(shop, unit):
    """What is no number counts as 0, in both."""
    for measure, filter, condition in (
        ("sum", "", "true"),
        ("average", "", "true"),
        ("average", """, filter := 'properties["plan"] == "free"'""", "(properties->>'plan') = 'free'"),
    ):
        shop(
            f"mixpanel_segmentation_{measure}('View Item', {DAYS}, segment_by := 'Item Price', unit := '{unit}'{filter})",
            f"""SELECT {START[unit]} AS date, {measure.replace('average', 'avg')}(coalesce(number_of(properties, 'Item Price'), 0))
                FROM events WHERE event_name = 'View Item' AND {IN_DAYS} AND {condition} GROUP BY ALL""",
        )


@pytest.mark.parametrize("type, unit", [(type, unit) for type in BY_TYPE for unit in START
                                        if (type, unit) not in (("unique", "hour"), ("unique", "minute"))])  # fmt: skip
def test_event_counts(shop, type, unit):
    shop(
        f"mixpanel_event_counts(['Purchase', 'Sign Up', 'Time Travel', '購入 🛒'], {DAYS}, unit := '{unit}', type := '{type}')",
        f"""SELECT {START[unit]}, event_name, {BY_TYPE[type]}
            FROM events WHERE event_name IN ('Purchase', 'Sign Up', 'Time Travel', '購入 🛒') AND {IN_DAYS}
            GROUP BY ALL HAVING count(user_id) > 0 OR '{type}' = 'general'""",
    )


@pytest.mark.parametrize("type", BY_TYPE)
@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_property_counts(shop, type, unit):
    """Unlike a segmentation it leaves out the events that lack the property."""
    counted = f"""SELECT {START[unit]} AS date, (properties->>'Coupon') AS value, {BY_TYPE[type]}
            FROM events WHERE event_name = 'Purchase' AND {IN_DAYS} AND value IS NOT NULL"""
    grouped = f"GROUP BY ALL HAVING count(user_id) > 0 OR '{type}' = 'general'"
    call = f"mixpanel_property_counts('Purchase', 'Coupon', {DAYS}, unit := '{unit}', type := '{type}'"
    shop(f"{call})", f"{counted} {grouped}")
    shop(f"{call}, property_values := ['WELCOME', 'no such'])", f"{counted} AND value = 'WELCOME' {grouped}")
    if type == "general":
        most = f"""SELECT (properties->>'Coupon') FROM events WHERE event_name = 'Purchase' AND {IN_DAYS}
            AND (properties->>'Coupon') IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC LIMIT 1"""
        shop(f"{call}, max_rows := 1)", f"{counted} AND value = ({most}) {grouped}")


WANTS = "('Add To Cart', 'Add To Wishlist')"
FUNNELS = {
    8101: (["('Sign Up')", "('View Item')", "('Purchase')"], ["Sign Up", "View Item", "Purchase"], "7 DAY"),
    8102: (["('Add To Cart')", "('Checkout Started')", "('Purchase')"], ["Add To Cart", "Checkout Started", "Purchase"], "1 HOUR"),
    8103: (["('View Item')", WANTS, "('Purchase')"], ["View Item", "Wants It", "Purchase"], "7 DAY"),
    8104: (["('Purchase')", "('Time Travel')"], ["Purchase", "Time Travel"], "30 DAY"),
}
"""The steps of the saved funnels, what they are called, and how long users have."""


def funnel_query(funnel_id: int, unit: str = "day", length: str | None = None, segment: str = "NULL", condition: str = "true") -> str:
    """A user enters once a day (week, month), with the first event there that is the first step; each further step is
    the first such event later than the step before, and at most so long after the entry. A day on which nobody entered
    is reported too."""
    steps, names, saved_length = FUNNELS[funnel_id]
    start = ALL_DAYS if unit == "all" else START[unit]
    length = length or saved_length
    segments = "NULL" if segment == "NULL" else "unnest([segment, '$overall'])"
    query = f"""
    WITH chosen AS (SELECT * FROM events WHERE {condition}),
    taken_1 AS (
        SELECT {start} AS date, user_id, min(event_time) AS time_1, arg_min({segment}, event_time) AS segment
        FROM chosen WHERE event_name IN {steps[0]} AND {IN_DAYS} AND user_id IS NOT NULL GROUP BY ALL)"""
    for number in range(2, len(steps) + 1):
        query += f""",
    taken_{number} AS (
        SELECT t.*, (SELECT min(event_time) FROM chosen e WHERE e.user_id = t.user_id AND event_name IN {steps[number - 1]}
            AND event_time > time_{number - 1} AND event_time <= time_1 + INTERVAL {length}) AS time_{number}
        FROM taken_{number - 1} t)"""
    query += f""",
    starts AS (SELECT DISTINCT {start} AS date
        FROM (SELECT unnest(generate_series(TIMESTAMP '{FIRST}', '{LAST}', INTERVAL 1 DAY)) AS event_time)),
    attempts AS (SELECT * REPLACE ({segments} AS segment) FROM taken_{len(steps)}),
    counted AS ("""
    query += " UNION ALL ".join(
        f"""
        SELECT date, segment, {number} AS step, '{name}' AS event_name, count(time_{number}) AS count, count(time_1) AS entered,
            count(time_{max(number - 1, 1)}) AS before,
            {'NULL' if number == 1 else f'round_even(avg(epoch_ms(time_{number}) - epoch_ms(time_{number - 1})) / 1000, 0)'} AS avg_seconds,
            {'NULL' if number == 1 else f'round_even(avg(epoch_ms(time_{number}) - epoch_ms(time_1)) / 1000, 0)'} AS avg_seconds_from_start
        FROM starts LEFT JOIN attempts USING (date) GROUP BY date, segment"""
        for number, name in enumerate(names, 1)
    )
    return query + """)
    SELECT date, segment, step, event_name, count, if(before = 0, 0, count / before), if(entered = 0, 0, count / entered),
        avg_seconds, avg_seconds_from_start
    FROM counted"""


@pytest.mark.parametrize("unit", ["day", "week", "month"])
@pytest.mark.parametrize("funnel_id", FUNNELS)
def test_funnel(shop, funnel_id, unit):
    report = f"mixpanel_funnel({funnel_id}, {DAYS}, unit := '{unit}')"
    told = shop(report, funnel_query(funnel_id, unit))
    assert any(count for _, _, step, _, count, *_ in told if step == 2) or funnel_id == 8104


@pytest.mark.parametrize("funnel_id", FUNNELS)
def test_funnel_over_all_days(shop, funnel_id):
    """A user counts once, however often they enter."""
    shop(
        f"(SELECT * EXCLUDE (funnel_name) FROM mixpanel_funnel({funnel_id}, {DAYS}, mode := 'steps'))",
        f"SELECT * EXCLUDE (date) FROM ({funnel_query(funnel_id, 'all')})",
    )


def test_funnel_over_all_days_by_segments(shop):
    shop(
        f"(SELECT * EXCLUDE (funnel_name) FROM mixpanel_funnel(8103, {DAYS}, mode := 'steps', segment_by := 'plan'))",
        f"""SELECT * EXCLUDE (date) FROM ({funnel_query(8103, 'all', segment="segment_of(properties, 'plan')")})""",
    )


@pytest.mark.parametrize("length, unit", [(1, "day"), (2, "hour"), (90, "minute"), (600, "second")])
def test_funnel_of_another_length(shop, length, unit):
    shop(
        f"mixpanel_funnel('8103', {DAYS}, length := {length}, length_unit := '{unit}')",
        funnel_query(8103, length=f"{length} {unit}"),
    )


def test_funnel_by_segments(shop):
    """The segment is that of the event with which a user entered; `$overall` is all of them."""
    told = shop(
        f"mixpanel_funnel(8103, {DAYS}, segment_by := 'plan', unit := 'week')",
        funnel_query(8103, "week", segment="segment_of(properties, 'plan')"),
    )
    assert {segment for _, segment, *_ in told} > {"$overall", "free", "pro"}


def test_funnel_of_some_events(shop):
    """The filter is asked of the events of every step."""
    shop(
        f"""mixpanel_funnel(8103, {DAYS}, filter := 'properties["plan"] == "pro"')""",
        funnel_query(8103, condition="(properties->>'plan') = 'pro'"),
    )


def retention_query(births: str, returns: str = "true", unit: str = "day", size: int = 1, periods: int = 10,
                    unbounded: bool = False, segment: str = "NULL") -> str:  # fmt: skip
    """`births`: a query of user_id, cohort_date and born. Period n are the n-th 24 hours, weeks or months after a user's
    own birth; a period that had not ended on the project's newest day is left out. Cohorts without any have a row."""
    period = f"datesub('{unit}', b.born, e.event_time) // {size}"
    return f"""
    WITH births AS ({births}),
    cohorts AS (SELECT cohort_date, count(*) AS cohort_size FROM births GROUP BY ALL),
    periods AS (
        SELECT cohort_date, cohort_size, period FROM cohorts, (SELECT unnest(range({periods + 1})) AS period)
        WHERE cohort_date + to_{unit}s((period + 1)::INTEGER * {size}) <= DATE '{NEWEST}' + 1),
    returned AS (
        SELECT DISTINCT cohort_date, b.user_id, {period} AS period, {segment} AS segment
        FROM births b JOIN events e ON e.user_id = b.user_id AND e.event_time > b.born
        WHERE e.event_time >= '{FIRST}' AND {returns}),
    reported AS (SELECT * FROM returned SEMI JOIN periods USING (cohort_date, period)),
    segments AS ({"SELECT DISTINCT cohort_date, segment FROM reported" if segment != "NULL" else "SELECT cohort_date, NULL AS segment FROM cohorts"})
    SELECT p.cohort_date, s.segment, cohort_size, p.period, count(DISTINCT r.user_id), count(DISTINCT r.user_id) / cohort_size
    FROM periods p JOIN segments s USING (cohort_date)
    LEFT JOIN reported r ON r.cohort_date = p.cohort_date AND r.segment IS NOT DISTINCT FROM s.segment
        AND r.period {'>=' if unbounded else '='} p.period
    GROUP BY p.cohort_date, s.segment, cohort_size, p.period
    UNION ALL
    SELECT cohort_date, NULL, cohort_size, NULL, NULL, NULL FROM cohorts ANTI JOIN periods USING (cohort_date)
    WHERE {segment == 'NULL'}"""


def born(event: str, start: str = "event_time::DATE", condition: str = "true") -> str:
    """A user is born once, with their first such event."""
    return f"""SELECT user_id, {start} AS cohort_date, event_time AS born
        FROM events WHERE event_name = '{event}' AND {IN_DAYS} AND user_id IS NOT NULL AND {condition}
        QUALIFY 1 = row_number() OVER (PARTITION BY user_id ORDER BY event_time)"""


@pytest.mark.parametrize("unbounded", [False, True])
@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_retention(shop, unit, unbounded):
    told = shop(
        f"""mixpanel_retention(born_event := '$session_start', return_event := 'View Item', {DAYS}, unit := '{unit}',
            unbounded := {unbounded})""",
        retention_query(born("$session_start", START[unit]), "e.event_name = 'View Item'", unit, unbounded=unbounded),
    )
    assert any(retained for *_, period, retained, _ in told if period) or unit == "month"


def test_retention_of_any_event(shop):
    shop(
        f"mixpanel_retention(born_event := 'Sign Up', {DAYS}, interval_count := 3)",
        retention_query(born("Sign Up"), periods=3),
    )


def test_retention_in_intervals_of_days(shop):
    """They begin with the report's first day."""
    start = f"(DATE '{FIRST}' + (date_diff('day', DATE '{FIRST}', event_time::DATE) // 4 * 4)::INTEGER)"
    shop(
        f"mixpanel_retention(born_event := 'Sign Up', return_event := 'View Item', {DAYS}, interval_size := 4, interval_count := 5)",
        retention_query(born("Sign Up", start), "e.event_name = 'View Item'", size=4, periods=5),
    )


def test_retention_of_some_events(shop):
    shop(
        f"""mixpanel_retention(born_event := 'View Item', born_filter := 'properties["plan"] == "pro"', {DAYS},
            return_event := 'Purchase', return_filter := 'properties["Currency"] == "USD"')""",
        retention_query(
            born("View Item", condition="(properties->>'plan') = 'pro'"),
            "e.event_name = 'Purchase' AND (e.properties->>'Currency') = 'USD'",
        ),
    )


@pytest.mark.parametrize("unbounded", [False, True])
def test_retention_by_segments(shop, unbounded):
    """The segment is that of the events with which users return; the cohort remains the whole one."""
    told = shop(
        f"""mixpanel_retention(born_event := '$session_start', return_event := 'View Item', {DAYS}, unit := 'week',
            segment_by := 'Category', unbounded := {unbounded})""",
        retention_query(born("$session_start", START["week"]), "e.event_name = 'View Item'", "week", unbounded=unbounded,
                        segment="segment_of(e.properties, 'Category')"),
    )  # fmt: skip
    assert len({segment for _, segment, *_ in told}) > 3


@pytest.mark.parametrize("unit", ["day", "week"])
def test_compounded_retention(shop, unit):
    """Who does the event is in the cohort of every day on which they do it."""
    births = f"""SELECT user_id, {START[unit]} AS cohort_date, min(event_time) AS born
        FROM events WHERE event_name = 'View Item' AND {IN_DAYS} AND user_id IS NOT NULL GROUP BY ALL"""
    shop(
        f"mixpanel_retention(retention_type := 'compounded', return_event := 'View Item', {DAYS}, unit := '{unit}')",
        retention_query(births, "e.event_name = 'View Item'", unit),
    )


@pytest.mark.parametrize("unit, part", [("day", "hour"), ("day", "day"), ("week", "hour"), ("week", "day"), ("month", "day")])
@pytest.mark.parametrize("segment_by", [None, "plan"])
def test_frequency(shop, unit, part, segment_by):
    segment = f"segment_of(properties, '{segment_by}')" if segment_by else "NULL"
    by = f", segment_by := '{segment_by}'" if segment_by else ""
    told = shop(
        f"""mixpanel_frequency({DAYS}, unit := '{unit}', addiction_unit := '{part}', event := 'View Item',
            filter := 'properties["Item Price"] > 20'{by})""",
        f"""
        WITH active AS (
            SELECT {START[unit]} AS date, {segment} AS segment, user_id, count(DISTINCT date_trunc('{part}', event_time)) AS parts
            FROM events WHERE event_name = 'View Item' AND {IN_DAYS} AND user_id IS NOT NULL
                AND number_of(properties, 'Item Price') > 20
            GROUP BY ALL),
        stretches AS (
            SELECT date, segment, unnest(range(1, date_diff('{part}', date::TIMESTAMP, date + INTERVAL 1 {unit}) + 1)) AS periods
            FROM (SELECT DISTINCT date, segment FROM active))
        SELECT s.date, s.segment, periods, count(user_id) AS users
        FROM stretches s LEFT JOIN active a
            ON a.date = s.date AND a.segment IS NOT DISTINCT FROM s.segment AND a.parts >= periods
        GROUP BY ALL""",
    )
    assert any(users for _, _, periods, users in told if periods > 1) or (unit, part) == ("day", "day")


def test_frequency_of_any_event(shop):
    shop(
        f"(SELECT date, users FROM mixpanel_frequency({DAYS}) WHERE periods = 1)",
        f"SELECT event_time::DATE, count(DISTINCT user_id) FROM events WHERE {IN_DAYS} GROUP BY ALL",
    )


def test_jql(shop):
    script = """function main() { return Events(params)
        .groupBy(["name", "properties.plan"], mixpanel.reducer.count()) }"""
    report = f"""SELECT (result->'key'->>0), coalesce((result->'key'->>1), '-'), (result->'value')::BIGINT
        FROM mixpanel_jql($${script}$$, params := {{'from_date': '{FIRST}', 'to_date': '{LAST}'}})
        WHERE (result->'key'->>0) IN ('Purchase', 'View Item')"""
    shop(
        f"({report})",
        f"""SELECT event_name, coalesce(properties->>'plan', '-'), count(*) FROM events
            WHERE {IN_DAYS} AND event_name IN ('Purchase', 'View Item') GROUP BY ALL""",
    )


def test_rows_are_in_order_of_date(exported, shop):
    """The simulator's series are not, as Mixpanel's are not."""
    query = f"SELECT (response->'data'->'series')::VARCHAR[] FROM mixpanel_segmentation('Purchase', {DAYS}, raw := true)"
    ((series,),) = rows(exported, query)
    assert series != sorted(series)
    for call in (
        f"mixpanel_segmentation('Purchase', {DAYS}, segment_by := 'plan')",
        f"mixpanel_segmentation_sum('Purchase', {DAYS}, segment_by := 'Amount')",
        f"mixpanel_property_counts('Purchase', 'plan', {DAYS}, unit := 'hour')",
    ):
        dates = [date for (date,) in rows(exported, f"SELECT date FROM {call}")]
        assert dates == sorted(dates) and len(set(dates)) > 10
