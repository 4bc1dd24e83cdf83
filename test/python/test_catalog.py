"""Tests what DuckDB's catalog says of the functions, and that each has its tests, its page and its line in the README."""
from __future__ import annotations

import gzip
import re
import sys

import pytest
from conftest import HOST, ROOT, only_v2, rows
from documented import PAGES, as_documented, blocks, january  # noqa: F401  fixtures are known by their names

sys.path.insert(0, str(ROOT / "scripts"))
from function_descriptions import described  # noqa: E402  the path is set above

README = (ROOT / "README.md").read_text(encoding="utf-8")
CATALOG = (ROOT / "src" / "catalog.rs").read_text(encoding="utf-8")
# What a slice of the catalog lists.
ENTRY = r"\b[a-z_]+::[A-Z_]+(?=[,\]])"
MACROS = [path.stem for path in (ROOT / "sql" / "macros").glob("*.sql")]
TESTS = sorted((ROOT / "test" / "sql").rglob("*.test"))
NAMES = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_name LIKE 'mixpanel%' ORDER BY ALL"

EMPTY = {
    "mixpanel_quota": "nothing is counted while tests have the limits off",
    "mixpanel_activity_feed": "no id that reads well is one of the simulator's users",
}


@pytest.fixture
def functions(con) -> list[str]:
    return [name for (name,) in rows(con, NAMES)]


def test_every_function_of_the_catalog_is_registered(functions):
    """One line of `src/catalog.rs` each, or one file in `sql/macros`; what the first C API can't have is left out there."""
    everywhere, others = CATALOG.split("pub const SETTINGS")[0].split("pub const PRAGMAS")
    lines = re.findall(ENTRY, everywhere)
    more = re.findall(ENTRY, others) + MACROS if HOST == "v2" else []
    assert len(functions) == len(lines) + len(more) and "mixpanel_export" in functions


@only_v2
def test_every_function_is_documented(con):
    query = """SELECT function_name, description, examples, parameters, categories FROM duckdb_functions()
        WHERE function_name LIKE 'mixpanel%'"""
    for name, description, examples, parameters, categories in rows(con, query):
        assert description and len(description) > 20 and description.endswith("."), name
        assert len(examples) == 1 and f"{name}(" in examples[0] and examples[0].endswith(";"), name
        assert all(re.fullmatch("[a-z][a-z_]*", parameter) for parameter in parameters), (name, parameters)
        assert not any(re.fullmatch(r"col\d+", parameter) for parameter in parameters), (name, parameters)
        assert categories == ["mixpanel"], name


@only_v2
def test_every_example_binds_without_a_request(con, as_documented):  # noqa: F811
    keep(con)
    as_documented.clear()
    for name, example in examples(con):
        if example.startswith("PRAGMA "):
            continue  # EXPLAIN takes none
        statement = re.sub("^CALL ", "FROM ", example.removesuffix(";"))
        assert rows(con, f"EXPLAIN {statement}"), name
    assert not as_documented.settled()


@only_v2
def test_every_example_runs(con, as_documented, tmp_path, monkeypatch):  # noqa: F811
    """And shows something, but for those that can't here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "one.jsonl.gz").write_bytes(gzip.compress(b'{"event": "A", "properties": {"time": 1735689600}}\n'))
    accounts = tmp_path / "config.toml"
    file = accounts.read_text()
    rows(con, "SELECT count(*) FROM mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-01')")
    rows(con, "CREATE TABLE january AS FROM mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-05')")
    # The pragmas that make tables come before what reads them, and the one that drops them is the last.
    order = ["mixpanel_fetch_events", "mixpanel_fetch_profiles"]
    for name, example in sorted(examples(con), key=lambda each: (each[0] == "mixpanel_drop", each[0] not in order, each)):
        accounts.write_text("" if name == "mixpanel_account_add" else file)
        # The table that an example makes is there already where another one kept it.
        example = example.replace("CREATE TABLE", "CREATE OR REPLACE TEMP TABLE")
        assert rows(con, example) or name in EMPTY, f"{name}: {example}"
        if made := re.match(r"CREATE OR REPLACE TEMP TABLE (\w+)", example):
            rows(con, f"DROP TABLE temp.{made[1]}")


def keep(con) -> None:
    """The tables that examples read."""
    rows(con, "PRAGMA mixpanel_fetch_events('events', from_date = '2025-01-01', to_date = '2025-01-05')")


def examples(con) -> list[tuple[str, str]]:
    query = "SELECT DISTINCT function_name, unnest(examples) FROM duckdb_functions() WHERE function_name LIKE 'mixpanel%' ORDER BY ALL"
    found = rows(con, query)
    assert len(found) > 10
    return found


def test_parameters_are_named(con):
    """Named ones on both hosts; only version 2 knows the names of the positional ones."""
    query = "SELECT unnest(parameters) FROM duckdb_functions() WHERE function_name = 'mixpanel_export' ORDER BY ALL"
    assert [name for (name,) in rows(con, query)] == [
        "account", "columns", "days", "events", "filter", "from_date", "label", "max_age", "max_rows", "max_wait",
        "max_workers", "on_failure", "project_id", "raw", "region", "time_zone", "to_date", "window_days",
    ]  # fmt: skip


def test_every_function_has_a_test_file(functions):
    texts = [path.read_text(encoding="utf-8") for path in TESTS]
    missing = [name for name in functions if not any(f"{name}(" in text for text in texts)]
    assert not missing, missing


def test_every_test_file_can_skip_where_there_is_no_simulator():
    """DuckDB's own runner runs these files too."""
    for path in TESTS:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# name: {path.relative_to(ROOT)}\n# description: "), path
        assert "\nrequire mixpanel\n" in text, path


def test_every_function_has_a_line_in_the_readme_and_a_page(functions):
    """One line each, and none for what is no function; it leads to the page that says more."""
    lines = re.findall(r"^\| \[`(?:PRAGMA )?(mixpanel_\w+)\(.*?\)`\]\((docs/[^)#]+)(?:#[^)]*)?\) \| \S.* \|$", README, re.MULTILINE)
    names = sorted(name for name, _ in lines)
    assert names == functions if HOST == "v2" else set(functions) < set(names)
    assert not [name for name, page in lines if name not in (ROOT / page).read_text(encoding="utf-8")]


def test_the_readme_marks_what_needs_duckdb_2(functions):
    """What the first C API can't have: pragmas, and macros, which SQL can make as well."""
    marked = {mark: set(re.findall(rf"^\| \[`(?:PRAGMA )?(mixpanel_\w+)\(.*? \*\({mark}\)\* \|$", README, re.MULTILINE)) for mark in ("2.x", "2.x, or by SQL")}
    assert marked["2.x, or by SQL"] == set(MACROS)
    pragmas = set(re.findall(r"^\| \[`PRAGMA (mixpanel_\w+)\(", README, re.MULTILINE))
    assert marked["2.x"] == pragmas and len(pragmas) >= 5
    if HOST == "v1":
        assert not (marked["2.x"] | marked["2.x, or by SQL"]) & set(functions)


def test_every_function_is_called_on_a_page(functions):
    """`test_docs.py` runs these statements."""
    statements = [block.text for page in PAGES for block in blocks(page)]
    missing = [name for name in functions if not any(f"{name}(" in text for text in statements)]
    assert not missing, missing


def test_every_function_is_in_the_community_descriptions(con, functions):
    """As DuckDB reads the file to make its page of this extension."""
    path = ROOT / "docs" / "function_descriptions.csv"
    read = rows(con, f"SELECT function, description, comment, example FROM read_csv('{path}') ORDER BY ALL")
    names = [name for name, _, _, example in read if f"{name}(" in example]
    assert names == functions if HOST == "v2" else set(functions) < set(names)
    if HOST == "v2":
        assert path.read_text(encoding="utf-8") == described(con), "it is old: make function-descriptions"


def test_every_error_code_has_its_place_on_the_page_of_errors():
    codes = re.findall(r'= "([A-Z_]+)",', (ROOT / "src" / "contract" / "error.rs").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert len(codes) > 10 and not [code for code in codes if code not in page]


def test_nothing_that_make_new_wrote_is_left_to_do():
    """`make new` writes what it can and says TODO for the rest; see `docs/contributing-a-function.md`."""
    folders = ["src/functions", "test/sql", "test/simulator/routes", "docs"]
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*") if path.suffix in (".rs", ".test", ".py", ".md")]
    files = [path for path in [ROOT / "README.md", *files] if path.name != "contributing-a-function.md"]
    left = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "TODO" in line
    ]
    assert not left, "\n".join(["left to do:", *left])
