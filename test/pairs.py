"""Which DuckDBs are tested, with which of the files?

    test/pairs.py --newest        of each C API the newest version that is tested
    test/pairs.py --for v2.0.1    the pair of a file, as its folder is called

The Makefile asks, which has no version in it; so this runs with the Python 3.6 of DuckDB's community CI too.
"""
import pathlib
import sys

# Of each C API the newest DuckDB: where everything is run, and what people are shown.
NEWEST = {"v1": "1.5.6", "v2": "2.0.1"}
# What the others run: what SQL sees of each function, and how it is loaded, installed and let go.
CORE = [
    "test_sql.py", "test_lifecycle.py", "test_contained.py", "test_wrong_file.py", "test_install.py", "test_make_install.py", "test_python_package.py",
]  # fmt: skip
# DuckDB's version and the C API that it is served by, and which tests run there; `None` for all of them.
PAIRS = {
    "1.4.5/v1": CORE,
    "1.5.6/v1": None,
    "2.0.0/v1": ["test_sql.py"],
    "2.0.0/v2": CORE,
    "2.0.1/v1": ["test_sql.py"],
    "2.0.1/v2": None,
}


def extension(build: pathlib.Path, version: str, host: str) -> pathlib.Path:
    """The file for that DuckDB: of the second C API each has its own."""
    return build / ("v1" if host == "v1" else f"v{version}") / "mixpanel.duckdb_extension"


def pair_of(file: str) -> str:
    return f"{NEWEST['v1']}/v1" if file == "v1" else f"{file[1:]}/v2"


if __name__ == "__main__":
    if sys.argv[1] == "--newest":
        print(*NEWEST.values())
    else:
        print(pair_of(sys.argv[2]))
