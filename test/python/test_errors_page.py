"""Tests that `docs/errors.md` and `docs/troubleshooting.md` quote what users read."""
from __future__ import annotations

import re

import duckdb
from conftest import FIRST, HOST, ROOT, error_of, export
from documented import blocks

ERRORS = ROOT / "docs" / "errors.md"
SYMPTOMS = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def test_the_page_shows_an_error_as_it_is(con, sim, monkeypatch, tmp_path):
    monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
    [shown] = blocks(ERRORS, "text")
    message = error_of(con, "FROM " + export("filter := 'nonsense['", last=FIRST))
    message = re.sub(r"http://127\.0\.0\.1:\d+", "https://data.mixpanel.com", message.strip())
    assert message == f"Invalid Input Error: {shown.text.strip()}"


def test_symptoms_are_quoted_as_they_are(con, sim):
    sync = "PRAGMA mixpanel_sync_events('t', from_date"
    with duckdb.connect() as unloaded:
        seen = {
            "Table Function with name mixpanel_export does not exist": error_of(unloaded, "FROM mixpanel_export()"),
            "Pragma Function with name mixpanel_sync_events does not exist": error_of(unloaded, "PRAGMA mixpanel_sync_events('t')"),
        }
    seen['syntax error at or near "where"'] = error_of(con, "FROM mixpanel_export(from_date := '2025-01-01', where := 'x')")
    seen["Invalid named parameter"] = error_of(con, "FROM mixpanel_export(first_date := '2025-01-01')")
    seen["No function matches the given name and argument types"] = error_of(con, "FROM mixpanel_export('2025-01-01')")
    seen['syntax error at or near ")"'] = error_of(con, "PRAGMA mixpanel_views()")
    if HOST == "v2":
        seen['"from_date" := TIMESTAMP'] = error_of(con, "FROM mixpanel_export(from_date := current_date - INTERVAL 7 DAY)")
        seen['syntax error at or near ":="'] = error_of(con, f"{sync} := '2025-01-01')")
        seen["PRAGMA value cannot contain subqueries"] = error_of(con, f"{sync} = (SELECT DATE '2025-01-01'))")
        con.execute("CREATE TABLE t AS FROM mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-01')")
        seen["was not created by"] = error_of(con, f"{sync} = '2025-01-01', to_date = '2025-01-02')")
        # And the way out: a variable may come from a subquery.
        con.execute("SET VARIABLE day = (SELECT DATE '2025-01-01')")
        con.execute("PRAGMA mixpanel_sync_events('u', from_date = getvariable('day'), to_date = '2025-01-01')")
    elif duckdb.__version__ < "2":
        seen["Table Function with name mixpanel_daily_counts does not exist"] = error_of(con, "FROM mixpanel_daily_counts('2025-01-01', '2025-01-02')")
    assert not {words: message for words, message in seen.items() if words not in message or f"`{words}`" not in SYMPTOMS}
