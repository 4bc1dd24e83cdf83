"""Draws charts of a table of events.

Each chart queries DuckDB for a few rows. `con` is a connection with the extension, `table` the name of a
table or view with the columns of `mixpanel_export`. Where there is nothing to draw, the chart is a sentence that says why."""
import altair as alt
import duckdb

MOST = 15  # bars in a chart
BLUE = "#4c78a8"


def connect(path: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A connection with the extension, and with the macros that DuckDB 2.x has by itself."""
    con = duckdb.connect(path, config={"allow_unsigned_extensions": "true"})
    con.execute("LOAD mixpanel")
    con.execute("SET enable_progress_bar = false")  # in Jupyter, DuckDB's stays on the page
    if duckdb.__version__ < "2":
        for (statement,) in con.execute("SELECT sql FROM mixpanel_macro_sql()").fetchall():
            con.execute(statement)
    return con


def summary(con, table: str = "events") -> tuple:
    """How many events and users there are, the first and the last day."""
    counted = con.execute(
        "SELECT count(*), count(DISTINCT nullif(distinct_id, '')), min(event_time)::DATE, max(event_time)::DATE FROM query_table(?)", [table]
    ).fetchone()
    if not counted[2]:
        raise LookupError("Mixpanel has no events of these days.")
    return counted


def event_names(con, table: str = "events") -> list[str]:
    """Your own events before Mixpanel's, those of the most users first."""
    names = con.execute("SELECT event_name FROM mixpanel_event_breakdown(?) ORDER BY event_name[1] = '$', unique_users DESC, event_name", [table])
    return [name for (name,) in names.fetchall()]


def property_names(con, table: str = "events") -> list[str]:
    """Your own properties before Mixpanel's, the most frequent first."""
    names = con.execute("SELECT key FROM mixpanel_property_keys(?) ORDER BY key[1] = '$' OR key[:3] = 'mp_', count DESC, key", [table])
    return [name for (name,) in names.fetchall()]


def pick_days(con, first, last, table: str = "events") -> str:
    """A view of these days, because the macros take the name of a table or view."""
    con.execute(f"CREATE OR REPLACE TEMP VIEW picked AS FROM {table} WHERE event_time >= '{first}' AND event_time < DATE '{last}' + 1")
    return "picked"


def events_a_day(con, table: str, names: list[str], measure: str = "events") -> alt.Chart:
    """A line for each event: how often it happened on a day, or how many users did it."""
    counted = {
        "events": "SELECT date AS day, event_name, count AS value FROM mixpanel_table_daily_counts($table, events := $names)",
        "users": """SELECT event_time::DATE AS day, event_name, count(DISTINCT nullif(distinct_id, '')) AS value
                    FROM query_table($table) WHERE list_contains($names, event_name) GROUP BY ALL ORDER BY ALL""",
    }
    rows = con.execute(counted[measure], {"table": table, "names": list(names)}).df()
    if not len(rows):
        return _sentence("There are no such events on these days.")
    day = alt.X("day:T", title=None, axis=alt.Axis(format="%b %-d", grid=False, labelFlush=False, labelOverlap=True, labelSeparation=12))
    chart = alt.Chart(rows).encode(
        x=day,
        y=alt.Y("value:Q", title=measure),
        color=alt.Color("event_name:N", title=None, sort=list(names)),
        tooltip=["day:T", "event_name", "value"],
    )
    return _finished(chart.mark_line(point=True), height=260)


def top_events(con, table: str, measure: str = "events") -> alt.Chart:
    """A bar for each of the most frequent events."""
    column = {"events": "count", "users": "unique_users"}[measure]
    rows = con.execute(
        f"SELECT event_name AS label, {column} AS value FROM mixpanel_event_breakdown(?) ORDER BY value DESC, label LIMIT ?", [table, MOST]
    ).df()
    return _bars(rows, "value", ",", "There are no events on these days.")


def funnel(con, table: str, steps: list[str], days: int = 7) -> alt.Chart:
    """A bar for each step: users who got this far within so many days of their first step."""
    rows = con.execute("FROM mixpanel_table_funnel(?, ?, to_days(?))", [table, [step for step in steps if step], days]).df()
    if not rows["count"].any():
        return _sentence("Nobody took these steps on these days.")
    rows["label"] = rows.step.astype(str) + ". " + rows.event_name
    rows["value"] = rows["count"]
    rows["text"] = [f"{count:,} users, {rate:.0%}" for count, rate in zip(rows["count"], rows.overall_conversion)]
    return _bars(rows, "text", None, "")


def retention(con, table: str, born: str, returned: str = "any event", unit: str = "week") -> alt.Chart:
    """A heat map: which share of those who first did `born` comes back for `returned` so many days, weeks or months later."""
    rows = con.execute("FROM mixpanel_table_retention(?, ?, ?, unit := ?, periods := 10)", [table, born, None if returned == "any event" else returned, unit]).df()
    if not len(rows):
        return _sentence(f"Nothing is known yet: nobody's first {unit} after “{born}” has ended on these days.")
    rows["cohort"] = [f"{day:%Y-%m-%d}, {size:,} users" for day, size in zip(rows.cohort_date, rows.cohort_size)]
    cells = alt.Chart(rows).encode(
        x=alt.X("period:O", title=f"{unit}s later", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("cohort:O", title=None),
        tooltip=["cohort", "period", "retained", alt.Tooltip("retention_rate:Q", format=".1%")],
    )
    shares = alt.Color("retention_rate:Q", legend=None, scale=alt.Scale(scheme="blues", domain=[0, 1]))
    on_dark = alt.condition("datum.retention_rate > 0.5", alt.value("white"), alt.value("black"))
    texts = cells.mark_text(fontSize=13).encode(text=alt.Text("retention_rate:Q", format=".0%"), color=on_dark)
    return _finished(cells.mark_rect().encode(color=shares) + texts, height=alt.Step(32))


def breakdown(con, table: str, event: str, property: str) -> alt.Chart:
    """A bar for each of the most frequent values of a property, with its share of the events that have the property."""
    rows = con.execute(
        "SELECT value AS label, count AS value, percentage FROM mixpanel_table_property_distribution(?, ?, ?, max_rows := ?)",
        [table, event, property, MOST],
    ).df()
    rows["text"] = [f"{count:,} ({share:.0f}%)" for count, share in zip(rows.value, rows.percentage)]
    return _bars(rows, "text", None, f"No “{event}” of these days has “{property}”.")


def _bars(rows, text: str, format: str | None, otherwise: str) -> alt.Chart:
    """Bars from left to right in the order of the rows, each with its text at its end."""
    if not len(rows):
        return _sentence(otherwise)
    # Room for the texts of the longest bars.
    across = alt.Scale(domainMax=float(rows.value.max()) * 1.18, domainMin=0, nice=False)
    bars = alt.Chart(rows).encode(
        x=alt.X("value:Q", axis=None, scale=across), y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False))
    )
    texts = bars.mark_text(align="left", dx=6, fontSize=13).encode(text=alt.Text(text, **({"format": format} if format else {})))
    return _finished(bars.mark_bar(color=BLUE) + texts, height=alt.Step(28))


def _sentence(text: str) -> alt.Chart:
    return _finished(alt.Chart(alt.Data(values=[{}])).mark_text(fontSize=15, color="#555").encode(text=alt.value(text)), height=80)


def _finished(chart, height) -> alt.Chart:
    """As wide as the page, and readable."""
    return (
        chart.properties(width="container", height=height)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=13, titleFontSize=13, titleFontWeight="normal", labelLimit=260, labelPadding=6)
        .configure_legend(orient="top", labelFontSize=13, symbolStrokeWidth=3, labelLimit=260)
    )
