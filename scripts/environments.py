#!/usr/bin/env python3
"""Make the virtual environments in `build/venv`: one for each file of `test/requirements`, or those that are named."""
import argparse
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main() -> None:
    known = {path.stem: path for path in sorted((ROOT / "test" / "requirements").glob("*.txt"))}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(known)}")
    for name in parser.parse_args().names or known:
        requirements = known[name]
        place = ROOT / "build" / "venv" / requirements.stem
        if not (place / "bin" / "python").exists():
            venv.create(place, with_pip=True)
        pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", requirements], check=True)
        print(f"{place.relative_to(ROOT)} is ready")


if __name__ == "__main__":
    sys.exit(main())
