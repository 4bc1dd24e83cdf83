#!/usr/bin/env python3
"""Puts together the files of a release, from the libraries built on each platform.

    scripts/release.py --files DOWNLOADED --wheels DOWNLOADED --out release [--key private.pem] [--tag v0.1.0]

`--files` is searched for `<name>-extension-<platform>/mixpanel.duckdb_extension`, as DuckDB's workflow uploads them. Which of
the files each is does not matter: the library in it is the same, and gets every footer here. In the end `--out` has

    mixpanel-<version>-<platform>.zip    the files, for LOAD
    repository.tar.gz                    what INSTALL reads, for a web server
    *.whl                                the wheels
    SHA256SUMS
"""
import argparse
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from footer import SIZE, write
from served import FILES
from wheel import released

NAME = "mixpanel.duckdb_extension"
ROOT = pathlib.Path(__file__).resolve().parent.parent


def libraries(downloaded: pathlib.Path, folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The library of each platform, without a footer."""
    found: dict[str, pathlib.Path] = {}
    for path in sorted(downloaded.rglob(NAME)):
        platform = path.parent.name.partition("-extension-")[2]
        if platform and platform not in found:
            found[platform] = folder / platform
            found[platform].write_bytes(path.read_bytes()[:-SIZE])
    if not found:
        raise SystemExit(f"{downloaded} has no file <name>-extension-<platform>/{NAME}")
    return found


def archive(folder: pathlib.Path, out: pathlib.Path) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in FILES:
            zipped.write(folder / file / NAME, f"{file}/{NAME}")


def sums(folder: pathlib.Path) -> str:
    """As `sha256sum --check` reads them."""
    lines = []
    for path in sorted(folder.iterdir()):
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    return "".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=pathlib.Path, required=True)
    parser.add_argument("--wheels", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--key", type=pathlib.Path, help="signs the repository")
    parser.add_argument("--tag", help="refused unless it is the version of Cargo.toml")
    arguments = parser.parse_args()
    version = released()
    if arguments.tag and arguments.tag != version:
        raise SystemExit(f"the tag is {arguments.tag}, and Cargo.toml has {version}")
    if arguments.out.exists():
        raise SystemExit(f"{arguments.out} is there already")
    wheels = sorted(arguments.wheels.rglob("*.whl"))
    if not wheels:
        raise SystemExit(f"{arguments.wheels} has no wheel")

    with tempfile.TemporaryDirectory() as place:
        build, repository = pathlib.Path(place, "build"), pathlib.Path(place, "repository")
        arguments.out.mkdir(parents=True)
        found = libraries(arguments.files, pathlib.Path(place))
        for platform, library in found.items():
            for file in FILES:
                write(library, build / platform, file, version, platform)
            archive(build / platform, arguments.out / f"mixpanel-{version}-{platform}.zip")
            command = [sys.executable, ROOT / "scripts" / "repository.py", "--build", build / platform, "--platform", platform, "--out", repository]
            subprocess.run([*command, *(["--key", arguments.key] if arguments.key else [])], check=True)
        with tarfile.open(arguments.out / "repository.tar.gz", "w:gz") as tree:
            tree.add(repository, "repository")
        if arguments.key:
            shutil.copy(repository / "public.pem", arguments.out)
    for wheel in wheels:
        shutil.copy(wheel, arguments.out)
    (arguments.out / "SHA256SUMS").write_text(sums(arguments.out))
    print(f"{arguments.out}: {version} for {', '.join(found)}, and {len(wheels)} wheels")


if __name__ == "__main__":
    main()
