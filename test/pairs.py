"""Lists the tested pairs of a DuckDB and a file.

    test/pairs.py --newest        of each C API the newest version that is tested
    test/pairs.py --others        the pairs that `make test` runs only the `.test` files on
    test/pairs.py --for v2.0.1    the pair of a file, as its folder is called

The Makefile asks, which has no version in it; so this runs with the Python 3.6 of DuckDB's community CI too.
"""
import pathlib
import sys

# Of each C API the newest DuckDB: where `make test` runs everything, and what people are shown. Most users install the newest.
# Of the 2.x it is also the harder one: the bindings are made for 2.0.0, and each later one gets its functions through a layout.
NEWEST = {"v1": "1.5.6", "v2": "2.0.1"}
# DuckDB's version and the C API that it is served by.
PAIRS = ["1.4.5/v1", "1.5.6/v1", "2.0.0/v1", "2.0.0/v2", "2.0.1/v1", "2.0.1/v2"]
# A DuckDB 2.x with the file for 1.x, which its users take only while there is none for their version.
OLD_API = [pair for pair in PAIRS if pair.startswith("2") and pair.endswith("/v1")]
FULL = ["{}/{}".format(version, host) for host, version in NEWEST.items()]


def extension(build: pathlib.Path, version: str, host: str) -> pathlib.Path:
    """The file for that DuckDB: of the second C API each has its own."""
    return build / ("v1" if host == "v1" else f"v{version}") / "mixpanel.duckdb_extension"


def pair_of(file: str) -> str:
    return f"{NEWEST['v1']}/v1" if file == "v1" else f"{file[1:]}/v2"


if __name__ == "__main__":
    if sys.argv[1] == "--newest":
        print(*NEWEST.values())
    elif sys.argv[1] == "--others":
        print(", ".join(pair for pair in PAIRS if pair not in FULL))
    else:
        print(pair_of(sys.argv[2]))
