#!/usr/bin/env python3
"""Makes the virtual environments in `build/venv`: one for each file of `test/requirements`, or those that you name."""
import argparse
import os
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEAST = (3, 11)
WINDOWS = os.name == "nt"


def make(requirements: pathlib.Path) -> None:
    place = ROOT / "build" / "venv" / requirements.stem
    program = place / "Scripts" / "python.exe" if WINDOWS else place / "bin" / "python"
    python = [str(program), "-m"]
    # Not what an attempt left that failed, or a Python that is gone since.
    if not program.exists() or subprocess.run([*python, "pip", "--version"], capture_output=True).returncode:
        venv.create(place, clear=True, symlinks=not WINDOWS, with_pip=True)
    subprocess.run([*python, "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements)], check=True)
    # What make goes by.
    (place / ".ready").touch()
    print(f"{place.relative_to(ROOT)} is ready")


def main() -> None:
    known = {path.stem: path for path in sorted((ROOT / "test" / "requirements").glob("*.txt"))}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(known)}")
    names = parser.parse_args().names or known
    if sys.version_info < LEAST:
        found = "{}.{}".format(*sys.version_info)
        sys.exit(f"this is Python {found}, and what is installed needs {'.'.join(map(str, LEAST))} or later: make PYTHON=/path/to/another")
    for name in names:
        make(known[name])


if __name__ == "__main__":
    main()
