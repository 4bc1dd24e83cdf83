"""Reads the body of a report without an id: its definition and more, as JSON, as the official client sends it. The body
also names the project."""

import json
from collections.abc import Sequence
from typing import Any

from ..api_errors import ApiError, refusal
from ..office.params import period
from .question import Question


class Posted:
    def __init__(self, question: Question, *known: str):
        """Refuses members that are not `known`, bodies that are no JSON, and those of another project."""
        question.query_parameters()
        self._request = question.request
        try:
            self._fields = json.loads(question.request.body)
        except ValueError:
            raise self.refused("the body must be JSON") from None
        if not isinstance(self._fields, dict) or self._request.headers.get("content-type") != "application/json":
            raise self.refused("the body must be a JSON object")
        for name in self._fields:
            if name not in ("bookmark", "project_id", *known):
                raise self.refused(f"unknown parameter: {name}")
        if self._fields.get("project_id") != question.project_id:
            raise self.refused("project_id must be that of the query")
        self.bookmark: dict[str, Any] = self._fields.get("bookmark")
        if not isinstance(self.bookmark, dict):
            raise self.refused("bookmark is a required parameter")

    @property
    def days(self):
        """Both of them, or None where the definition names none."""
        return period(self.bookmark)

    def get(self, name: str) -> Any:
        return self._fields.get(name)

    def one_of(self, name: str, choices: Sequence[str]) -> str:
        if self._fields.get(name) not in choices:
            raise self.refused(f"{name} must be one of {', '.join(choices)}")
        return self._fields[name]

    def refused(self, error: str) -> ApiError:
        return refusal(400, error, self._request)
