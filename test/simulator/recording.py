"""Records the requests, for tests to assert on."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from threading import Condition

from .http1 import Request


@dataclass
class RecordedRequest:
    method: str
    target: str
    """Path and query as they were sent."""
    path: str
    """Without the region that a base URL may have put before it."""
    params: dict[str, str]
    """The query's parameters, decoded."""
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes
    form: dict[str, str]
    """The body's fields, decoded, where it is a form."""
    connection: int
    """The number of the connection it came by: equal numbers show that a connection was kept alive."""
    started: float
    """`time.monotonic()` when the request had been read."""
    finished: float | None = None
    """When its answer had been sent, or given up; None while that goes on."""
    answered: float | None = None
    """Just before the last byte was sent: from then on the client may ask for something else."""
    status: int | None = None
    """As answered; None where no answer was begun."""
    bytes_sent: int = 0
    """All bytes handed to TCP: head, framing and body."""
    client_left: bool = False
    """The client closed the connection before the end; an answer that fits into TCP's buffers always ends in time."""
    region: str | None = None
    """Of the host that was asked, where the base URL tells them apart."""
    fault: str | None = None
    """The kind of fault that was applied."""

    def as_json(self) -> dict:
        return asdict(self) | {"body": self.body.decode("utf-8", "replace")}


class RequestLog:
    listeners: list[Callable[[RecordedRequest], None]] = []
    """They hear of every request to every simulator of this process, also of those that are forgotten later."""

    def __init__(self) -> None:
        self._requests: list[RecordedRequest] = []
        self._changed = Condition()

    def begin(self, request: Request, connection: int) -> RecordedRequest:
        record = RecordedRequest(
            method=request.method,
            target=request.target,
            path=request.path,
            region=request.region,
            params=request.params,
            headers=request.headers,
            body=request.body,
            form=request.form,
            connection=connection,
            started=time.monotonic(),
        )
        with self._changed:
            self._requests.append(record)
            self._changed.notify_all()
        for heard in self.listeners:
            heard(record)
        return record

    def finish(self, record: RecordedRequest) -> None:
        with self._changed:
            record.finished = time.monotonic()
            self._changed.notify_all()

    def all(self) -> list[RecordedRequest]:
        with self._changed:
            return list(self._requests)

    def settled(self, count: int, seconds: float) -> list[RecordedRequest]:
        """All requests, once there are so many and none of them is being answered any more."""

        def is_settled() -> bool:
            return len(self._requests) >= count and all(record.finished for record in self._requests)

        with self._changed:
            self._changed.wait_for(is_settled, timeout=seconds)
            return list(self._requests)

    def clear(self) -> None:
        with self._changed:
            self._requests.clear()


def peak_concurrency(requests: Iterable[RecordedRequest]) -> int:
    """How many of the requests were being answered at once, at most."""
    moments = []
    for request in requests:
        moments.append((request.started, 1))
        moments.append((request.answered or request.finished or float("inf"), -1))
    running = peak = 0
    for _, change in sorted(moments):
        running += change
        peak = max(peak, running)
    return peak
