#!/usr/bin/env python3
"""Prints the targets of a Makefile that have a description, `## ...`."""
import pathlib
import re
import sys


def main() -> None:
    found = re.findall(r"^([\w-]+)(?: [\w-]+)*:.*?  ## (.+)$", pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"), re.MULTILINE)
    width = max(len(name) for name, _ in found)
    for name, what in found:
        print(f"make {name:{width}}  {what}")


if __name__ == "__main__":
    main()
