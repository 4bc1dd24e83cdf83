"""Reads a request's parameters strictly: it refuses what Mixpanel might forgive, so that tests see mistakes."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from . import expressions
from .api_errors import ApiError, app_refusal, refusal
from .expressions import Expression
from .http1 import Request

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
PROPERTY = re.compile(r"\b(?:properties|event|user)\[")


def body_fields(request: Request) -> Sequence[tuple[str, str]]:
    """The fields of a body that is a form, as documented, or a JSON object, as Mixpanel's own client sends it: as a form
    would have them."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return request.fields
    try:
        fields = json.loads(request.body)
    except ValueError:
        return ()
    pairs = fields.items() if isinstance(fields, dict) else ()
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in pairs]


class Parameters:
    """Those of the query, or the fields of a form."""

    def __init__(self, request: Request, given: Sequence[tuple[str, str]], known: Iterable[str]):
        """Refuses parameters that are not `known` and those given twice."""
        self._request = request
        self._values = dict(given)
        for name in self._values:
            if name not in known:
                raise self.refused(f"unknown parameter: {name}")
        if len(given) > len(self._values):
            raise self.refused("a parameter is given more than once")

    def refused(self, error: str, status: int = 400) -> ApiError:
        if self._request.path.startswith("/api/app/"):
            return app_refusal(status, error)
        return refusal(status, error, self._request)

    def names(self) -> list[str]:
        return list(self._values)

    def exclusive(self, one: str, other: str) -> None:
        if one in self._values and other in self._values:
            raise self.refused(f"{one} and {other} are mutually exclusive")

    def text(self, name: str) -> str | None:
        return self._values.get(name)

    def required(self, name: str) -> str:
        if not self._values.get(name):
            raise self.refused(f"{name} is a required parameter")
        return self._values[name]

    def date(self, name: str) -> date:
        text = self.required(name)
        try:
            if DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.refused(f"Error in {name}: invalid date, expected yyyy-mm-dd")

    def dates(self) -> tuple[date, date]:
        """`from_date` and `to_date`, both inclusive."""
        from_date, to_date = self.date("from_date"), self.date("to_date")
        if from_date > to_date:
            raise self.refused("from_date cannot be later than to_date")
        return from_date, to_date

    def integer(self, name: str, minimum: int = 1, maximum: int = 2**53) -> int | None:
        text = self._values.get(name)
        if text is None:
            return None
        if not INTEGER.fullmatch(text) or not minimum <= int(text) <= maximum:
            raise self.refused(f"{name} must be an integer between {minimum} and {maximum}")
        return int(text)

    def boolean(self, name: str, default: bool = False) -> bool:
        text = self._values.get(name)
        if text is None:
            return default
        if text not in ("true", "false"):
            raise self.refused(f"{name} must be true or false")
        return text == "true"

    def one_of(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of the choices; required unless there is a default."""
        if default is not None and name not in self._values:
            return default
        text = self.required(name)
        if text not in choices:
            raise self.refused(f"{name} must be one of {', '.join(choices)}")
        return text

    def json(self, name: str) -> Any:
        """What the JSON text says; None where there is no such parameter, or it is no JSON."""
        try:
            return json.loads(self._values.get(name, "null"))
        except ValueError:
            return None

    def strings(self, name: str) -> list[str] | None:
        """A JSON array of strings."""
        if name not in self._values:
            return None
        values = self.json(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.refused(f"{name} must be a JSON array of strings")
        return values

    def event(self, name: str = "event") -> str:
        """One event's name, as it is. Clients mix this up with the routes that take a JSON array."""
        text = self.required(name)
        if isinstance(self.json(name), list):
            raise self.refused(f"{name} must be the name of one event, not a JSON array")
        return text

    def expression(self, name: str = "where") -> Expression | None:
        text = self._values.get(name)
        return None if text is None else expressions.parse(text)

    def segment(self, name: str = "on") -> Expression | None:
        """An expression to segment by: `properties["plan"]`. A property's bare name is refused, as the service's
        documentation asks for expressions, though it has been seen to take names too."""
        text = self._values.get(name)
        if text is not None and not PROPERTY.search(text):
            raise self.refused(f"Invalid property expression: {text}")
        return self.expression(name)
