#!/usr/bin/env python3
"""Write the tree of files that `INSTALL mixpanel FROM` reads, for every DuckDB that the two files serve.

    <out>/<DuckDB's version>/<platform>/mixpanel.duckdb_extension.gz

A folder of this machine, or any web server that has those files, is a
repository. With a key the files are signed, and `<out>/public.pem` is what users of DuckDB 2.0
say to trust it. Other platforms' files stay: run it for each platform, in one folder.
"""
import argparse
import gzip
import pathlib

from replacing import replacing
from served import RANGE, SERVED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--platform", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--key", type=pathlib.Path, help="a private key that signs the files; `make key` makes one")
    arguments = parser.parse_args()

    sign, trusted = bytes, b""
    if arguments.key:
        import signature  # the one script that needs a package

        key = signature.load(arguments.key)
        sign, trusted = lambda extension: signature.signed(extension, key), signature.public(key)

    def place(version: str) -> pathlib.Path:
        return arguments.out / version / arguments.platform / "mixpanel.duckdb_extension.gz"

    public = arguments.out / "public.pem"
    before = public.read_bytes() if public.exists() else b""
    stay = set(arguments.out.glob("v*/*/*.gz")) - {place(version) for versions in SERVED.values() for version in versions}
    if trusted != before and (before or stay):
        raise SystemExit(f"{arguments.out} has files that are signed with another key, or not at all: remove it first")

    for host, versions in SERVED.items():
        extension = (arguments.build / host / "mixpanel.duckdb_extension").read_bytes()
        # No time in it: the same files make the same repository.
        compressed = gzip.compress(sign(extension), mtime=0)
        for version in versions:
            with replacing(place(version)) as unfinished:
                unfinished.write_bytes(compressed)
    print(f"{arguments.out} serves {RANGE}, on {arguments.platform}")
    if trusted:
        with replacing(public) as unfinished:
            unfinished.write_bytes(trusted)
        print(f"{public} is the key to trust; docs/install.md shows the statement")


if __name__ == "__main__":
    main()
