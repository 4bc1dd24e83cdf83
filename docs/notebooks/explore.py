import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Explore a Mixpanel project")

with app.setup(hide_code=True):
    from html import escape

    import duckdb
    import marimo as mo
    import mixpanel_charts as charts


@app.function(hide_code=True)
def row(title, *pickers):
    return mo.vstack([mo.md(f"## {title}"), mo.hstack(pickers, justify="start", align="center", gap=1.5, wrap=True)])


@app.cell(hide_code=True)
def _():
    mo.md("# Explore a Mixpanel project")
    return


@app.cell
def _():
    days = int(mo.cli_args().get("days") or 30)  # until yesterday
    try:
        con = charts.connect()
        with mo.status.spinner(title="Fetching events from Mixpanel"):
            con.execute(f"""
                CREATE TABLE events AS FROM mixpanel_export(
                    from_date := current_date - {days}, to_date := current_date - 1, max_age := INTERVAL 12 HOURS)
            """)
        count, users, first, last = charts.summary(con)
    except (duckdb.Error, LookupError) as error:
        # Otherwise an app shows no more of an error than that there was one.
        mo.stop(mo.app_meta().mode == "run", mo.callout(mo.Html(f'<pre style="white-space: pre-wrap">{escape(str(error))}</pre>'), kind="danger"))
        raise
    names = charts.event_names(con)
    return con, count, first, last, names, users


@app.cell(hide_code=True)
def _(count, first, last, users):
    dates = mo.ui.date_range(start=first, stop=last, value=(first, last), label="Days")
    measure = mo.ui.dropdown(["events", "users"], value="events", label="Count")
    mo.hstack([dates, measure, mo.md(f"{count:,} events of {users:,} users")], justify="start", align="center", gap=1.5, wrap=True)
    return dates, measure


@app.cell(hide_code=True)
def _(con, dates):
    picked = charts.pick_days(con, *dates.value)
    return (picked,)


@app.cell(hide_code=True)
def _(names):
    events = mo.ui.multiselect(names, value=names[:3], label="Events")
    row("Events a day", events)
    return (events,)


@app.cell(hide_code=True)
def _(con, events, measure, picked):
    events_a_day = charts.events_a_day(con, picked, events.value, measure.value)
    events_a_day
    return (events_a_day,)


@app.cell(hide_code=True)
def _():
    mo.md("## Top events")
    return


@app.cell(hide_code=True)
def _(con, measure, picked):
    top_events = charts.top_events(con, picked, measure.value)
    top_events
    return (top_events,)


@app.cell(hide_code=True)
def _(names):
    steps = mo.ui.array([mo.ui.dropdown(names, value=name, allow_select_none=True, label=label) for label, name in zip(["First", "then", "then"], names)])
    within = mo.ui.dropdown({f"{days} days": days for days in [1, 3, 7, 14, 30]}, value="7 days", label="within")
    row("Funnel", *steps, within)
    return steps, within


@app.cell(hide_code=True)
def _(con, picked, steps, within):
    funnel = charts.funnel(con, picked, steps.value, within.value)
    funnel
    return (funnel,)


@app.cell(hide_code=True)
def _(names):
    born = mo.ui.dropdown(names, value=names[0], label="First did")
    returned = mo.ui.dropdown(["any event", *names], value="any event", label="came back for")
    unit = mo.ui.dropdown(["day", "week", "month"], value="week", label="by")
    row("Retention", born, returned, unit)
    return born, returned, unit


@app.cell(hide_code=True)
def _(born, con, picked, returned, unit):
    retention = charts.retention(con, picked, born.value, returned.value, unit.value)
    retention
    return (retention,)


@app.cell(hide_code=True)
def _(con, names):
    _properties = charts.property_names(con)
    event = mo.ui.dropdown(names, value=names[0], label="Event")
    prop = mo.ui.dropdown(_properties, value=_properties[0], label="Property")
    row("Breakdown by property", event, prop)
    return event, prop


@app.cell(hide_code=True)
def _(con, event, picked, prop):
    breakdown = charts.breakdown(con, picked, event.value, prop.value)
    breakdown
    return (breakdown,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## How this works

    The export fills a table in memory and makes at most 20 requests. In the next 12 hours it makes none: the extension takes Mixpanel's
    answers from its archive. Charts and pickers query the table. They cost no request.
    """)
    return


if __name__ == "__main__":
    app.run()
