"""Runs docs/notebooks/explore.py without a browser, and prints the rows behind its charts as JSON.

    run_marimo.py '{"days": ["2025-01-02", "2025-01-03"], "events": ["Purchase"]}' -- --days 30

The first argument is what a reader picks; `{}` leaves the pickers as they begin."""
import importlib.util
import json
import sys
from datetime import date

import marimo as mo
from shop import CHARTS, NOTEBOOKS, rows

sys.path.insert(0, str(NOTEBOOKS))


def pickers(picks: dict) -> dict:
    """All that the notebook's cells of pickers define, with what a reader picks."""
    if not picks:
        return {}
    first, last = map(date.fromisoformat, picks["days"])
    names = picks["events"]
    return {
        "dates": mo.ui.date_range(start=first, stop=last, value=(first, last)),
        "measure": mo.ui.dropdown(["events", "users"], value="users"),
        "events": mo.ui.multiselect(names, value=names),
        "steps": mo.ui.array([mo.ui.dropdown(names, value=name) for name in names]),
        "within": mo.ui.dropdown({"7 days": 7}, value="7 days"),
        "born": mo.ui.dropdown(names, value=names[0]),
        "returned": mo.ui.dropdown(["any event"], value="any event"),
        "unit": mo.ui.dropdown(["week"], value="week"),
        "event": mo.ui.dropdown(names, value=names[0]),
        "prop": mo.ui.dropdown(["plan"], value="plan"),
    }


def main() -> None:
    picks = json.loads(sys.argv.pop(1))
    spec = importlib.util.spec_from_file_location("explore", NOTEBOOKS / "explore.py")
    notebook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebook)
    _, defs = notebook.app.run(defs=pickers(picks))
    json.dump({name: rows(defs[name]) for name in CHARTS}, sys.stdout)


main()
