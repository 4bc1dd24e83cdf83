"""Chooses the fault that meets a request. The files beside this one say what each fault does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from threading import Lock
from typing import Any

from ..delivery import Delivery
from ..http1 import Request, Response
from . import compression, replaced, rows, session, transport  # noqa: F401, for the kinds they define
from .kinds import KINDS


@dataclass
class Fault:
    kind: str
    path: str | None = "/api/2.0/export"
    """The path it is for; None for all."""
    times: int | None = 1
    """How many requests it meets; None for all."""
    match: Mapping[str, Any] = field(default_factory=dict)
    """Values that the request's parameters, or the fields of its form, must have."""
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind!r}; there are {', '.join(sorted(KINDS))}")
        try:
            signature(KINDS[self.kind]).bind(None, None, **self.options)
        except TypeError as error:
            raise ValueError(f"fault {self.kind!r}: {error}") from None

    def meets(self, request: Request) -> bool:
        given = request.params | request.form
        return self.path in (None, request.path) and all(
            given.get(name) == str(value) for name, value in self.match.items()
        )

    def apply(self, response: Response, delivery: Delivery) -> None:
        KINDS[self.kind](response, delivery, **self.options)


class Faults:
    """The faults that wait for their requests. A request meets one at most: the first added of those that match."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self, request: Request) -> Fault | None:
        with self._lock:
            for fault in self._waiting:
                if fault.meets(request):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._waiting.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
