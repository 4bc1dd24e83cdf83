"""Runs docs/notebooks/explore.py without a browser, and prints as JSON its charts' tables, their titles, and its text.

    run_marimo.py '{"days": ["2025-01-02", "2025-01-03"], "events": ["Purchase"]}' -- --database x.duckdb ...

The first argument is what a reader picks; `{}` leaves the pickers as they begin."""
import importlib.util
import json
import sys
from datetime import date
from pathlib import Path

import marimo as mo

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "explore.py"


def pickers(picks: dict) -> dict:
    """All that the notebook's cell of pickers defines, with what a reader picks."""
    if not picks:
        return {}
    first, last = map(date.fromisoformat, picks["days"])
    names = picks["events"]
    return {
        "dates": mo.ui.date_range(start=first, stop=last, value=(first, last)),
        "events": mo.ui.multiselect(names, value=names),
        "measure": mo.ui.dropdown(["events", "users"], value="users"),
        "first_names": names,
    }


def main() -> None:
    picks = json.loads(sys.argv.pop(1))
    spec = importlib.util.spec_from_file_location("explore", NOTEBOOK)
    notebook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebook)
    outputs, defs = notebook.app.run(defs=pickers(picks))
    tables = {name: json.loads(defs[name].to_json(orient="records", date_format="iso")) for name in ("trend", "funnel", "retention") if name in defs}
    charts = [output.to_dict()["title"] for output in outputs if hasattr(output, "to_dict")]
    said = "\n".join(output.text for output in outputs if hasattr(output, "text"))
    json.dump({**tables, "charts": charts, "said": said}, sys.stdout)


main()
