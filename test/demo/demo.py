#!/usr/bin/env python3
"""Shows the main job against the simulator, as a newcomer would do it: `make demo`.

Everything printed after a prompt is typed into a stock client and everything
below it is what came back.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from pairs import NEWEST, extension  # noqa: E402  the path is set above
from simulator import Project, Simulator  # noqa: E402

FETCH = """CREATE TABLE events AS
  SELECT * FROM mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-14');"""

QUESTIONS = [
    "SELECT event_name, count(*) AS events, count(DISTINCT distinct_id) AS users\n"
    "  FROM events GROUP BY ALL ORDER BY events DESC LIMIT 5;",
    "SELECT event_time::DATE AS day, round(sum(TRY_CAST(properties->>'$.Amount' AS DOUBLE)), 2) AS revenue\n"
    "  FROM events WHERE event_name = 'Purchase' GROUP BY ALL ORDER BY day LIMIT 5;",
    "SELECT mixpanel_property(properties, '$city') AS city, count(*) AS purchases\n"
    "  FROM events WHERE event_name = 'Purchase' GROUP BY ALL ORDER BY purchases DESC, city LIMIT 5;",
]


# The second time it brings the two new days, and one that was there again: events come late.
SYNC = "PRAGMA mixpanel_sync_events('recent', from_date = '2025-01-10', to_date = '2025-01-{}', lookback_days = 2);"

KEPT = [
    SYNC.format(12),
    SYNC.format(14),
    "SELECT name, row_count, from_date, to_date, fetches FROM mixpanel_tables();",
    "SELECT * FROM mixpanel_table_funnel('recent', ['View Item', 'Add To Cart', 'Purchase'], INTERVAL 7 DAYS);",
    "SELECT * FROM mixpanel_segmentation('Purchase', from_date := '2025-01-12', to_date := '2025-01-14');",
]


def show_python(file: pathlib.Path, folder: pathlib.Path) -> None:
    """A stock Python duckdb 2.0, one statement after the other."""
    statements = [f"LOAD '{file}';", FETCH, *QUESTIONS, f"COPY events TO '{folder}/events.parquet';"]
    statements.append(f"SELECT count(*) AS rows, min(event_time), max(event_time) FROM '{folder}/events.parquet';")
    statements += [*KEPT, "SELECT function, windows_done, requests, retries, rows FROM mixpanel_fetches();"]
    program = f"""
import duckdb

con = duckdb.connect(config={{"allow_unsigned_extensions": "true"}})
for statement in {statements!r}:
    # What is shown of a relation is asked for when it is shown: a pragma is executed once instead.
    pragma = statement.startswith("PRAGMA")
    print(('>>> con.execute(' if pragma else '>>> con.sql(') + '\"\"\"' + statement.rstrip(";") + '\"\"\")' + ('.fetchall()' if pragma else ''))
    result = con.execute(statement).fetchall() if pragma else con.sql(statement)
    print(result if result is not None else "", flush=True)
"""
    subprocess.run([ROOT / "build" / "venv" / f"duckdb-{NEWEST['v2']}" / "bin" / "python", "-c", program], check=True)


def show_shell(file: pathlib.Path, folder: pathlib.Path) -> None:
    """A stock duckdb shell 1.5, which repeats what it reads."""
    script = [f"LOAD '{file}';", FETCH, *QUESTIONS, f"COPY events TO '{folder}/shell.parquet';"]
    command = [ROOT / "build" / "venv" / f"duckdb-{NEWEST['v1']}" / "bin" / "duckdb", "-unsigned", "-echo"]
    subprocess.run(command, input="\n".join(script), text=True, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    build = parser.parse_args().build.resolve()
    with Simulator(Project(days=14, events_per_day=2000)) as simulator, tempfile.TemporaryDirectory() as folder:
        credentials = {
            "MP_API_BASE_URL": simulator.url,
            "MP_USERNAME": "demo.sa.mp-service-account",
            "MP_SECRET": "demo-secret",
            "MP_PROJECT_ID": str(simulator.project.project_id),
        }
        print("# Credentials come from the environment (or from ~/.mp/config.toml). MP_API_BASE_URL points")
        print("# at the simulator; with your own account you leave it out.")
        for name, value in credentials.items():
            print(f"$ export {name}={value}")
        os.environ.update(credentials)
        print(f"\n# Python, duckdb {NEWEST['v2']}\n$ python", flush=True)
        show_python(extension(build, NEWEST["v2"], "v2"), pathlib.Path(folder))
        print(f"# The duckdb shell, {NEWEST['v1']}\n$ duckdb -unsigned", flush=True)
        show_shell(extension(build, NEWEST["v1"], "v1"), pathlib.Path(folder))
        asked = len(simulator.settled())
        print(f"\n# The simulator was asked {asked} times: 14 days for each of the two clients; 3 days and then 3 for the table")
        print("# that is kept, one of them again; and one live report.")


if __name__ == "__main__":
    main()
