"""Tests `docs/from-mixpanel-data.md`: it has every method, command, field and exception of `mixpanel_data`, and its SQL
counts as JQL did.

What there was is read from the project's seeds, which lie outside of it; `test_docs.py` runs the page."""
from __future__ import annotations

import re
import statistics
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from conftest import ROOT, SHARED, rows
from documented import as_documented, blocks, january  # noqa: F401  fixtures are known by their names
from simulator.events import reported

PAGE = ROOT / "docs" / "from-mixpanel-data.md"
TEXT = PAGE.read_text(encoding="utf-8")
SEEDS = {path.name[:3]: path.read_text(encoding="utf-8") for path in sorted((SHARED / "seeds").glob("*.txt"))}
BEHAVIOUR = SHARED / "mixpanel_data-behaviour.md"

GROUPS = "auth|fetch|query|inspect|events|users|db|report|schema|raw|explore|annotations|alerts|formulas"
COMMAND = re.compile(rf"^(?:.*[`$] ?)?mp ((?:{GROUPS})\b(?: workspace)?(?: [a-z][a-z-]+)?)", re.MULTILINE)
NO_COMMANDS = {
    # Groups, and prose about them.
    "auth", "db", "events", "explore", "raw", "report", "schema", "users",
}  # fmt: skip
NO_METHODS = {"get", "post"}
ATTRIBUTES = {"__init__", "api", "connection", "db_path"}
"""Named without parentheses."""

needs_seeds = pytest.mark.skipif(not SEEDS or not BEHAVIOUR.exists(), reason=f"there are no seeds in {SHARED / 'seeds'}")


def methods() -> set[str]:
    """Those of `Workspace`, of `auth` and `ConfigManager`, and the functions that the oldest design had in modules."""
    members = re.findall(r"^        - (\w+)$", SEEDS["000"], re.MULTILINE)
    calls = [name for seed in SEEDS.values() for name in re.findall(r"\b(?:ws|auth|mp)\.(\w+)\(", seed)]
    defined = re.findall(r"^(?:    )?def (\w+)\(", SEEDS["001"], re.MULTILINE)
    imported = re.findall(r"^from mixpanel_data\.(?:client|db)\S* import (.*)$", SEEDS["002"], re.MULTILINE)
    listed = [name for seed in ("003", "004") for name in re.findall(r"`(\w+)\([^`]*\)`", SEEDS.get(seed, ""))]
    operations = re.search(r"\*\*ConfigManager operations\*\*(.*?)\*\*Env", BEHAVIOUR.read_text(encoding="utf-8"), re.DOTALL)
    managed = re.findall(r"\b([a-z]+_[a-z]+)\(", operations[1])
    found = {*members, *calls, *defined, *listed, *managed, *(name for line in imported for name in line.split(", "))}
    return {name for name in found if not name[0].isupper()} - NO_METHODS


def commands() -> set[str]:
    found = {command for seed in SEEDS.values() for command in COMMAND.findall(seed)}
    # What follows `mp query sql`, `mp db schema` and the like are names of events and tables.
    return {" ".join(command.split()[: 3 if "workspace" in command else 2]) for command in found} - NO_COMMANDS


@needs_seeds
def test_every_method_is_there():
    found = methods()
    assert len(found) > 80 and {"fetch_events", "column_stats", "db_path", "query_df", "resolve_credentials"} <= found
    said = "\n".join(re.findall(r"^-- .*$|`[^`\n]+`", TEXT, re.MULTILINE))
    called, words = set(re.findall(r"\b(\w+)\(", said)), set(re.findall(r"\w+", said))
    missing = sorted(found - called - (ATTRIBUTES & words))
    assert not missing, missing


@needs_seeds
def test_every_command_is_there():
    found = commands()
    assert len(found) > 60 and {"query flows", "db workspace list", "report frequency", "annotations"} <= found
    missing = sorted(command for command in found if not re.search(rf"\bmp {command}\b", TEXT))
    assert not missing, missing


FIELDS = re.search(r"## Fields of results\n(.*?)\n## ", TEXT, re.DOTALL)[1]


def described_fields() -> dict[str, set[str]]:
    """The fields that the page has of each result; a line without a result goes on with the one before."""
    found: dict[str, set[str]] = {}
    results: list[str] = []
    for first, fields in re.findall(r"^\| ([^|]*)\| ([^|]*) \| [^|]+ \|$", FIELDS, re.MULTILINE):
        results = re.findall(r"`(\w+)`", first) or results
        for result in results:
            found.setdefault(result, set()).update(re.findall(r"`(\w+)`", fields))
    return found


@needs_seeds
def test_every_field_of_every_result_is_there():
    """As the first design has them; the page knows some more that came later."""
    classes = re.findall(r"^@dataclass.*\nclass (\w+):\n((?:    .*\n)+)", SEEDS["001"], re.MULTILINE)
    found = described_fields()
    assert len(classes) > 12 and {"FetchResult", "CohortInfo", "ColumnInfo"} <= {name for name, _ in classes}
    missing = {name: set(re.findall(r"^    (\w+):", body, re.MULTILINE)) - found.get(name, set()) for name, body in classes}
    assert not {name: fields for name, fields in missing.items() if fields}


def test_the_columns_that_fields_became_exist(con, as_documented):  # noqa: F811
    """Where the page names a function and columns of it."""
    for call, columns in [
        ("mixpanel_accounts()", "name, username, project_id, region, is_default"), ("mixpanel_account_test()", "success, error, account, export_ok, query_ok, app_ok"),
        ("mixpanel_fetches()", "rows, started, finished, windows, windows_done, windows_failed, failed_ranges"),
        ("mixpanel_segmentation('A', {days})", "date, segment, count"), ("mixpanel_funnel(8101, {days}, mode := 'steps')", "funnel_name, step, event_name, count, step_conversion, overall_conversion, avg_seconds, avg_seconds_from_start"),
        ("mixpanel_retention(born_event := 'A', {days})", "cohort_date, cohort_size, period, retained, retention_rate"), ("mixpanel_jql('x')", "result"),
        ("mixpanel_funnels()", "funnel_id, name"), ("mixpanel_cohorts()", "cohort_id, name, count, description, created, is_visible"),
        ("mixpanel_bookmarks()", "bookmark_id, name, type, created, modified, workspace_id, dashboard_id, description, creator_name"),
        ("mixpanel_top_events()", "event_name, count, percent_change"), ("mixpanel_lexicon_schemas()", "entity_type, name, schema, description, properties, display_name, tags, hidden, dropped, contacts"),
        ("mixpanel_event_counts(['A'], {days})", "date, event_name, count"), ("mixpanel_property_counts('A', 'p', {days})", "date, value, count"),
        ("mixpanel_activity_feed(['u'])", "event_name, event_time, distinct_id, properties"), ("mixpanel_saved_report([8001])", "bookmark_id, report_type, metric, segments, date, value"),
        ("mixpanel_flows(8301)", "overall_conversion_rate"), ("mixpanel_frequency({days})", "date, periods, users"), ("mixpanel_funnel([8101], {days})", "funnel_id"),
        ("mixpanel_segmentation_numeric('A', {days}, segment_by := 'p')", "date, bucket, count, bucket_min, bucket_max"),
        ("mixpanel_segmentation_sum('A', {days}, segment_by := 'p')", "date, sum"), ("mixpanel_segmentation_average('A', {days}, segment_by := 'p')", "date, average"),
    ]:  # fmt: skip
        days = "from_date := '2025-01-01', to_date := '2025-01-02'"
        assert rows(con, f"DESCRIBE SELECT {columns} FROM {call.format(days=days)}"), call


@needs_seeds
def test_every_exception_is_there():
    sources = [*SEEDS.values(), BEHAVIOUR.read_text(encoding="utf-8").split("# 1. CREDENTIALS")[0]]
    found = {name for text in sources for name in re.findall(r"\b[A-Z]\w+Error\b", text)}
    # Of Python and of JavaScript.
    found -= {"FileNotFoundError", "RuntimeError", "KeyError", "JSONDecodeError", "AttributeError"}
    found -= {"XError", "XxxError", "UserVisiblePreconditionFailedError"}
    assert len(found) > 12
    assert not sorted(name for name in found if f"`{name}`" not in TEXT)


@pytest.fixture
def helpers(con, as_documented):  # noqa: F811
    """Runs a statement of the page, known by the method in the comment above it, on the events that the page fetched."""
    statements = [block.text for block in blocks(PAGE)]
    [fetching] = [text for text in statements if "CREATE TABLE events AS" in text]
    con.execute(fetching)
    # The macros come first, for DuckDB 2.0 alone.
    _, jql = [text for text in statements if "-- property_distribution(" in text]

    def run(method: str) -> list[tuple]:
        return rows(con, re.search(rf"^-- {method}\(.*?\n(.*?;)$", jql, re.DOTALL | re.MULTILINE)[1])

    return run


@pytest.fixture
def happened(january):  # noqa: F811
    """The events as JQL has them: each once."""
    return list(reported(january.archive, date(2025, 1, 1), date(2025, 1, 31)))


@pytest.fixture
def purchases(happened) -> list[dict]:
    found = [event.properties for event in happened if event.event == "Purchase"]
    assert len(found) > 50
    return found


def test_property_distribution(helpers, purchases):
    counts = Counter(bought["Payment Method"] for bought in purchases if "Payment Method" in bought)
    expected = [(value, count, pytest.approx(100 * count / counts.total())) for value, count in counts.items()]
    found = helpers("property_distribution")
    assert sorted(found) == sorted(expected) and len(found) > 2
    assert [count for _, count, _ in found] == sorted(counts.values(), reverse=True)


def test_numeric_summary(helpers, purchases):
    amounts = [bought["Amount"] for bought in purchases if type(bought.get("Amount")) in (int, float)]
    [(count, least, most, total, mean, deviation, percentiles)] = helpers("numeric_summary")
    assert (count, least, most) == (len(amounts), min(amounts), max(amounts))
    assert (total, mean) == pytest.approx((sum(amounts), statistics.mean(amounts)))
    assert deviation == pytest.approx(statistics.pstdev(amounts))
    cuts = statistics.quantiles(amounts, n=100, method="inclusive")
    assert percentiles == pytest.approx([cuts[percent - 1] for percent in (25, 50, 75, 90, 95, 99)])


def test_daily_counts(helpers, happened):
    def day(event) -> date:
        return (datetime(1970, 1, 1) + timedelta(milliseconds=event.time_ms)).date()

    counts = Counter((day(event), event.event) for event in happened if event.event in ("Purchase", "Sign Up"))
    assert helpers("daily_counts") == [(*key, count) for key, count in sorted(counts.items())]


def test_engagement_distribution(helpers, happened):
    users = Counter(event.distinct_id for event in happened if event.distinct_id is not None)
    labels = {1: "1", 2: "2-4", 5: "5-9", 10: "10-24", 25: "25-49", 50: "50-99", 100: "100+"}
    buckets = Counter(max(least for least in labels if least <= count) for count in users.values())
    expected = [(least, labels[least], n, pytest.approx(100 * n / len(users))) for least, n in sorted(buckets.items())]
    found = helpers("engagement_distribution")
    assert found == expected and len(found) > 3


def test_property_coverage(helpers, purchases):
    def coverage(name: str) -> tuple:
        defined = sum(bought.get(name) is not None for bought in purchases)
        return name, defined, len(purchases) - defined, pytest.approx(100 * defined / len(purchases))

    found = helpers("property_coverage")
    assert found == [coverage("Amount"), coverage("Coupon")] and 0 < found[1][2] < len(purchases)
