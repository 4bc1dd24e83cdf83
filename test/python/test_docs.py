"""Every SQL block of the documentation runs, statement by statement: each page in a database of its own, from its top.

Comments that readers don't see say where that can't be: `<!-- not run: why -->` just before a block, and
`<!-- DuckDB 2.0 -->` before one that needs it. A result that a page shows, `SELECT 1 + 1;  -- → 2`, is checked."""
from __future__ import annotations

import re

import duckdb
import pytest
from conftest import HOST, ROOT
from documented import PAGES, Block, as_documented, blocks, january  # noqa: F401  fixtures

NOT_RUN, ONLY_V2 = "not run: ", "DuckDB 2.0"
INSTALL = ROOT / "docs" / "install.md"
"""Its statements need homes of their own, which `test_install_page.py` gives them."""
RUN = [page for page in PAGES if any(blocks(page)) and page != INSTALL]
STEPS = re.compile(r"(?P<statements>.+?)(?:-- → (?P<result>[^\n]*)$|\Z)", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_runs(con, as_documented, page):  # noqa: F811
    for block in blocks(page):
        if not (block.note.startswith(NOT_RUN) or (block.note == ONLY_V2 and HOST != "v2")):
            run(con, block)


def run(con, block: Block) -> None:
    for step in STEPS.finditer(block.text):
        for statement in con.extract_statements(step["statements"]):
            try:
                rows = con.execute(statement).fetchall()
            except duckdb.Error as error:
                pytest.fail(f"{block}: {statement.query.strip()}\n{error}", pytrace=False)
        if step["result"] is not None:
            shown = [", ".join(map(str, row)) for row in rows]
            assert shown == [step["result"].strip()], f"{block}: {step['statements'].strip()}"


def test_what_is_not_run_is_little_and_says_why():
    """The notes are these two and no others: a misspelt one would be run, or hide a block."""
    notes = {str(block): block.note for page in RUN for block in blocks(page) if block.note}
    not_run = {block: note for block, note in notes.items() if note.startswith(NOT_RUN)}
    assert not {block: note for block, note in notes.items() if block not in not_run and note != ONLY_V2}
    assert all(len(note) > len(NOT_RUN) + 10 for note in not_run.values()), not_run
    assert len(not_run) <= 3, not_run


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
