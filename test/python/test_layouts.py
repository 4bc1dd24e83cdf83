"""Tests how a DuckDB 2.x is added (`scripts/layouts.py`), and that we call only functions that each DuckDB has (`scripts/calls.py`)."""
from __future__ import annotations

import pathlib
import subprocess
import sys

import duckdb
import pytest
from conftest import HOST, ROOT
from installing import SCRIPTS, script
from pairs import NEWEST

sys.path.insert(0, str(SCRIPTS))
import calls  # noqa: E402  the path is set above
from layouts import known  # noqa: E402

pytestmark = pytest.mark.skipif(duckdb.__version__ != NEWEST["v2"] or HOST != "v2", reason="no DuckDB takes part; once will do")

API = """
#define DUCKDB_V2_API_VERSION_MINOR 0
#define DUCKDB_V2_LENGTH 12
#ifdef __cplusplus
extern "C" {
#endif
/* A comment; with a semicolon. */
typedef struct _duckdb_v2_thing {
	void *internal_ptr; // and another;
} * duckdb_v2_thing_handle;
typedef enum DUCKDB_V2_KIND { DUCKDB_V2_KIND_ONE = 1, } DUCKDB_V2_KIND;
typedef void (*duckdb_v2_callback_fn)(duckdb_v2_thing_handle thing);
struct duckdb_v2_pair { int first; };
DUCKDB_C_API void duckdb_v2_a(duckdb_v2_thing_handle thing);
#ifdef __cplusplus
}
#endif
"""
TABLE = """
typedef struct { int nothing; } another;
typedef struct {
	// capigen:begin appended
	void (*duckdb_v2_a)(duckdb_v2_thing_handle thing);
#if DUCKDB_V2_API_ALLOW_UNSTABLE
	int(*duckdb_v2_b)
	(int first,
	 int second);
	void (*duckdb_v2_c)(void);
	void (*duckdb_v2_d)(void);
#endif
} duckdb_ext_api_v2;
"""


def sources(folder: pathlib.Path, version: str, api: str = API, table: str = TABLE) -> pathlib.Path:
    """As PyPI's source distribution of that version has its headers."""
    include = folder / f"duckdb-{version}" / "external" / "duckdb" / "src" / "include"
    include.mkdir(parents=True)
    (include / "duckdb_v2.h").write_text(api)
    (include / "duckdb_extension_v2.h").write_text(table)
    (folder / f"duckdb-{version}" / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nVersion: {version}\n")
    return folder / f"duckdb-{version}"


@pytest.fixture
def compare(tmp_path):
    """Runs the script with a library that calls `duckdb_v2_a` and `duckdb_v2_c`."""
    program = "#[no_mangle] pub extern \"C\" fn bindings11duckdb_v2_a() {}\n#[no_mangle] pub extern \"C\" fn bindings11duckdb_v2_c() {}\n"
    (tmp_path / "library.rs").write_text(program)
    library = tmp_path / "liblibrary.so"
    subprocess.run(["rustc", "--crate-type", "cdylib", "-o", library, tmp_path / "library.rs"], check=True, timeout=120)

    def run(here: pathlib.Path, there: pathlib.Path) -> subprocess.CompletedProcess:
        return script("layouts.py", here, there, "--library", library, "--out", tmp_path / "known.rs")

    return run


def layouts(tmp_path: pathlib.Path) -> dict[str, str]:
    return known((tmp_path / "known.rs").read_text())[1]


def test_runs_lead_from_one_order_to_the_other(compare, tmp_path):
    # One is new and stands in front, one has another argument.
    later = TABLE.replace("void (*duckdb_v2_a)", "void (*duckdb_v2_new)(void);\n\tvoid (*duckdb_v2_a)").replace("int second", "bool second")
    ended = compare(sources(tmp_path, "2.5.0"), sources(tmp_path, "2.5.1", table=later))
    assert ended.returncode == 0, ended.stderr
    assert layouts(tmp_path) == {"v2.5.0": "(0, 0, 4)", "v2.5.1": "(0, 1, 1), (2, 3, 2)"}
    assert known((tmp_path / "known.rs").read_text())[0] == ["duckdb_v2_a", "duckdb_v2_b", "duckdb_v2_c", "duckdb_v2_d"]
    assert "new: duckdb_v2_new" in ended.stdout
    assert "changed: duckdb_v2_b, which we do not call: int(*duckdb_v2_b) (int first, int second) | " in ended.stdout


def test_versions_that_are_known_stay_until_the_bindings_change(compare, tmp_path):
    bindings = sources(tmp_path, "2.5.0")
    for version, order in {"2.5.2": "d a b c", "2.5.10": "a b c d", "2.4.0": "b c d a"}.items():
        entries = dict(zip("abcd", TABLE[TABLE.index("\tvoid (*duckdb_v2_a)") : TABLE.index("#endif")].replace("#if DUCKDB_V2_API_ALLOW_UNSTABLE\n", "").split(";\n")))
        table = f"typedef struct {{ {';'.join(entries[each] for each in order.split())}; }} duckdb_ext_api_v2;"
        assert compare(bindings, sources(tmp_path, version, table=table)).returncode == 0
    assert layouts(tmp_path) == {
        "v2.4.0": "(0, 3, 1), (1, 0, 3)", "v2.5.0": "(0, 0, 4)", "v2.5.2": "(0, 1, 3), (3, 0, 1)", "v2.5.10": "(0, 0, 4)",
    }  # fmt: skip
    assert list(layouts(tmp_path)) == ["v2.4.0", "v2.5.0", "v2.5.2", "v2.5.10"]
    # A newer crate: its order is another, and the older DuckDBs need their runs anew.
    newer = sources(tmp_path, "2.6.0", table=TABLE.replace("	void (*duckdb_v2_d)(void);\n", ""))
    ended = compare(newer, bindings)
    assert layouts(tmp_path) == {"v2.5.0": "(0, 0, 3)", "v2.6.0": "(0, 0, 3)"}
    assert [line.split(",")[0] for line in ended.stdout.splitlines() if line.startswith("dropped")] == [
        "dropped: v2.4.0", "dropped: v2.5.2", "dropped: v2.5.10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("void *internal_ptr;", "int internal_id;", "the type duckdb_v2_thing_handle is another"),
        ("DUCKDB_V2_KIND_ONE = 1,", "DUCKDB_V2_KIND_ONE = 2,", "the type DUCKDB_V2_KIND is another"),
        ("DUCKDB_V2_KIND_ONE = 1,", "DUCKDB_V2_KIND_ONE = 1, DUCKDB_V2_KIND_TWO = 2,", "the type DUCKDB_V2_KIND is another"),
        ("(duckdb_v2_thing_handle thing);\nstruct", "(void);\nstruct", "the type duckdb_v2_callback_fn is another"),
        ("struct duckdb_v2_pair { int first; };", "", "the type struct duckdb_v2_pair is another"),
        ("LENGTH 12", "LENGTH 8", "the constant DUCKDB_V2_LENGTH is another"),
    ],
)
def test_what_the_bindings_know_otherwise_is_refused(compare, tmp_path, before, after, says):
    assert before in API
    ended = compare(sources(tmp_path, "2.5.0"), sources(tmp_path, "2.5.1", api=API.replace(before, after)))
    assert ended.returncode == 1 and "nothing was written" in ended.stderr and says in ended.stderr
    assert not (tmp_path / "known.rs").exists()


@pytest.mark.parametrize("changed", ["void (*duckdb_v2_c)(int);", ""])
def test_a_function_that_we_call_may_not_change(compare, tmp_path, changed):
    table = TABLE.replace("void (*duckdb_v2_c)(void);", changed)
    ended = compare(sources(tmp_path, "2.5.0"), sources(tmp_path, "2.5.1", table=table))
    assert ended.returncode == 1 and "we call duckdb_v2_c, which is another" in ended.stderr
    assert not (tmp_path / "known.rs").exists()


def test_comments_versions_and_what_is_new_are_no_changes(compare, tmp_path):
    api = API.replace("MINOR 0", "MINOR 1").replace("A comment;", "Words;").replace("struct duckdb_v2_pair", "typedef int duckdb_v2_more;\nstruct duckdb_v2_pair")
    assert compare(sources(tmp_path, "2.5.0"), sources(tmp_path, "2.6.0", api=api)).returncode == 0
    assert layouts(tmp_path)["v2.6.0"] == "(0, 0, 4)"


def test_what_has_no_headers_is_said(compare, tmp_path):
    ended = compare(tmp_path / "nothing", tmp_path / "nothing")
    assert ended.returncode == 1 and "has no PKG-INFO" in ended.stderr


KNOWN = 'pub const NAMES: [&CStr; 3] = [c"duckdb_v2_a", c"duckdb_v2_b", c"duckdb_v2_c"];\n' + "\n".join(
    f'Layout {{ version: "{version}", runs: &[{runs}] }},' for version, runs in {"v2.5.0": "(0, 0, 3)", "v2.5.1": "(0, 5, 1), (2, 7, 1)"}.items()
)


def test_a_call_that_a_version_can_not_serve_is_found():
    assert calls.second({"duckdb_v2_a", "duckdb_v2_c", "duckdb_connect"}, KNOWN) == []
    assert calls.second({"duckdb_v2_b"}, KNOWN) == ["DuckDB v2.5.1 has no duckdb_v2_b as we call it"]
    oldest, crate = ["duckdb_a", "duckdb_b", "duckdb_c"], ["duckdb_a", "duckdb_c", "duckdb_b", "duckdb_new"]
    assert calls.first({"duckdb_a", "duckdb_v2_a", "duckdb_rs_extension_api_init"}, oldest, crate) == []
    assert calls.first({"duckdb_new", "duckdb_b"}, oldest, crate) == [
        "duckdb_new was not in C API v1.2.0", "duckdb_b is not where C API v1.2.0 had it",
    ]  # fmt: skip


def test_the_oldest_api_is_all_there():
    """Were the list cut, it would name functions that are none of its version's; were it longer, it would hide calls."""
    names = calls.OLDEST.read_text().split()
    assert len(names) == len(set(names)) == 357
    assert (names[0], names[-1]) == ("duckdb_open", "duckdb_append_null")
    assert {"duckdb_add_replacement_scan", "duckdb_library_version"} <= set(names)
    assert "duckdb_create_instance_cache" not in names
