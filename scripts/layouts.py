#!/usr/bin/env python3
"""Compares the function tables of C API v2 in two DuckDBs, and writes how to reorder the one into the other.

    scripts/layouts.py BINDINGS OTHER

Both are folders with DuckDB's headers, such as an unpacked source distribution of duckdb from PyPI. BINDINGS is the version
that the crate duckdb-neo was made for, OTHER one that came before or after it. Where a type or a constant that both have
differs, or a function that we call, nothing is written: then the one can't be served by the bindings of the other.
"""
import argparse
import pathlib
import re
import subprocess

from called import LIBRARY, called
from headers import Headers

ROOT = pathlib.Path(__file__).resolve().parent.parent
KNOWN = ROOT / "src" / "host" / "v2" / "layouts" / "known.rs"
HEAD = """\
//! Which functions are in the table, and where does each DuckDB have them?
//!
//! Written by `scripts/layouts.py`; `CONTRIBUTING.md` says when.

use std::ffi::CStr;

use super::Layout;

"""

Run = tuple[int, int, int]


def runs(here: list[tuple[str, str]], there: list[tuple[str, str]]) -> list[Run]:
    """What both tables have, as (first place here, first place there, how many)."""
    places = {entry: place for place, entry in enumerate(there)}
    found: list[Run] = []
    for place, entry in enumerate(here):
        if entry not in places:
            continue
        other = places[entry]
        if found and (found[-1][0] + found[-1][2], found[-1][1] + found[-1][2]) == (place, other):
            found[-1] = (found[-1][0], found[-1][1], found[-1][2] + 1)
        else:
            found.append((place, other, 1))
    return found


def changed(here: dict[str, str], there: dict[str, str]) -> list[str]:
    return [name for name in here if there.get(name) != here[name]]


def report(here: Headers, there: Headers, ours: set[str]) -> list[str]:
    """Prints what differs. Returns why the runs can't be used."""
    print(f"{here.version}: {len(here.functions)} functions; {there.version}: {len(there.functions)}")
    added = [name for name in there.functions if name not in here.functions]
    if added:
        print(f"new: {', '.join(added)}")
    obstacles = []
    for kind, one, other in [("type", here.types, there.types), ("constant", here.constants, there.constants)]:
        obstacles += [f"the {kind} {name} is another: {one[name]} | {other.get(name, 'gone')}" for name in changed(one, other)]
    for name in changed(here.functions, there.functions):
        now = there.functions.get(name, "gone")
        print(f"changed: {name}, which we {'call' if name in ours else 'do not call'}: {here.functions[name]} | {now}")
        if name in ours:
            obstacles.append(f"we call {name}, which is another")
    return obstacles


def key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.removeprefix("v").split(".")))


def known(text: str) -> tuple[list[str], dict[str, str]]:
    """The names and the layouts that a file of layouts has."""
    layouts = re.findall(r'Layout \{\s*version: "(v[\d.]+)",\s*runs: &\[(.*?)\],?\s*\}', text, flags=re.DOTALL)
    return re.findall(r'c"(\w+)"', text), {version: " ".join(runs.split()) for version, runs in layouts}


def write(path: pathlib.Path, names: list[str], layouts: dict[str, list[Run]]) -> None:
    """Layouts that the file has already stay, unless they lead to other bindings."""
    before, kept = known(path.read_text(encoding="utf-8")) if path.exists() else ([], {})
    dropped = sorted(set(kept) - set(layouts), key=key) if before != names else []
    for version in dropped:
        print(f"dropped: {version}, made for other bindings; run this again with its headers")
    texts = {version: text for version, text in kept.items() if version not in dropped}
    texts |= {version: ", ".join(map(str, each)) for version, each in layouts.items()}
    lines = [f'Layout {{ version: "{version}", runs: &[{texts[version]}] }},' for version in sorted(texts, key=key)]
    items = "".join(f'c"{name}",' for name in names)
    path.write_text(
        HEAD
        + f"/// In the order of the bindings.\npub const NAMES: [&CStr; {len(names)}] = [{items}];\n\n"
        + f"pub const KNOWN: &[Layout] = &[{''.join(lines)}];\n",
        encoding="utf-8",
    )
    subprocess.run(["rustfmt", "--edition", "2024", path], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bindings", type=pathlib.Path)
    parser.add_argument("other", type=pathlib.Path)
    parser.add_argument("--library", type=pathlib.Path, default=LIBRARY, help="a debug build, which says what we call")
    parser.add_argument("--out", type=pathlib.Path, default=KNOWN)
    arguments = parser.parse_args()
    here, there = Headers(arguments.bindings), Headers(arguments.other)
    obstacles = report(here, there, called(arguments.library))
    if obstacles:
        raise SystemExit("\n".join(["nothing was written:", *obstacles]))
    own, other = list(here.functions.items()), list(there.functions.items())
    layouts = {here.version: runs(own, own), there.version: runs(own, other)}
    write(arguments.out, list(here.functions), layouts)
    for version, each in layouts.items():
        print(f"{version}: {each}")


if __name__ == "__main__":
    main()
