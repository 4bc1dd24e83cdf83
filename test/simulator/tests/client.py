"""Calls the simulator as a client does, over HTTP."""

import http.client
import json
from base64 import b64encode
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

ACCOUNT = {"Authorization": "Basic " + b64encode(b"demo.sa.mp-service-account:demo-secret").decode()}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return self.json["error"]


def ask(sim, method: str, path: str, params=(), body: bytes | None = None, headers=()) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(sim.url).netloc, timeout=20)
    target = f"{path}?{urlencode(params)}" if params else path
    connection.request(method, target, body, ACCOUNT | dict(headers))
    response = connection.getresponse()
    answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    connection.close()
    return answer


def query(sim, path: str, **params) -> Answer:
    """A GET of the query API. Parameters that are None are left out; lists are sent as JSON."""
    return ask(sim, "GET", f"/api/query/{path}", {"project_id": 12345} | _texts(params))


def post(sim, path: str, **fields) -> Answer:
    """A POST of a form to the query API."""
    body = urlencode(_texts(fields)).encode()
    return ask(sim, "POST", f"/api/query/{path}", {"project_id": 12345}, body, FORM)


def app(sim, path: str, **params) -> Answer:
    return ask(sim, "GET", f"/api/app/{path}", params)


def _texts(values: dict) -> dict:
    return {
        name: json.dumps(value) if isinstance(value, (list, dict, bool)) else value
        for name, value in values.items()
        if value is not None
    }
