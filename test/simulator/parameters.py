"""The query's parameters, read strictly: what Mixpanel might forgive is refused here, so that tests see mistakes."""

import json
import re
from datetime import date

from .api_errors import refusal
from .http1 import Request

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)


class Parameters:
    def __init__(self, request: Request, known: frozenset[str]):
        """Refuses parameters that are not `known` and those given twice."""
        self._request = request
        self._values = request.params
        for name, _ in request.query:
            if name not in known:
                raise self.refused(f"unknown parameter: {name}")
        if len(request.query) > len(self._values):
            raise self.refused("a parameter is given more than once")

    def refused(self, error: str):
        return refusal(400, error, self._request)

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

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        text = self.required(name)
        if text not in choices:
            raise self.refused(f"{name} must be one of {', '.join(choices)}")
        return text

    def strings(self, name: str) -> list[str] | None:
        """A JSON array of strings."""
        text = self._values.get(name)
        if text is None:
            return None
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.refused(f"{name} must be a JSON array of strings")
        return values
