import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Explore a Mixpanel project")

with app.setup:
    from datetime import date, timedelta
    from html import escape

    import altair as alt
    import duckdb
    import marimo as mo

    OPTIONS = ["database", "from-date", "to-date", "events", "fresh-minutes"]


@app.function
def told(kind, text):
    return mo.callout(mo.Html(f'<pre style="white-space: pre-wrap">{escape(str(text))}</pre>'), kind=kind)


@app.function
def halt(error):
    """Says in an app why there is nothing to see: marimo would say so on the console only."""
    mo.stop(mo.app_meta().mode == "run", told("danger", error))
    raise error


@app.cell(hide_code=True)
def _():
    mo.md("""
    # Explore a Mixpanel project

    Events are kept in a DuckDB file. Opening this page asks Mixpanel for what the file lacks and, if the last time was more than an hour ago,
    for the last six days again. Everything else is SQL over the file and asks nothing.
    """)
    return


@app.cell
def _():
    arguments = mo.cli_args()
    database = str(arguments.get("database") or "mixpanel.duckdb")
    try:
        to_date = date.fromisoformat(str(arguments.get("to-date") or date.today() - timedelta(days=1)))
        from_date = date.fromisoformat(str(arguments.get("from-date") or to_date - timedelta(days=29)))
        fresh_minutes = int(arguments.get("fresh-minutes", 60))
        if from_date > to_date:
            raise ValueError(f"--from-date {from_date} is after --to-date {to_date}: swap them.")
        # "" is the "--" before a script's options.
        if others := [name for name in arguments.to_dict() if name not in ["", *OPTIONS]]:
            raise ValueError(f"There is no option --{others[0]}; there are --{', --'.join(OPTIONS)}.")
    except ValueError as error:
        halt(error)
    return arguments, database, fresh_minutes, from_date, to_date


@app.cell
def _(database, fresh_minutes, from_date, to_date):
    try:
        con = duckdb.connect(database, config={"allow_unsigned_extensions": "true"})
        con.execute("LOAD mixpanel")
    except duckdb.Error as error:
        halt(error)
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
                halt(error)
            # What is kept can be looked at although the hour is spent, or the network away.
            news = told("warn", f"These are the events of the last time.\n\n{error}")
    names = con.execute("SELECT event_name FROM mixpanel_event_breakdown('events') ORDER BY unique_users DESC, event_name").fetchall()
    names = [name for (name,) in names]
    news
    return con, names, news


@app.cell
def _(arguments, from_date, names, to_date):
    mo.stop(not names, mo.md(f"There are no events from {from_date} to {to_date}."))
    _unknown = [str(name) for name in arguments.get_all("events") if name not in names]
    _notes = [told("warn", f"Not among the events that are kept: {', '.join(_unknown)}")] if _unknown else []
    first_names = [name for name in arguments.get_all("events") if name in names] or names[:3]
    dates = mo.ui.date_range(start=from_date, stop=to_date, value=(from_date, to_date), label="Days")
    events = mo.ui.multiselect(names, value=first_names, label="Events")
    measure = mo.ui.dropdown(["events", "users"], value="events", label="Count")
    mo.vstack([*_notes, mo.hstack([dates, events, measure], justify="start", wrap=True)])
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
    _days = alt.Axis(format="%b %d", tickCount="day", grid=False)
    trend_chart = (
        alt.Chart(trend)
        .mark_line(point=True)
        .encode(x=alt.X("day:T", title=None, axis=_days), y=alt.Y(measure.value, type="quantitative"), color=alt.Color("event_name:N", title=None))
        .properties(title="Trend", width=620, height=240)
    )
    trend_chart if len(trend) else mo.md("There are no such events in these days.")
    return (trend,)


@app.cell
def _(first_names, names):
    steps = mo.ui.array(
        [mo.ui.dropdown(names, value=name, allow_select_none=True) for name in (first_names + [None] * 3)[:3]], label="Steps of a funnel"
    )
    within = mo.ui.slider(1, 30, value=7, label="within days", show_value=True)
    mo.hstack([steps.hstack(), within], justify="start", wrap=True)
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
    funnel_chart if funnel["count"].any() else mo.md("Nobody took these steps in these days.")
    return (funnel,)


@app.cell
def _(first_names, names):
    born = mo.ui.dropdown(names, value=first_names[0] if first_names else None, label="Who first did")
    returned = mo.ui.dropdown(["any event", *names], value="any event", label="and comes back for")
    unit = mo.ui.dropdown(["day", "week", "month"], value="week", label="by")
    mo.hstack([born, returned, unit], justify="start", wrap=True)
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
    _unknown = mo.md(f"Nothing is known yet: nobody's first {unit.value} after “{born.value}” has ended in these days.")
    retention_chart if len(retention) else _unknown
    return (retention,)


if __name__ == "__main__":
    app.run()
