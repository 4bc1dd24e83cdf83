#!/usr/bin/env python3
"""Make the virtual environments that tests, demo and benchmarks run in: one for each DuckDB, and one that has dbt."""
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main() -> None:
    for requirements in sorted((ROOT / "test" / "requirements").glob("*.txt")):
        place = ROOT / "build" / "venv" / requirements.stem
        if not (place / "bin" / "python").exists():
            venv.create(place, with_pip=True)
        pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", requirements], check=True)
        print(f"{place.relative_to(ROOT)} is ready")


if __name__ == "__main__":
    sys.exit(main())
