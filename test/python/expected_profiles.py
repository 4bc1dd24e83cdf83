"""Computes what mixpanel_profiles must return, from the simulator's own directory."""
from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from expected import readable

ENGAGE = "/api/query/engage"
ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(\+\d{2}:\d{2})?")


def held_profiles(sim, group: str | None = None) -> list[str]:
    """The directory's profiles, as `normal` shows them."""
    profiles = sim.directory.profiles(group)
    return sorted(normal(*columns(profiles[number])) for number in range(len(profiles)))


def columns(profile) -> tuple[str, dict, datetime | None]:
    properties = {name: json.loads(value) for name, value in profile.properties.items()}
    seen = properties.get("$last_seen")
    if not (isinstance(seen, str) and ISO.fullmatch(seen)):
        return profile.id_text, properties, None
    del properties["$last_seen"]
    moment = datetime.fromisoformat(seen)
    return profile.id_text, properties, moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def fetched_profiles(connection, source: str) -> list[str]:
    """The rows that a table or table function gives, in the same form. Rows that occur twice occur twice."""
    rows = connection.execute(f"SELECT distinct_id, properties, last_seen FROM {source}").fetchall()
    return sorted(normal(distinct_id, json.loads(properties), moment) for distinct_id, properties, moment in rows)


def normal(distinct_id: str | None, properties: dict[str, Any], moment: datetime | None) -> str:
    """A row as text that is the same for the same values, and sorts."""
    return json.dumps([distinct_id, readable(properties), str(moment)], sort_keys=True)


def engage_requests(sim) -> list:
    """In the order of their arrival."""
    return [request for request in sim.settled() if request.path == ENGAGE]


def asked_pages(requests) -> list[int]:
    return [int(request.form["page"]) for request in requests]
