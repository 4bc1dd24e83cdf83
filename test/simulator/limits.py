"""Enforces Mixpanel's rate limits, per API and project: requests an hour, starts a second, requests at a time."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from .answer import Answer
from .api_errors import ApiError, refusal
from .http1 import Request

HOUR = 3600
DOCUMENTATION = "https://docs.mixpanel.com/reference/rate-limits"


@dataclass(frozen=True)
class Allowance:
    per_hour: int
    concurrent: int
    per_second: int | None = None


ALLOWANCES = {
    "export": Allowance(per_hour=60, concurrent=100, per_second=3),
    "query": Allowance(per_hour=60, concurrent=5),
}


class Clock:
    """Seconds that pass only when a test lets them, so that an hour can be tested."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class _Usage:
    started: deque[float] = field(default_factory=deque)
    running: int = 0


class Limits:
    def __init__(
        self,
        allowances: dict[str, Allowance] = ALLOWANCES,
        retry_after: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ):
        """`retry_after`: whether a spent hour is answered with that header; the service has been seen to do either."""
        self._allowances = allowances
        self._retry_after = retry_after
        self._clock = clock
        self._usage: dict[tuple[str, int], _Usage] = {}
        self._lock = Lock()

    @contextmanager
    def running(self, request: Request, api: str, project_id: int, free: bool = False) -> Iterator[dict[str, str]]:
        """Counts the request, from its admission to the end of its answer. Raises what the service answers instead.
        Gives the headers that say how much of the hour is left.

        A refused request counts for nothing. A `free` one takes its place among those at once, but none in the hour.
        """
        allowance = self._allowances.get(api)
        if allowance is None:
            yield {}
            return
        with self._lock:
            usage = self._usage.setdefault((api, project_id), _Usage())
            now = self._clock()
            while usage.started and usage.started[0] <= now - HOUR:
                usage.started.popleft()
            if refused := self._refused(request, api, project_id, allowance, usage, now, free):
                raise refused
            if not free:
                usage.started.append(now)
            usage.running += 1
            said = _said(allowance, usage)
        try:
            yield said
        finally:
            with self._lock:
                usage.running -= 1

    def reset(self) -> None:
        with self._lock:
            self._usage.clear()

    def _refused(self, request, api, project_id, allowance, usage, now, free) -> ApiError | None:
        if usage.running >= allowance.concurrent:
            if api == "export":
                return refusal(429, "too many export requests in progress for this project")
            return _too_many_at_once(project_id, allowance, usage)
        if free:
            return None
        if len(usage.started) >= allowance.per_hour:
            return self._hour_spent(request, project_id, allowance, usage, now)
        if allowance.per_second and sum(1 for start in usage.started if start > now - 1) >= allowance.per_second:
            error = "Project exceeded rate limits. Please retry the request with exponential backoff."
            return ApiError(Answer.json({"code": 429, "error": error, "status": "Too Many Requests"}, 429))
        return None

    def _hour_spent(self, request, project_id, allowance, usage, now) -> ApiError:
        error = (
            f"Query rate limit exceeded for project_id: {project_id}. "
            f"{usage.running + 1}/{allowance.concurrent} queries running concurrently and "
            f"{len(usage.started) + 1}/{allowance.per_hour} queries running in the last hour. "
            f"For more information, please consult our documentation at {DOCUMENTATION}"
        )
        seconds = math.ceil(usage.started[0] + HOUR - now)
        return refusal(429, error, request, {"Retry-After": str(seconds)} if self._retry_after else None)


def _too_many_at_once(project_id: int, allowance: Allowance, usage: _Usage) -> ApiError:
    error = (
        f"Query rate limit exceeded for project_id: {project_id}. This request exceeded the concurrency limit "
        f"({usage.running + 1}/{allowance.concurrent} queries running concurrently)."
    )
    headers = _said(allowance, usage)
    headers["RateLimit"] += ";t=10"
    return refusal(429, error, headers=headers | {"Retry-After": "10"})


def _said(allowance: Allowance, usage: _Usage) -> dict[str, str]:
    left = max(0, allowance.per_hour - len(usage.started))
    at_once = max(0, allowance.concurrent - usage.running)
    return {
        "RateLimit-Policy": f'"project";q={allowance.per_hour};w={HOUR}, '
        f'"project-concurrency";q={allowance.concurrent};qu="concurrent-requests"',
        "RateLimit": f'"project";r={left}, "project-concurrency";r={at_once}',
    }
