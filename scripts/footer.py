#!/usr/bin/env python3
"""Make a DuckDB extension file of a shared library: append the footer that `LOAD` reads.

The footer is a WebAssembly custom section of 534 bytes: a 22-byte header, eight
fields of 32 bytes in reverse order, and 256 bytes for a signature (zeros here).
"""
import argparse
import pathlib
import shutil

from replacing import replacing

FIELD = 32
SIGNATURE = 256
# Section id 0, length 531 and 512, the name "duckdb_signature": as DuckDB's own build writes it.
HEADER = bytes([0, 0x93, 0x04, 0x10]) + b"duckdb_signature" + bytes([0x80, 0x04])


def field(text: str) -> bytes:
    data = text.encode("ascii")
    if len(data) > FIELD:
        raise SystemExit(f"footer field is longer than {FIELD} bytes: {text!r}")
    return data.ljust(FIELD, b"\0")


def footer(abi: str, extension_version: str, api_version: str, platform: str) -> bytes:
    fields = ["", "", "", abi, extension_version, api_version, platform, "4"]
    return HEADER + b"".join(field(text) for text in fields) + bytes(SIGNATURE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--abi", choices=["C_STRUCT", "C_STRUCT_UNSTABLE"], required=True)
    parser.add_argument("--api-version", required=True, help="v1.2.0 or v2.0.0")
    parser.add_argument("--extension-version", required=True)
    parser.add_argument("--platform", required=True, help="as PRAGMA platform says, e.g. linux_amd64")
    arguments = parser.parse_args()
    with replacing(arguments.out) as unfinished:
        shutil.copyfile(arguments.library, unfinished)
        with unfinished.open("ab") as file:
            file.write(footer(arguments.abi, arguments.extension_version, arguments.api_version, arguments.platform))


if __name__ == "__main__":
    main()
