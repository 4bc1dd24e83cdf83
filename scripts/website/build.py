#!/usr/bin/env python3
"""Builds the documentation as a site. Fails on a broken link or anchor, and on a page that needs another host.

Runs with `build/venv/docs`.
"""
import argparse
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# What a browser loads by itself. Links that a reader may follow can go anywhere.
LOADED = [
    re.compile(r"<(?:script|img|iframe|source|audio|video|embed)\b[^>]*?\ssrc=[\"']?((?:https?:)?//[^\"'\s>]+)", re.IGNORECASE),
    re.compile(r"<link\b[^>]*?\shref=[\"']?((?:https?:)?//[^\"'\s>]+)", re.IGNORECASE),
    re.compile(r"(?:url\(|@import )\s*[\"']?((?:https?:)?//[^\"'\s)]+)", re.IGNORECASE),
]


def foreign(site: pathlib.Path) -> list[str]:
    """What the site's files load from elsewhere."""
    return [
        f"{path.relative_to(site)}: {address}"
        for path in sorted([*site.rglob("*.html"), *site.rglob("*.css")])
        for pattern in LOADED
        for address in pattern.findall(path.read_text(encoding="utf-8"))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, default=ROOT)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    # Every page anew, and every warning an error: a page that did not change may link to one that did.
    command = [
        sys.executable, "-m", "sphinx", "--builder", "html", "--fresh-env", "--write-all", "--quiet", "--nitpicky",
        "--fail-on-warning", "--conf-dir", HERE, "--doctree-dir", f"{arguments.out}.doctrees",
    ]  # fmt: skip
    if subprocess.run([*command, arguments.source, arguments.out]).returncode:
        raise SystemExit("the site was not built")
    if addresses := foreign(arguments.out):
        raise SystemExit("\n".join(["the site would load from other hosts:", *addresses]))
    print(f"{arguments.out / 'index.html'} is the home page")


if __name__ == "__main__":
    main()
