"""Compares what Mixpanel's own client reads from the simulator's answers with what the extension reads.

Where the two agree, the simulator and we understand the routes as Mixpanel's people do. A difference has its reason
beside it, and is exactly the one that is described: what is left of it is compared."""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

mixpanel_headless = pytest.importorskip("mixpanel_headless")

FIRST, LAST = "2025-01-01", "2025-01-31"
DAYS = {"from_date": FIRST, "to_date": LAST}
BETWEEN = f"from_date := '{FIRST}', to_date := '{LAST}'"


@dataclass(frozen=True)
class Read:
    """A question that both can ask."""

    name: str
    """As the official client calls it."""
    theirs: Callable[[Any], Any]
    """What it makes of the answer."""
    ours: str
    """The statement that asks the same."""
    read: Callable[[list[tuple]], Any] = lambda rows: rows
    """Our rows in the form of its result."""
    differs: str = ""
    """Why its result is another one."""
    other_route: str = ""
    """Where it asks elsewhere, why."""
    without: Callable[[Any, Any], tuple[Any, Any]] | None = None
    """Both results without that difference."""


def tidy(series: dict) -> dict:
    return {(date, name): count for name, by_date in series.items() for date, count in by_date.items()}


def counted(rows: list[tuple]) -> dict:
    return {(str(date), name): count for date, name, count in rows}


def moment(text: str | None) -> datetime | None:
    """As our TIMESTAMPs have it: UTC."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def leaves(value: Any, path: tuple = ()) -> dict[tuple, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {inner: leaf for key, item in value.items() for inner, leaf in leaves(item, (*path, key)).items()}


def events(rows: list[dict]) -> Counter:
    return Counter((row["event_name"], row["event_time"].replace(tzinfo=None), row["distinct_id"], row["insert_id"]) for row in rows)


def our_events(rows: list[tuple]) -> Counter:
    return Counter(rows)


def without_ids_that_are_none(theirs: Counter, ours: Counter) -> tuple[Counter, Counter]:
    def text(value):
        return None if value in (None, "") else str(value)

    known = {text(insert_id) for *_, insert_id in ours}
    theirs = Counter((name, at, text(who), text(own) if text(own) in known else None) for name, at, who, own in theirs.elements())
    return theirs, Counter((name, at, text(who), text(own)) for name, at, who, own in ours.elements())


def whole(properties: dict) -> dict:
    """Without halves of surrogate pairs."""
    text = json.dumps(properties, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def steps(result) -> list[tuple]:
    return [(step.event, step.count, round(step.conversion_rate, 9)) for step in result.steps]


def rates(result) -> dict:
    known = [(cohort, list(enumerate(cohort.retention)) or [(None, 0)]) for cohort in result.cohorts]
    return {(cohort.date, period): (cohort.size, round(rate, 9)) for cohort, periods in known for period, rate in periods}


def schema(found) -> tuple:
    about = found.schema_json.metadata
    names = sorted(found.schema_json.properties)
    return found.entity_type, found.name, found.schema_json.description, names, *((about.display_name, list(about.tags), about.hidden, about.dropped) if about else (None, [], False, False))


SCHEMA = "entity_type, name, description, list_sort(json_keys(properties)), display_name, tags, hidden, dropped"


def our_schemas(rows: list[tuple]) -> list[tuple]:
    return sorted(((*row[:3], row[3] or [], row[4], row[5] or [], row[6] or False, row[7] or False) for row in rows), key=str)


def of_insights(number: int) -> Read:
    """A saved report of Insights: metrics, then breakdowns, then dates."""

    def theirs(ws):
        found = leaves(ws.query_saved_report(number).series)
        # Where a report has no dates, `all` stands there, or nothing.
        def key(path):
            *names, last = path if len(path) > 1 else (*path, "all")
            return names[0], tuple(names[1:]), None if last == "all" else moment(last)

        return {key(path): value for path, value in found.items()}

    def read(rows):
        return {(metric, tuple(segments), date): value for metric, segments, date, value in rows}

    return Read(f"query_saved_report({number})", theirs, f"SELECT metric, segments, date, value FROM mixpanel_saved_report({number})", read)


READS = [
    Read("projects", lambda ws: [(p.id, p.name, p.organization_id, p.timezone) for p in ws.projects()],
         "SELECT e.key, e.value->>'name', (e.value->>'organization_id')::INT, e.value->>'timezone' FROM (SELECT unnest(map_entries(from_json(body->'$.results.projects', '\"MAP(VARCHAR, JSON)\"'))) AS e FROM mixpanel_api('/api/app/me'))"),
    Read("me", lambda ws: (ws.me().user_id, sorted(ws.me().projects)), "SELECT (body->>'$.results.user_id')::INT, list_sort(json_keys(body->'$.results.projects')) FROM mixpanel_api('/api/app/me')", lambda rows: rows[0]),
    Read("list_workspaces", lambda ws: [(w.id, w.name, w.is_global) for w in ws.list_workspaces()], "SELECT workspace_id, name, is_global FROM mixpanel_workspaces()"),
    Read("events", lambda ws: [(name,) for name in ws.events()], "FROM mixpanel_events()"),
    Read("properties", lambda ws: ws.properties("Purchase"), "SELECT property_name FROM mixpanel_properties('Purchase') ORDER BY count DESC, property_name",
         lambda rows: [name for (name,) in rows],
         differs="It asks without a limit, and Mixpanel names ten; we ask for all",
         without=lambda theirs, ours: (len(theirs) if set(theirs) < set(ours) else theirs, 10)),
    Read("property_values", lambda ws: sorted(ws.property_values("plan", event="Purchase")), "SELECT value FROM mixpanel_property_values('plan', event := 'Purchase') ORDER BY ALL",
         lambda rows: [value for (value,) in rows]),
    Read("subproperties", lambda ws: sorted((p.name, sorted(set(p.sample_values))) for p in ws.subproperties("Items", event="Purchase") if p.name == "quantity"),
         "SELECT DISTINCT (unnest(from_json(value, '[\"JSON\"]'))->>'quantity')::INT AS quantity FROM mixpanel_property_values('Items', event := 'Purchase') ORDER BY ALL",
         lambda rows: [("quantity", [quantity for (quantity,) in rows])]),
    Read("funnels", lambda ws: sorted((f.funnel_id, f.name) for f in ws.funnels()), "FROM mixpanel_funnels() ORDER BY ALL"),
    Read("cohorts", lambda ws: sorted((c.id, c.name, c.count, c.description, moment(c.created), c.is_visible) for c in ws.cohorts()),
         "SELECT cohort_id, name, count, description, created, is_visible FROM mixpanel_cohorts() ORDER BY ALL"),
    Read("list_bookmarks", lambda ws: sorted((b.id, b.name, b.type, b.description, moment(b.created), moment(b.modified), b.creator_name, b.workspace_id, b.dashboard_id) for b in ws.list_bookmarks()),
         "SELECT bookmark_id, name, type, description, created, modified, creator_name, workspace_id, dashboard_id FROM mixpanel_bookmarks() ORDER BY ALL"),
    Read("list_bookmarks_v2", lambda ws: sorted((b.id, b.name, b.bookmark_type) for b in ws.list_bookmarks_v2()), "SELECT bookmark_id, name, type FROM mixpanel_bookmarks() ORDER BY ALL"),
    Read("top_events", lambda ws: sorted((e.event, e.count, e.percent_change) for e in ws.top_events()), "FROM mixpanel_top_events() ORDER BY ALL"),
    Read("lexicon_schemas", lambda ws: sorted(map(schema, ws.lexicon_schemas()), key=str), f"SELECT {SCHEMA} FROM mixpanel_lexicon_schemas()", our_schemas),
    Read("lexicon_schemas(event)", lambda ws: sorted(map(schema, ws.lexicon_schemas(entity_type="event")), key=str), f"SELECT {SCHEMA} FROM mixpanel_lexicon_schemas(entity_type := 'event')", our_schemas),
    Read("lexicon_schema", lambda ws: [schema(ws.lexicon_schema("event", "Purchase"))], f"SELECT {SCHEMA} FROM mixpanel_lexicon_schema('event', 'Purchase')", our_schemas,
         other_route="It gives the name as a parameter, schemas/event?entity_name=Purchase; we in the path, as documented"),
    Read("list_schema_registry", lambda ws: sorted((s.entity_type, s.name, s.schema_definition) for s in ws.list_schema_registry()),
         "SELECT entity_type, name, schema FROM mixpanel_lexicon_schemas() ORDER BY ALL", lambda rows: [(kind, name, json.loads(text)) for kind, name, text in rows]),
    Read("list_annotations", lambda ws: sorted((a.id, moment(a.date), a.description, [t.name for t in a.tags]) for a in ws.list_annotations()),
         "SELECT annotation_id, date, description, tags FROM mixpanel_annotations() ORDER BY ALL"),
    Read("list_annotations(dates)", lambda ws: sorted(a.id for a in ws.list_annotations(**DAYS)), f"SELECT annotation_id FROM mixpanel_annotations({BETWEEN}) ORDER BY ALL", lambda rows: [number for (number,) in rows]),
    Read("get_annotation", lambda ws: ws.get_annotation(902).description, "SELECT body->>'$.results.description' FROM mixpanel_api('/api/app/projects/{project_id}/annotations/902/')", lambda rows: rows[0][0]),
    Read("list_annotation_tags", lambda ws: [(t.id, t.name) for t in ws.list_annotation_tags()],
         "SELECT (t->>'id')::INT, t->>'name' FROM (SELECT unnest(from_json(body->'$.results', '[\"JSON\"]')) AS t FROM mixpanel_api('/api/app/projects/{project_id}/annotations/tags/'))"),
    Read("stream_events", lambda ws: events(list(ws.stream_events(**DAYS))), f"SELECT event_name, time_bucket(INTERVAL 1 SECOND, event_time), distinct_id, insert_id FROM mixpanel_export({BETWEEN})", our_events,
         differs="Where a row has no id, it makes up an insert_id and an empty distinct_id, and we have NULL; an id that is a number stays one there. "
                 "It asks for seconds, we for milliseconds, which are cut off here",
         without=without_ids_that_are_none),
    Read("stream_events(events, where, limit)", lambda ws: len(list(ws.stream_events(**DAYS, events=["Purchase", "Search"], where='properties["plan"] == "pro"', limit=5))),
         f"SELECT count(*) FROM mixpanel_export({BETWEEN}, events := ['Purchase', 'Search'], filter := 'properties[\"plan\"] == \"pro\"', max_rows := 5)", lambda rows: rows[0][0]),
    Read("stream_profiles", lambda ws: {str(p["distinct_id"]): (p["last_seen"], p["properties"]) for p in ws.stream_profiles()}, "SELECT distinct_id, last_seen, properties FROM mixpanel_profiles()",
         lambda rows: {who: (at, json.loads(properties)) for who, at, properties in rows},
         differs="last_seen is text there and a TIMESTAMP here, NULL where it is none; half a surrogate pair, which DuckDB's JSON refuses, is U+FFFD here",
         without=lambda theirs, ours: ({who: whole(properties) for who, (_, properties) in theirs.items()}, {who: properties for who, (_, properties) in ours.items()})),
    Read("stream_profiles(cohort)", lambda ws: sorted(str(p["distinct_id"]) for p in ws.stream_profiles(cohort_id="1001")), "SELECT distinct_id FROM mixpanel_profiles(cohort_id := 1001) ORDER BY ALL", lambda rows: [who for (who,) in rows]),
    Read("stream_profiles(where)", lambda ws: sorted(str(p["distinct_id"]) for p in ws.stream_profiles(where='properties["plan"] == "pro"')),
         "SELECT distinct_id FROM mixpanel_profiles(filter := 'properties[\"plan\"] == \"pro\"') ORDER BY ALL", lambda rows: [who for (who,) in rows]),
    Read("query_user(profiles)", lambda ws: sorted(str(p["distinct_id"]) for p in ws.query_user(mode="profiles", limit=None).profiles), "SELECT distinct_id FROM mixpanel_profiles() ORDER BY ALL", lambda rows: sorted(who for (who,) in rows)),
    Read("segmentation(week)", lambda ws: tidy(ws.segmentation("Purchase", **DAYS, unit="week").series), f"SELECT date, segment, count FROM mixpanel_segmentation('Purchase', {BETWEEN}, unit := 'week')", counted),
    Read("segmentation", lambda ws: tidy(ws.segmentation("Purchase", **DAYS).series), f"SELECT date, segment, count FROM mixpanel_segmentation('Purchase', {BETWEEN})", counted),
    Read("segmentation(on)", lambda ws: tidy(ws.segmentation("Purchase", **DAYS, on="plan").series), f"SELECT date, segment, count FROM mixpanel_segmentation('Purchase', {BETWEEN}, segment_by := 'plan')", counted),
    Read("segmentation_numeric", lambda ws: tidy(ws.segmentation_numeric("Purchase", **DAYS, on="Amount").series), f"SELECT date, bucket, count FROM mixpanel_segmentation_numeric('Purchase', segment_by := 'Amount', {BETWEEN})", counted),
    Read("segmentation_sum", lambda ws: ws.segmentation_sum("Purchase", **DAYS, on="Amount").results, f"SELECT date, sum FROM mixpanel_segmentation_sum('Purchase', segment_by := 'Amount', {BETWEEN})", lambda rows: {str(date): value for date, value in rows}),
    Read("segmentation_average", lambda ws: ws.segmentation_average("Purchase", **DAYS, on="Amount").results, f"SELECT date, average FROM mixpanel_segmentation_average('Purchase', segment_by := 'Amount', {BETWEEN})", lambda rows: {str(date): value for date, value in rows}),
    Read("event_counts", lambda ws: tidy(ws.event_counts(["Purchase", "Search"], **DAYS).series), f"SELECT date, event_name, count FROM mixpanel_event_counts(['Purchase', 'Search'], {BETWEEN})", counted),
    Read("event_counts(unique)", lambda ws: tidy(ws.event_counts(["Purchase", "Search"], **DAYS, type="unique").series), f"SELECT date, event_name, count FROM mixpanel_event_counts(['Purchase', 'Search'], {BETWEEN}, type := 'unique')", counted),
    Read("property_counts", lambda ws: tidy(ws.property_counts("Purchase", "plan", **DAYS).series), f"SELECT date, value, count FROM mixpanel_property_counts('Purchase', 'plan', {BETWEEN})", counted),
    Read("funnel", lambda ws: steps(ws.funnel(8101, **DAYS)),
         f"SELECT event_name, sum(count)::BIGINT, NULL FROM mixpanel_funnel(8101, {BETWEEN}) GROUP BY step, event_name ORDER BY step",
         lambda rows: [(name, count, round(count / (rows[max(number - 1, 0)][1] or 1), 9)) for number, (name, count, _) in enumerate(rows)]),
    Read("retention", lambda ws: rates(ws.retention(born_event="Sign Up", return_event="Purchase", **DAYS)),
         f"SELECT cohort_date, period, cohort_size, retention_rate FROM mixpanel_retention(born_event := 'Sign Up', return_event := 'Purchase', {BETWEEN}, interval_count := 10)",
         lambda rows: {(str(date), period): (size, round(rate or 0, 9)) for date, period, size, rate in rows}),
    Read("retention(week)", lambda ws: rates(ws.retention(born_event="Sign Up", return_event="Purchase", **DAYS, unit="week", interval_count=3)),
         f"SELECT cohort_date, period, cohort_size, retention_rate FROM mixpanel_retention(born_event := 'Sign Up', return_event := 'Purchase', {BETWEEN}, unit := 'week', interval_count := 3)",
         lambda rows: {(str(date), period): (size, round(rate or 0, 9)) for date, period, size, rate in rows}),
    Read("frequency(event)", lambda ws: {(date, number): users for date, counts in ws.frequency(**DAYS, unit="week", addiction_unit="day", event="Search").data.items() for number, users in enumerate(counts, 1)},
         f"SELECT date, periods, users FROM mixpanel_frequency({BETWEEN}, unit := 'week', addiction_unit := 'day', event := 'Search')", lambda rows: {(str(date), periods): users for date, periods, users in rows}),
    Read("frequency", lambda ws: {(date, number): users for date, counts in ws.frequency(**DAYS).data.items() for number, users in enumerate(counts, 1)}, f"SELECT date, periods, users FROM mixpanel_frequency({BETWEEN})",
         lambda rows: {(str(date), periods): users for date, periods, users in rows}),
    *map(of_insights, [*range(8001, 8007), 8008, 8009]),
    Read("query_saved_report(8101)", lambda ws: json.loads(json.dumps(ws.query_saved_report(8101).series)), "SELECT response FROM mixpanel_saved_report(8101, raw := true)", lambda rows: json.loads(rows[0][0])["series"]),
    Read("query_saved_report(8201)", lambda ws: json.loads(json.dumps(ws.query_saved_report(8201).series)), "SELECT response FROM mixpanel_saved_report(8201, raw := true)", lambda rows: json.loads(rows[0][0])["series"]),
    Read("get_bookmark", lambda ws: json.loads(json.dumps(ws.get_bookmark(8101).params)), "SELECT params FROM mixpanel_bookmarks() WHERE bookmark_id = 8101", lambda rows: json.loads(rows[0][0]),
         other_route="It asks for the one report, as ours does for other days; mixpanel_bookmarks lists all of them"),
    Read("list_dashboards", lambda ws: sorted((d.id, d.title, d.creator_name) for d in ws.list_dashboards()), "SELECT dashboard_id, title, creator_name FROM mixpanel_dashboards() ORDER BY ALL"),
    Read("list_cohorts_full", lambda ws: sorted((c.id, c.name, c.count) for c in ws.list_cohorts_full()), "SELECT cohort_id, name, count FROM mixpanel_cohort_definitions() ORDER BY ALL"),
    Read("list_feature_flags", lambda ws: sorted((str(f.id), f.key, f.name) for f in ws.list_feature_flags()), "SELECT flag_id, key, name FROM mixpanel_feature_flags() ORDER BY ALL"),
    Read("list_experiments", lambda ws: sorted((str(e.id), e.name) for e in ws.list_experiments()), "SELECT experiment_id, name FROM mixpanel_experiments() ORDER BY ALL"),
    Read("get_event_definitions", lambda ws: sorted((d.name, d.display_name, d.description) for d in ws.get_event_definitions(names=["Purchase", "Sign Up"])),
         "SELECT event_name, display_name, description FROM mixpanel_event_definitions(names := ['Purchase', 'Sign Up']) ORDER BY ALL"),
    Read("list_custom_properties", lambda ws: sorted((c.custom_property_id, c.name) for c in ws.list_custom_properties()), "SELECT custom_property_id, name FROM mixpanel_custom_properties() ORDER BY ALL"),
    Read("list_lookup_tables", lambda ws: sorted((t.id, t.name) for t in ws.list_lookup_tables()), "SELECT lookup_table_id, name FROM mixpanel_lookup_tables() ORDER BY ALL"),
    Read("query_saved_flows", lambda ws: ws.query_saved_flows(8301).overall_conversion_rate, "SELECT DISTINCT overall_conversion_rate FROM mixpanel_flows(8301)", lambda rows: rows[0][0],
         differs="Where an answer has no overall rate, it says 0.0, and we NULL", without=lambda theirs, ours: ((theirs, ours) == (0.0, None), True)),
    Read("query_saved_flows(steps)", lambda ws: Counter((number, node["event"] or None, node["type"], int(node["totalCount"])) for number, step in enumerate(ws.query_saved_flows(8301).steps) for node in step["nodes"]),
         "SELECT DISTINCT step, event_name, node_type, segments, count FROM mixpanel_flows(8301)", lambda rows: Counter((step, name or None, kind, count) for step, name, kind, _, count in rows)),
]


@pytest.fixture
def official(credentials):
    workspace = mixpanel_headless.Workspace()
    yield workspace
    workspace.close()


@pytest.mark.parametrize("one", READS, ids=[read.name for read in READS])
def test_both_understand_the_answer_alike(con, shop, official, one):
    shop.reset()
    theirs = one.theirs(official)
    asked = {request.path.rstrip("/") for request in shop.settled(1)}
    shop.clear()
    ours = one.read(con.execute(one.ours).fetchall())
    assert bool(asked & {request.path.rstrip("/") for request in shop.settled(1)}) is not bool(one.other_route)
    assert {request.status for request in shop.requests} == {200}
    if one.differs:
        assert theirs != ours, "they agree by now"
        theirs, ours = one.without(theirs, ours)
    assert theirs == ours
    assert theirs, "an answer of nothing shows nothing"
