"""`python3 test/simulator`: Python runs a folder as a program, not as a package; so the package is found first."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from simulator.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
