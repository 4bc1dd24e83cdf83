"""Tests the page for coding agents: each statement makes as many requests as the page says, and everything that it names exists.

`test_docs.py` runs its statements too; here they are counted."""
from __future__ import annotations

import re

import yaml
from conftest import HOST, ROOT, rows
from documented import as_documented, blocks, january  # noqa: F401  fixtures are known by their names

PAGE = ROOT / "docs" / "SKILL.md"
TEXT = PAGE.read_text(encoding="utf-8")
COUNTED = re.compile(r"(?P<statement>.+?;)[ ]*-- (?P<requests>no|\d+) requests?$", re.DOTALL | re.MULTILINE)


def test_every_statement_asks_as_often_as_the_page_says(con, as_documented):  # noqa: F811
    counted = 0
    for block in blocks(PAGE):
        if block.note == "DuckDB 2.x" and HOST != "v2":
            continue
        steps = list(COUNTED.finditer(block.text))
        assert len(con.extract_statements(block.text)) == len(steps), f"{block}: a statement without its number"
        for step in steps:
            before = len(as_documented.settled())
            con.execute(step["statement"]).fetchall()
            asked = len(as_documented.settled()) - before
            assert asked == int(step["requests"].replace("no", "0")), f"{block}: {step['statement'].strip()}"
        counted += len(steps)
    assert counted >= 12


def test_agents_can_find_and_read_it():
    """Front matter as tools for agents read it, and a page that fits beside other work."""
    matter = yaml.safe_load(TEXT.split("---\n")[1])
    assert set(matter) == {"name", "description"}
    assert re.fullmatch(r"[a-z0-9-]{1,64}", matter["name"])
    assert 100 < len(matter["description"]) <= 1024
    assert len(TEXT) < 12_000


def test_codes_are_those_of_the_page_of_errors():
    codes = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.MULTILINE))
    table = TEXT.partition("## Errors")[2]
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+|[A-Z]{6,})`", table))
    assert len(named) >= 15 and named <= codes, named - codes


def test_functions_are_there(con):
    known = {name for (name,) in rows(con, "SELECT DISTINCT function_name FROM duckdb_functions()")}
    macros = {path.stem for path in (ROOT / "sql" / "macros").glob("*.sql")}
    pragmas = set(re.findall(r"PRAGMA (mixpanel_\w+)", TEXT)) | {"mixpanel_fetch_events", "mixpanel_sync_profiles"}
    if HOST != "v2":
        known |= macros | pragmas
    named = set(re.findall(r"\bmixpanel_[a-z_]+[a-z]", TEXT))
    assert len(named) > 30 and named <= known, named - known
