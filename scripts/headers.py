"""Reads the declarations in DuckDB's C headers."""
import pathlib
import re

NOT_OURS = re.compile(r"DUCKDB_V2_API_")
"""Switches of the preprocessor, and the version that a header is for: they say nothing about calls."""


class Headers:
    """The declarations of C API v2, as one version of DuckDB has them: each is its text, with single spaces."""

    def __init__(self, folder: pathlib.Path):
        self.version = version(folder)
        api = plain(found(folder, "duckdb_v2.h"))
        self.types = {name_of(text): text for text in declarations(api) if not text.startswith("DUCKDB_C_API")}
        self.constants = {name: value for name, value in constants(api) if not NOT_OURS.match(name)}
        self.functions = dict(table(plain(found(folder, "duckdb_extension_v2.h")), "duckdb_ext_api_v2"))


def version(folder: pathlib.Path) -> str:
    """As a footer writes it: `v2.0.1`."""
    for line in found(folder, "PKG-INFO").splitlines():
        if line.startswith("Version: "):
            return f"v{line.split()[1]}"
    raise SystemExit(f"{folder}: PKG-INFO has no version")


def found(folder: pathlib.Path, name: str) -> str:
    # The nearest: a source distribution may have copies further down.
    paths = sorted(folder.rglob(name), key=lambda path: (len(path.parts), path))
    if not paths:
        raise SystemExit(f"{folder} has no {name}: is it an unpacked source distribution of duckdb?")
    return paths[0].read_text(encoding="utf-8")


def plain(header: str) -> str:
    """Without comments, and without ends of lines that mean nothing."""
    return re.sub(r"/\*.*?\*/|//[^\n]*|\\\n", " ", header, flags=re.DOTALL)


def constants(header: str) -> list[tuple[str, str]]:
    return re.findall(r"^[ \t]*#[ \t]*define[ \t]+((?:DUCKDB_V2|ARROW)_\w+)[ \t]+(\S.*?)[ \t]*$", header, flags=re.MULTILINE)


def declarations(header: str) -> list[str]:
    """Everything that ends with a semicolon outside of braces."""
    text = re.sub(r"^[ \t]*#.*$", "", header, flags=re.MULTILINE).replace('extern "C" {', "")
    ends, depth = [0], 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == ";" and depth == 0:
            ends.append(at + 1)
    return [" ".join(text[start:end].split()) for start, end in zip(ends, ends[1:])]


def name_of(declaration: str) -> str:
    """What a type's declaration declares. `struct x { ... };` is not the same as `typedef struct x x;`."""
    callback = re.match(r"typedef .*?\(\s*\*\s*(\w+)\s*\)\s*\(", declaration)
    if callback and "{" not in declaration:
        return callback[1]
    if declaration.startswith("typedef"):
        return re.search(r"(\w+)\s*;$", declaration)[1]
    return " ".join(declaration.split()[:2])


def table(header: str, name: str) -> list[tuple[str, str]]:
    """The functions of a table, in its order, and what each takes and gives."""
    end = re.search(rf"\}}\s*{name}\s*;", header)
    if not end:
        raise SystemExit(f"the header has no table {name}")
    body = header[header.rindex("typedef struct", 0, end.start()) : end.start()]
    body = re.sub(r"^[ \t]*#.*$", "", body[body.index("{") + 1 :], flags=re.MULTILINE)
    entries = [" ".join(entry.split()) for entry in body.split(";") if entry.strip()]
    return [(re.search(r"\(\s*\*\s*(\w+)\s*\)", entry)[1], entry) for entry in entries]
