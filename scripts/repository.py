#!/usr/bin/env python3
"""Writes the tree of files that `INSTALL mixpanel FROM` reads, for every DuckDB that the files serve.

    <out>/<DuckDB's version>/<platform>/mixpanel.duckdb_extension.gz

The next versions of DuckDB's current lines are there ahead of time, with the file that every version loads. A folder of this
machine, or any web server that has those files, is a repository. With a key the files are signed, and `<out>/public.pem` is what
users of DuckDB 2.0 say to trust it. Other platforms' files stay: run it for each platform, in one folder. Versions that have the
same file share it (hard links), so that the tree needs little more room than the files do.
"""
import argparse
import gzip
import os
import pathlib
import shutil
import sys

from replacing import replacing
from served import AHEAD, RELEASED, file_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))

from duckdb_mixpanel.files import labelled  # noqa: E402  the path is set above

NAME = "mixpanel.duckdb_extension"


def names_of(platform: str, version: str) -> list[str]:
    """PyPI's DuckDB 1.2 for Linux calls itself after its compiler."""
    return [platform, f"{platform}_gcc4"] if version.startswith("v1.2.") and platform in ("linux_amd64", "linux_arm64") else [platform]


def wanted(platform: str) -> dict[tuple[str, str], list[pathlib.Path]]:
    """Where each file belongs: (folder, platform in its footer) to paths in the tree."""
    places: dict[tuple[str, str], list[pathlib.Path]] = {}
    for version in [*RELEASED, *AHEAD]:
        for name in names_of(platform, version):
            places.setdefault((file_for(version), name), []).append(pathlib.Path(version, name, f"{NAME}.gz"))
    return places


def link(first: pathlib.Path, path: pathlib.Path) -> None:
    with replacing(path) as unfinished:
        try:
            os.link(first, unfinished)
        except OSError:
            # A file system that has none.
            shutil.copyfile(first, unfinished)


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

    places = wanted(arguments.platform)
    public = arguments.out / "public.pem"
    before = public.read_bytes() if public.exists() else b""
    ours = {arguments.out / path for paths in places.values() for path in paths}
    if trusted != before and (before or set(arguments.out.glob("v*/*/*.gz")) - ours):
        raise SystemExit(f"{arguments.out} has files that are signed with another key, or not at all: remove it first")

    for (file, platform), paths in places.items():
        built = (arguments.build / file / NAME).read_bytes()
        extension = built if platform == arguments.platform else labelled(built, platform)
        first = arguments.out / paths[0]
        with replacing(first) as unfinished:
            # No time in it: the same files make the same repository.
            unfinished.write_bytes(gzip.compress(sign(extension), mtime=0))
        for path in paths[1:]:
            link(first, arguments.out / path)
    print(f"{arguments.out} serves DuckDB {RELEASED[0]} to {RELEASED[-1]}, on {arguments.platform}")
    print(f"ahead of time, with the file that every version loads: {', '.join(AHEAD)}")
    if trusted:
        with replacing(public) as unfinished:
            unfinished.write_bytes(trusted)
        print(f"{public} is the key to trust; docs/install.md shows the statement")


if __name__ == "__main__":
    main()
