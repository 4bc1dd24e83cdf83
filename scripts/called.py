"""Lists the functions of DuckDB's C APIs that the library calls, through any crate.

The symbols of a debug build say it: there nothing is inlined, and what nobody refers to is left out by the linker."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "target" / "debug" / "libmixpanel.so"


def called(library: pathlib.Path = LIBRARY) -> set[str]:
    if not library.exists():
        raise SystemExit(f"there is no {library}: run `cargo build` first")
    symbols = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
    # Rust writes a name's length before it.
    bindings = [(int(length), text) for length, text in re.findall(r"bindings(\d+)(duckdb_\w+)", symbols)]
    names = {text[:length] for length, text in bindings}
    if not names:
        raise SystemExit(f"{library} has no symbols: is it a debug build?")
    return names
