"""Generates a new table function: make new NAME=mixpanel_x FAMILY=discovery

    python -m new NAME FAMILY [--route "GET /api/query/x"] [--root FOLDER]

A Rust file that compiles, its lines in the catalog, a `.test` file, a section of the family's page, a line in the README, and a route of
the simulator. What is left for you says TODO; `test_catalog.py` lists it.
"""
from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys

from . import rust, simulated, texts
from .columns import Answer
from .specification import Operation, operations, words

ROOT = pathlib.Path(__file__).resolve().parents[2]
# As the tests find it, `conftest.SHARED`.
SHARED = next((folder / "shared" for folder in ROOT.parents if (folder / "shared" / "fixtures").is_dir()), ROOT.parent / "shared")
# By family: its page, the heading of its table in the README, and the heading of the page that sections come before.
FAMILIES = {"discovery": ("docs/discovery.md", "### Discovery", "## The cache"), "reports": ("docs/reports.md", "### Live reports", "## Limits")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("--route", help="method and path; without, the one whose words the name has")
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    parser.add_argument("--specifications", type=pathlib.Path, default=SHARED / "openapi", help="Mixpanel's OpenAPI files")
    arguments = parser.parse_args()
    name, root = arguments.name, arguments.root.resolve()
    if not re.fullmatch(r"mixpanel_[a-z][a-z_]*[a-z]", name):
        sys.exit(f"{name} is no name: mixpanel_ and words in small letters")
    if f"{name}(" in (root / "README.md").read_text(encoding="utf-8"):
        sys.exit(f"there is a {name} already")

    known = operations(arguments.specifications)
    if not known:
        print(f"There are no specifications of Mixpanel's in {arguments.specifications}: no example of an answer, no route in the simulator.")
    operation = asked(name, arguments.route, known)
    told = simulated.answer(root, operation)
    is_new = not simulated.is_known(root, operation)
    function = rust.Function(name, arguments.family, operation, Answer(operation.example if told is None else told))
    write(root, function, is_new and operation.example is not None)
    print(f"{name} asks {operation.method} {operation.path}. Left to do:")
    for step in steps(function, known, is_new):
        print(f"  * {step}")


def steps(function: rust.Function, known: list[Operation], is_new: bool) -> list[str]:
    """What is left for people, in the order in which tests ask for it."""
    operation = function.operation
    found = [f"make try F={function.name}: test_catalog.py lists what still says TODO"]
    if is_new and operation.example is None:
        found.append("no example of the answer is known: a file in test/simulator/routes, and its line in ROUTES")
    if known and operation.path not in [one.path for one in known]:
        found.append("no specification has this route: a line in UNSPECIFIED of test/python/openapi.py, with a reason")
    elif known:
        found.append("a line in STATEMENTS of test/python/test_openapi.py, for this operation")
    return found + [
        f"a line in ASKED of test/python/test_json_columns.py, and the requests in test/python/test_{function.family}.py",
        "make function-descriptions; a line in CHANGELOG.md",
    ]


def asked(name: str, route: str | None, known: list[Operation]) -> Operation:
    if route:
        method, path = route.split()
        plain = re.sub(r"\{\w+\}", "{}", path)
        return next((one for one in known if (one.method, re.sub(r"\{\w+\}", "{}", one.path)) == (method, plain)), Operation(method, path))
    found = [one for one in known if one.words == words(name.removeprefix("mixpanel_"))]
    if len(found) == 1:
        return found[0]
    guess = f"GET /api/query/{name.removeprefix('mixpanel_')}"
    print(f"No specification has one route of these words; it is taken for {guess}. ROUTE=\"GET /api/...\" names another.")
    return Operation(*guess.split())


def write(root: pathlib.Path, function: rust.Function, is_route_known: bool) -> None:
    page, table, before = FAMILIES[function.family]
    folder = root / "src" / "functions" / function.family
    module, constant = function.module, function.constant
    new(folder / f"{module}.rs", rust.source(function))
    change(folder / "mod.rs", r"(?m)^mod \w+;\n", f"mod {module};\n")
    change(folder / "mod.rs", r"(?m)^pub use .+;\n", f"pub use {module}::{constant};\n")
    change(root / "src" / "catalog.rs", rf"(?m)^    {function.family}::\w+,\n", f"    {function.family}::{constant},\n")
    # Lists come in the order in which rustfmt has them.
    subprocess.run(["rustfmt", "--edition", "2024", folder / f"{module}.rs", "--config", "skip_children=true"], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["rustfmt", "--edition", "2024", folder / "mod.rs"], check=True)
    new(root / "test" / "sql" / function.family / f"{module}.test", texts.test(function))
    change(root / page, rf"(?m)^(?={re.escape(before)}$)", texts.section(function))
    change(root / "README.md", rf"(?ms)^{re.escape(table)}\n.*?\|---\|---\|\n(?:\|[^\n]*\n)*", texts.line(function, page))
    if is_route_known:
        routes = root / "test" / "simulator" / "routes"
        new(routes / f"{module}.py", simulated.route(function.operation, function.operation.example))
        change(routes / "__init__.py", r"(?m)^from \. import \($\n", f"    {module},\n")
        change(routes / "__init__.py", r"(?m)^    Route\(.*\n", simulated.line(function.operation, module))


def new(path: pathlib.Path, text: str) -> None:
    if path.exists():
        sys.exit(f"{path} is there already")
    path.write_text(text, encoding="utf-8")
    print(f"  new      {path}")


def change(path: pathlib.Path, last: str, text: str) -> None:
    """Puts the text behind the last place that looks like this."""
    old = path.read_text(encoding="utf-8")
    places = list(re.finditer(last, old))
    if not places:
        sys.exit(f"{path} has no place for it: {last}")
    at = places[-1].end()
    path.write_text(old[:at] + text + old[at:], encoding="utf-8")
    print(f"  changed  {path}")


if __name__ == "__main__":
    main()
