#!/usr/bin/env python3
"""Makes DuckDB extension files from a shared library: appends the footers that `LOAD` reads.

    <out>/v1/mixpanel.duckdb_extension       for every DuckDB
    <out>/v2.0.1/mixpanel.duckdb_extension   for that one, through the second C API

One for each version of the second C API that the library knows the functions of. A footer is a WebAssembly custom section of
534 bytes: a 22-byte header, eight fields of 32 bytes in reverse order, and 256 bytes for a signature (zeros here).
"""
import argparse
import pathlib
import shutil

from replacing import replacing
from served import FILES

FIELD = 32
SIGNATURE = 256
# Section id 0, length 531 and 512, the name "duckdb_signature": as DuckDB's own build writes it.
HEADER = bytes([0, 0x93, 0x04, 0x10]) + b"duckdb_signature" + bytes([0x80, 0x04])
SIZE = len(HEADER) + 8 * FIELD + SIGNATURE


def field(text: str) -> bytes:
    data = text.encode("ascii")
    if len(data) > FIELD:
        raise SystemExit(f"footer field is longer than {FIELD} bytes: {text!r}")
    return data.ljust(FIELD, b"\0")


def footer(abi: str, extension_version: str, api_version: str, platform: str) -> bytes:
    fields = ["", "", "", abi, extension_version, api_version, platform, "4"]
    return HEADER + b"".join(field(text) for text in fields) + bytes(SIGNATURE)


def write(library: pathlib.Path, out: pathlib.Path, file: str, extension_version: str, platform: str) -> None:
    """The library with the footer of one of the files."""
    if file not in FILES:
        raise SystemExit(f"the library knows no DuckDB {file}, only {', '.join(FILES)}: CONTRIBUTING.md says how it learns of one")
    abi, api_version = FILES[file]
    with replacing(out / file / "mixpanel.duckdb_extension") as unfinished:
        shutil.copyfile(str(library), str(unfinished))
        with unfinished.open("ab") as written:
            written.write(footer(abi, extension_version, api_version, platform))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--file", action="append", help=f"one of several: {', '.join(FILES)}; all of them without")
    parser.add_argument("--extension-version", required=True)
    parser.add_argument("--platform", required=True, help="as PRAGMA platform says, e.g. linux_amd64")
    arguments = parser.parse_args()
    for file in arguments.file or FILES:
        write(arguments.library, arguments.out, file, arguments.extension_version, arguments.platform)


if __name__ == "__main__":
    main()
