"""Stores generated days on disk, so that a simulator of millions of events starts at once the second time.

A folder holds the days of one recipe, by whichever program they were made: it is named after the recipe and the source
of the generator, so a change of either never meets old files. A file is a line of JSON and the deflated text.
"""

import hashlib
import json
import os
from collections import Counter
from datetime import date
from pathlib import Path

from .blocks import Block
from .shop import Recipe

HERE = Path(__file__).parent
GENERATOR = [*sorted((HERE / "shop").glob("*.py")), HERE / "blocks.py"]


def folder(cache_dir: str | Path, recipe: Recipe) -> Path:
    digest = hashlib.sha256(repr(tuple(recipe)).encode())
    for file in GENERATOR:
        digest.update(file.read_bytes())
    path = Path(cache_dir) / digest.hexdigest()[:16]
    path.mkdir(parents=True, exist_ok=True)
    return path


def load(folder: Path, day: date) -> tuple[Block, Counter[str]] | None:
    try:
        description, deflated = (folder / f"{day}.day").read_bytes().split(b"\n", 1)
    except FileNotFoundError:
        return None
    about = json.loads(description)
    return Block(deflated, about["size"], about["crc"]), Counter(about["events"])


def store(folder: Path, day: date, block: Block, events: Counter[str]) -> None:
    about = json.dumps({"size": block.size, "crc": block.crc, "events": events})
    # Written beside and moved: another simulator may read the same folder at this moment.
    unfinished = folder / f"{day}.{os.getpid()}.tmp"
    unfinished.write_bytes(about.encode() + b"\n" + block.deflated)
    unfinished.replace(folder / f"{day}.day")
