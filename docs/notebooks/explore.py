import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Explore a Mixpanel project")

with app.setup:
    from datetime import date, timedelta

    import altair as alt
    import duckdb
    import marimo as mo


@app.cell(hide_code=True)
def _():
    mo.md("""
    # Explore a Mixpanel project

    Events are kept in a DuckDB file. Opening this page asks Mixpanel for what the file lacks and, if the last time was more than an hour ago,
    for the last five days again. Everything else is SQL over the file and asks nothing.
    """)
    return


@app.cell
def _():
    arguments = mo.cli_args()
    database = str(arguments.get("database") or "mixpanel.duckdb")
    yesterday = date.today() - timedelta(days=1)
    from_date = date.fromisoformat(str(arguments.get("from-date") or yesterday - timedelta(days=29)))
    to_date = date.fromisoformat(str(arguments.get("to-date") or yesterday))
    fresh_minutes = int(arguments.get("fresh-minutes", 60))
    return arguments, database, fresh_minutes, from_date, to_date


@app.cell
def _(database, fresh_minutes, from_date, to_date):
    con = duckdb.connect(database, config={"allow_unsigned_extensions": "true"})
    con.execute("LOAD mixpanel")
    # Fresh: Mixpanel was asked lately, each of these days was fetched at some time, and all of it is this project's.
    [(is_kept, is_fresh)] = con.execute(
        """
        WITH fetches AS (FROM _metadata WHERE table_name = 'events' AND filter_events IS NULL AND filter_where IS NULL)
        SELECT
            count(*) > 0,
            coalesce(max(fetched_at) > now() AT TIME ZONE 'UTC' - to_minutes($minutes), false)
            AND NOT EXISTS (
                FROM generate_series($first, $last, INTERVAL 1 DAY) AS days(day)
                WHERE NOT EXISTS (FROM fetches WHERE day BETWEEN from_date AND to_date)
            )
            AND bool_and(project_id = coalesce((SELECT project_id FROM mixpanel_info()), project_id))
        FROM fetches
        """,
        {"minutes": fresh_minutes, "first": from_date, "last": to_date},
    ).fetchall()
    news = mo.md("Nothing was asked: the file is fresh.")
    if not is_fresh:
        try:
            with mo.status.spinner(title="Asking Mixpanel for events"):
                fetched = con.execute(f"PRAGMA mixpanel_sync_events('events', from_date = '{from_date}', to_date = '{to_date}')").df()
            news = mo.md(f"{fetched.requests[0]} requests, {fetched.row_count[0]:,} events are kept.")
        except duckdb.Error as error:
            if not is_kept:
                raise
            # What is kept can be looked at although the hour is spent, or the network away.
            news = mo.callout(mo.md(f"These are the events of the last time.\n\n{error}"), kind="warn")
    names = con.execute("SELECT event_name FROM mixpanel_event_breakdown('events') ORDER BY unique_users DESC, event_name").fetchall()
    names = [name for (name,) in names]
    news
    return con, names, news


@app.cell
def _(arguments, from_date, names, to_date):
    asked_for = [name for name in arguments.get_all("events") if name in names]
    first_names = asked_for or names[:3]
    dates = mo.ui.date_range(start=from_date, stop=to_date, value=(from_date, to_date), label="Days")
    events = mo.ui.multiselect(names, value=first_names, label="Events")
    measure = mo.ui.dropdown(["events", "users"], value="events", label="Count")
    mo.hstack([dates, events, measure], justify="start")
    return dates, events, first_names, measure


@app.cell
def _(con, dates):
    # The macros take the name of a table or view.
    first, last = dates.value
    con.execute(f"CREATE OR REPLACE TEMP VIEW chosen AS FROM events WHERE event_time >= '{first}' AND event_time < DATE '{last}' + 1")
    chosen = "chosen"
    return (chosen,)


@app.cell
def _(chosen, con, events, measure):
    trend = con.execute(
        f"""
        SELECT event_time::DATE AS day, event_name, count(*) AS events, count(DISTINCT nullif(distinct_id, '')) AS users
        FROM {chosen} WHERE list_contains($names, event_name)
        GROUP BY ALL ORDER BY ALL
        """,
        {"names": events.value},
    ).df()
    trend_chart = (
        alt.Chart(trend)
        .mark_line(point=True)
        .encode(x=alt.X("day:T", title=None), y=alt.Y(measure.value, type="quantitative"), color=alt.Color("event_name:N", title=None))
        .properties(title="Trend", width=620, height=240)
    )
    trend_chart
    return (trend,)


@app.cell
def _(first_names, names):
    steps = mo.ui.array(
        [mo.ui.dropdown(names, value=name, allow_select_none=True) for name in (first_names + [None] * 3)[:3]], label="Steps of a funnel"
    )
    within = mo.ui.slider(1, 30, value=7, label="within days", show_value=True)
    mo.hstack([steps.hstack(), within], justify="start")
    return steps, within


@app.cell
def _(chosen, con, steps, within):
    funnel = con.execute(
        "FROM mixpanel_table_funnel(?, ?, to_days(?))", [chosen, [step for step in steps.value if step], within.value]
    ).df()
    funnel["label"] = funnel.step.astype(str) + ". " + funnel.event_name.fillna("")
    funnel_bars = alt.Chart(funnel).encode(x=alt.X("count:Q", title=None), y=alt.Y("label:N", title=None))
    funnel_chart = (
        funnel_bars.mark_bar() + funnel_bars.mark_text(align="left", dx=4).encode(text=alt.Text("overall_conversion:Q", format=".0%"))
    ).properties(title="Funnel: users", width=560, height=120)
    funnel_chart
    return (funnel,)


@app.cell
def _(first_names, names):
    born = mo.ui.dropdown(names, value=first_names[0] if first_names else None, label="Who first did")
    returned = mo.ui.dropdown(["any event", *names], value="any event", label="and comes back for")
    unit = mo.ui.dropdown(["day", "week", "month"], value="week", label="by")
    mo.hstack([born, returned, unit], justify="start")
    return born, returned, unit


@app.cell
def _(born, chosen, con, returned, unit):
    retention = con.execute(
        "FROM mixpanel_table_retention(?, ?, ?, unit := ?, periods := 10)",
        [chosen, born.value, None if returned.value == "any event" else returned.value, unit.value],
    ).df()
    retention["cohort"] = retention.cohort_date.astype(str)
    cells = alt.Chart(retention).encode(
        x=alt.X("period:O", title=f"{unit.value}s after", axis=alt.Axis(labelAngle=0)), y=alt.Y("cohort:O", title=None)
    )
    retention_chart = (
        cells.mark_rect().encode(
            color=alt.Color("retention_rate:Q", title=None, scale=alt.Scale(scheme="blues", domain=[0, 1]), legend=alt.Legend(format=".0%")),
            tooltip=["cohort", "cohort_size", "period", "retained", alt.Tooltip("retention_rate", format=".1%")],
        )
        + cells.mark_text().encode(
            text=alt.Text("retention_rate:Q", format=".0%"),
            color=alt.condition("datum.retention_rate > 0.5", alt.value("white"), alt.value("black")),
        )
    ).properties(title="Retention", width=560, height=alt.Step(26))
    retention_chart
    return (retention,)


if __name__ == "__main__":
    app.run()
