"""Flows: what users do next.

A user's flow begins with the first anchor event in the period and is made of their events after it, all of them, in
order; events at one moment are in the order of their names. Step 0 has one node, the anchor. At each further step the
`kept` events that the most flows have there are nodes, `PRUNED` is all other events, and `DROPOFF` are the flows that
have ended, at this step or before. An edge goes from a node to one of the next step. All counts are users, as text.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from ..events import Event
from .definitions import SavedFlow

Node = tuple[str, str]
"""Type and event."""
DROPOFF, PRUNED = ("DROPOFF", ""), ("PRUNED", "")


def flows(saved: SavedFlow, events: Iterable[Event]) -> list[list[str]]:
    """Each user's events from the anchor on."""
    by_user: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.distinct_id is not None:
            by_user[event.distinct_id].append(event)
    found = []
    for theirs in by_user.values():
        names = [event.event for event in sorted(theirs, key=lambda event: (event.time_ms, event.event))]
        if saved.anchor in names:
            found.append(names[names.index(saved.anchor) :])
    return found


def steps(saved: SavedFlow, found: list[list[str]]) -> list[dict[str, Any]]:
    if not found:
        return [{"nodes": []} for _ in range(saved.forward + 1)]
    paths = [[("ANCHOR", saved.anchor)] for _ in found]
    for number in range(1, saved.forward + 1):
        counts = Counter(flow[number] for flow in found if len(flow) > number)
        kept = sorted(counts, key=lambda name: (-counts[name], name))[: saved.kept]
        for path, flow in zip(paths, found, strict=True):
            name = flow[number] if len(flow) > number else None
            path.append(DROPOFF if name is None else ("FORWARD", name) if name in kept else PRUNED)
    return [{"nodes": _nodes(paths, number)} for number in range(saved.forward + 1)]


def conversion_rate(saved: SavedFlow, found: list[list[str]]) -> float | str:
    """The share of flows in which the conversion occurs, anywhere after the anchor; of no flows, the text `NaN`."""
    converted = sum(saved.until in flow[1:] for flow in found)
    return converted / len(found) if found else "NaN"


def _nodes(paths: list[list[Node]], number: int) -> list[dict[str, Any]]:
    counts = Counter(path[number] for path in paths)
    nodes = []
    for node in _ranked(counts):
        onward = Counter(path[number + 1] for path in paths if path[number] == node and len(path) > number + 1)
        edges = [_described(edge, onward[edge]) | {"step": str(number + 1)} for edge in _ranked(onward)]
        nodes.append(_described(node, counts[node]) | {"conversionRateChange": 0, "edges": edges})
    return nodes


def _ranked(counts: Counter[Node]) -> list[Node]:
    """Events first, then the drop-off and the others."""
    return sorted(counts, key=lambda node: (node in (DROPOFF, PRUNED), -counts[node], node))


def _described(node: Node, count: int) -> dict[str, Any]:
    return {
        "anchorType": "NORMAL",
        "breakdowns": [],
        "event": node[1],
        "isComputed": False,
        "isCustomEvent": False,
        "segments": [],
        "totalCount": str(count),
        "type": node[0],
    }
