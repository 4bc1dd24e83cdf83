"""Flows that are not merged: the most frequent paths, and the tree of all paths.

A way begins with the anchor, and is as long as the report or ends where the user's events do. A step's count is the
number of users who came this way so far. Paths are those of the most users, `MOST` of them. A tree has a root that is
no event; its children are the anchors. A node that ends before the report does has users who dropped off.
"""

from collections import Counter
from typing import Any

from .definitions import SavedFlow

MOST = 50


def top_paths(saved: SavedFlow, found: list[list[str]]) -> dict[str, Any]:
    ways = Counter(tuple(flow[: saved.forward + 1]) for flow in found)
    ranked = sorted(ways, key=lambda way: (-ways[way], way))
    paths = [{"flowSteps": _steps(way, found), "segments": []} for way in ranked[:MOST]]
    return {"flows": paths, "foundCount": str(len(ranked)), "returnedCount": str(len(paths))}


def trees(saved: SavedFlow, found: list[list[str]]) -> dict[str, Any]:
    root = {"step": None, "children": _children((), saved, found), "totalCount": str(len(found))}
    return {"trees": [{"root": root}]}


def _steps(way: tuple[str, ...], found: list[list[str]]) -> list[dict[str, Any]]:
    return [
        {
            "anchorType": "NORMAL",
            "event": event,
            "isComputed": False,
            "segments": [],
            "totalCount": str(_took(way[: number + 1], found)),
            "type": "FORWARD" if number else "ANCHOR",
        }
        for number, event in enumerate(way)
    ]


def _children(way: tuple[str, ...], saved: SavedFlow, found: list[list[str]]) -> list[dict[str, Any]]:
    number = len(way)
    if number > saved.forward:
        return []
    here = [flow for flow in found if tuple(flow[:number]) == way and len(flow) > number]
    counts = Counter(flow[number] for flow in here)
    return [
        {
            "step": {
                "anchorType": "NORMAL",
                "event": event,
                "isComputed": False,
                "stepNumber": number,
                "type": "FORWARD" if number else "ANCHOR",
            },
            "children": _children((*way, event), saved, found),
            "totalCount": str(counts[event]),
            "dropOffTotalCount": str(
                sum(len(flow) == number + 1 for flow in here if flow[number] == event) if number < saved.forward else 0
            ),
            "convertedTotalCount": str(sum(saved.until in flow[1:] for flow in here if flow[number] == event)),
        }
        for event in sorted(counts, key=lambda name: (-counts[name], name))
    ]


def _took(way: tuple[str, ...], found: list[list[str]]) -> int:
    return sum(tuple(flow[: len(way)]) == way for flow in found)
