"""Answers the routes under `/_simulator`, which Mixpanel does not have: for tests in another process or language."""

import json
from typing import TYPE_CHECKING

from .answer import Answer
from .http1 import Request

if TYPE_CHECKING:
    from .simulator import Simulator

PREFIX = "/_simulator/"


def answer(simulator: "Simulator", request: Request) -> Answer:
    method, name = request.method, request.path.removeprefix(PREFIX)
    try:
        if (method, name) == ("GET", "requests"):
            return Answer.json([record.as_json() for record in simulator.requests])
        if (method, name) == ("GET", "project"):
            return Answer.json(_describe(simulator))
        if (method, name) == ("POST", "faults"):
            simulator.add_fault(**json.loads(request.body))
            return Answer.json({"status": "ok"})
        if (method, name) == ("POST", "reset"):
            simulator.reset()
            return Answer.json({"status": "ok"})
        if method == "PUT" and name.startswith("days/"):
            lines = request.body.removesuffix(b"\n").split(b"\n") if request.body else []
            simulator.set_day(name.removeprefix("days/"), lines)
            return Answer.json({"status": "ok"})
        if (method, name) == ("PUT", "profiles"):
            simulator.set_profiles(filter(None, request.body.split(b"\n")))
            return Answer.json({"status": "ok"})
    except (ValueError, TypeError, LookupError) as error:
        return Answer.json({"error": str(error)}, 400)
    return Answer.json({"error": f"the simulator has no {method} {request.path}"}, 404)


def _describe(simulator: "Simulator") -> dict:
    project = simulator.project
    return {
        "project_id": project.project_id,
        "name": project.name,
        "time_zone": project.time_zone,
        "today": str(project.current_day()),
        "from_date": str(project.from_date),
        "to_date": str(project.last_day),
        "days": project.days,
        "events_per_day": project.events_per_day * project.repeat_blocks,
        "profiles": project.profiles,
        "seed": project.seed,
    }
