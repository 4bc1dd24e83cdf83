"""Runs the simulator as a program: `python3 test/simulator`. Python runs a folder as a program and not as a package, so
this finds the package first."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from simulator.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
