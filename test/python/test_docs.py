"""Runs every SQL block of the documentation: each page from its top in a database of its own, within one hour of Mixpanel's limits.

A line `*DuckDB 2.x*` just before a block says that it needs that; readers see it as a badge. Comments that they don't see say what else
can't be: `<!-- not run: why -->`.
Results that a page shows are checked: `SELECT 1 + 1;  -- → 2`, and tables of rows, which `results.py` reads and writes."""
from __future__ import annotations

import os
import re
from datetime import date

import duckdb
import pytest
import results
from conftest import HOST, ROOT
from documented import NOT_RUN, ONLY_V2, PAGES, Block, as_documented, blocks, january, within_the_hour  # noqa: F401  fixtures

INSTALL = ROOT / "docs" / "install.md"
"""Its statements need homes of their own, which `test_install_page.py` gives them."""
ARCHIVE = ROOT / "docs" / "archive.md"
"""It shows what is kept, which is nothing where `MP_API_BASE_URL` is set and nobody says otherwise."""
RUN = [page for page in PAGES if any(blocks(page)) and page != INSTALL]
STEPS = re.compile(r"(?P<statements>.+?)(?:-- → (?P<result>[^\n]*)$|\Z)", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_runs(con, within_the_hour, page, monkeypatch):  # noqa: F811
    """Within an hour of Mixpanel's."""
    if page == ARCHIVE:
        monkeypatch.setenv("MP_ARCHIVE", "default")
    tables = []
    for block in blocks(page):
        if block.is_run(HOST):
            tables += run(con, block)
    if tables:
        results.write(page, tables, date.today())


def run(con, block: Block) -> list[tuple[results.Shown, str]]:
    """Gives the tables that the page should show instead of those that it shows, where they are to be written."""
    for step in STEPS.finditer(block.text):
        for statement in con.extract_statements(step["statements"]):
            try:
                rows = con.execute(statement).fetchall()
            except duckdb.Error as error:
                pytest.fail(f"{block}: {statement.query.strip()}\n{error}", pytrace=False)
        if step["result"] is not None:
            shown = [", ".join(map(str, row)) for row in rows]
            assert shown == [step["result"].strip()], f"{block}: {step['statements'].strip()}"
    if block.shown:
        [(today,)] = con.cursor().execute("SELECT current_date").fetchall()
        new = block.shown.differs_from([column[0] for column in con.description], rows, today)
        if new and not os.environ.get("SHOW_RESULTS"):
            pytest.fail(f"{block} should show\n{new}", pytrace=False)
        return [(block.shown, new)] if new else []
    return []


def test_rows_that_are_shown_are_read():
    """A comment that is not just below a block would let its rows be anything."""
    for page in PAGES:
        shown = [block for block in blocks(page) if block.shown]
        assert page.read_text(encoding="utf-8").count("<!-- rows") == len(shown)
        assert all(block.shown.lines for block in shown), "SHOW_RESULTS=1 writes them"


def test_what_is_not_run_is_little_and_says_why():
    """The notes are these and no others: a misspelt one would be run, or hide a block."""
    noted = [block for page in RUN for block in blocks(page) if block.note]
    not_run = {str(block): block.note for block in noted if block.note.startswith(NOT_RUN)}
    assert not [str(block) for block in noted if str(block) not in not_run and not set(block.notes) <= {ONLY_V2}]
    assert all(len(note) > len(NOT_RUN) + 10 for note in not_run.values()), not_run
    # The simulator computes only what is plain: what else docs/queries.md asks is asked with recorded bodies in test/headless.
    assert len([block for block in not_run if "queries.md" not in block]) <= 5, not_run


MACROS = "|".join(path.stem for path in sorted((ROOT / "sql" / "macros").glob("*.sql")))
NEEDS_V2 = re.compile(rf"PRAGMA mixpanel_|\b(?:RE)?SET mixpanel_|\b(?:{MACROS})\(|FROM mixpanel_export\(\)|enable_logging|FROM shop\b", re.IGNORECASE)
"""What DuckDB 1.x lacks: pragmas, settings, macros, narrowing, logs of extensions, and what a pragma makes on the page of views."""


def test_badges_stand_where_a_statement_needs_duckdb_2():
    """And not where only the table is missing that an earlier block makes on DuckDB 2.x: the comment says that to the tests."""
    for page in PAGES:
        for block in blocks(page):
            # Comments are no statements.
            text = re.sub(r"--[^\n]*", "", block.text)
            assert block.has_badge == bool(NEEDS_V2.search(text)), f"{block}: {block.text}"


def test_no_pragma_has_empty_parentheses():
    """They are a syntax error of DuckDB's."""
    for page in [*PAGES, ROOT / "CHANGELOG.md"]:
        for line in page.read_text(encoding="utf-8").splitlines():
            assert "syntax error" in line or not re.search(r"PRAGMA mixpanel_\w+\(\)", line), f"{page.relative_to(ROOT)}: {line}"


CALL = re.compile(r"\bmixpanel_\w+\(((?:[^()]|\([^()]*\))*)\)")
EQUALS = re.compile(r"[(,]\s*\w+\s*=[^=>]")
HEADED = re.compile(r"^(\|[^\n]*)\n\|[-:| ]+\|$", re.MULTILINE)


def test_functions_take_their_arguments_with_colon_equals():
    """A pragma takes them with `=`."""
    for page in PAGES:
        for block in blocks(page):
            for statement in block.text.split(";"):
                calls = CALL.findall(statement) if "PRAGMA" not in statement else []
                assert not [call for call in calls if EQUALS.search(f"({call}")], f"{block}: {statement}"


def test_every_column_of_a_table_has_a_header():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "test" / "README.md"]:
        for [header] in map(re.Match.groups, HEADED.finditer(page.read_text(encoding="utf-8"))):
            assert all(cell.strip() for cell in header.strip("|").split("|")), f"{page.relative_to(ROOT)}: {header}"


def test_links_lead_somewhere():
    """To pages of this repository, and to headings within them."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _, heading = target.partition("#")
            if "://" in target:
                continue
            other = (page.parent / path).resolve() if path else page
            assert other.exists(), f"{page.relative_to(ROOT)}: {target}"
            if heading:
                titles = re.findall(r"^#+ (.*)$", other.read_text(encoding="utf-8"), re.MULTILINE)
                assert heading in map(anchor, titles), f"{page.relative_to(ROOT)}: {target}"


def anchor(title: str) -> str:
    """A heading as GitHub links to it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
