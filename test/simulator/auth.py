"""Checks credentials, and whether they may see the project."""

import base64
import binascii
from dataclasses import dataclass

from .api_errors import app_refusal, refusal
from .http1 import Request
from .parameters import body_fields
from .project import Project


@dataclass(frozen=True)
class Credentials:
    """What the simulator accepts."""

    username: str = "demo.sa.mp-service-account"
    secret: str = "demo-secret"
    project_secret: str = "demo-project-secret"
    token: str = "demo-token"


WRONG_CLUSTER = "request failed with error: invalid project id for cluster."


def authorize(request: Request, api: str, project: Project, credentials: Credentials, path_project: str | None) -> int:
    """The id of the project that the request may read.

    Project ids come in the query, on the app API in the path (`path_project`); a JSON body may have one too. A project secret stands for its project
    and is unknown to the app API. In another region than the project's nobody is known, and no project.
    """
    if request.region not in (None, project.region):
        asked = path_project if api == "app" else request.params.get("project_id")
        raise refusal(401, "Invalid credentials", request) if asked is None else refusal(400, WRONG_CLUSTER, request)
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        caller = _basic(value, credentials)
    elif scheme == "Bearer" and value == credentials.token:
        caller = "account"
    else:
        caller = None
    if caller is None or (api == "app" and caller == "project"):
        raise app_refusal(401, "Unauthorized") if api == "app" else refusal(401, "Invalid credentials", request)

    if api == "app":
        project_id = path_project
    else:
        project_id = request.params.get("project_id") or dict(body_fields(request)).get("project_id")
        if project_id is None and caller == "account":
            raise refusal(400, "project_id is a required parameter", request)
    if project_id is None:
        return project.project_id
    if not project_id.isdecimal():
        raise refusal(400, "project_id must be an integer", request)
    allowed = (project.project_id,) if caller == "project" else project.project_ids
    if int(project_id) not in allowed:
        raise app_refusal(403, "Permission denied") if api == "app" else refusal(403, "Permission denied", request)
    return int(project_id)


def _basic(value: str, credentials: Credentials) -> str | None:
    try:
        pair = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    if pair == f"{credentials.username}:{credentials.secret}":
        return "account"
    if pair == f"{credentials.project_secret}:":
        return "project"
    return None
