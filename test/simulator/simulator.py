"""The simulator itself: a project, served. `from simulator import Simulator` imports it."""

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from . import control, routes
from .answer import Answer
from .api_errors import ApiError, refusal
from .archive import Archive
from .auth import Credentials, authorize
from .delivery import ClientLeft, Delivery, Wire
from .directory import Directory
from .expression_values import ExpressionError
from .faults import Fault, Faults
from .http1 import Request
from .limits import Limits
from .project import Project
from .recording import RecordedRequest, RequestLog
from .routes.question import Question
from .server import Server
from .sessions import Sessions


class Simulator:
    """Mixpanel, for one project, on one port. A context manager; or `start()` and `close()`."""

    def __init__(
        self,
        project: Project | None = None,
        *,
        credentials: Credentials | None = None,
        limits: Limits | bool = False,
        latency: float = 0,
        bytes_per_second: float = 0,
        cache_dir: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ):
        """`limits`: True for Mixpanel's own. `latency` in seconds and `bytes_per_second` hold for every answer."""
        self.project = project or Project()
        self.credentials = credentials or Credentials()
        self.directory = Directory(self.project)
        self.archive = Archive(self.project, cache_dir, self.directory)
        self._sessions = Sessions()
        self._limits = Limits() if limits is True else limits or Limits(allowances={})
        self._faults = Faults()
        self._log = RequestLog()
        self._usual_delivery = Delivery(latency, bytes_per_second)
        self._server = Server(self._exchange, host, port)
        self.url = self._server.url

    def start(self) -> "Simulator":
        self._server.start()
        return self

    def close(self) -> None:
        self._server.close()

    def __enter__(self) -> "Simulator":
        return self.start()

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def requests(self) -> list[RecordedRequest]:
        """All requests so far, those being answered too."""
        return self._log.all()

    def settled(self, count: int = 0, seconds: float = 5) -> list[RecordedRequest]:
        """All requests, once there are at least `count` and every answer has ended, or after that time.

        A client may have its answer, or have left, before the log says so: this is the one to assert on."""
        return self._log.settled(count, seconds)

    def clear(self) -> None:
        """Forgets the requests."""
        self._log.clear()

    def reset(self) -> None:
        """As at the start: no requests, faults, sessions, used limits, days or profiles that were set. Answers that
        hang end now."""
        self._faults.clear()
        self._limits.reset()
        self._server.release()
        self._log.clear()
        self.archive.forget_set_days()
        self.directory.forget_set_profiles()
        self.archive.profiles_changed()
        self._sessions.clear()

    def add_fault(
        self,
        kind: str,
        path: str | None = "/api/2.0/export",
        times: int | None = 1,
        match: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Spoils the next `times` matching answers, all of them if None. The README lists kinds and options."""
        self._faults.add(Fault(kind, path, times, match or {}, options))

    def set_day(self, day: str | date, lines: Iterable[str | bytes]) -> None:
        """Makes these raw lines the events of that day, whatever they are; they are sent as they stand."""
        self.archive.set_day(date.fromisoformat(day) if isinstance(day, str) else day, lines)

    def add_events(self, day: str | date, lines: Iterable[str | bytes]) -> None:
        """Events of that day that arrive now: late ones, if the day was asked for before."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        self.archive.set_day(day, [*self.archive.lines(day, day), *lines])

    def merge_users(self, old: str, new: str) -> None:
        """One user turns out to be the other: the events of the past get the other id, all days' from now on."""
        self.archive.merge_users(old, new)

    def set_profiles(self, lines: Iterable[str | bytes], of_companies: bool = False) -> None:
        """Makes these the users' profiles, or the companies': one JSON object a line, with `$properties` and
        `$distinct_id`, or `$group_id`, `group_id` or nothing in its place."""
        self.directory.set_profiles(lines, of_companies)
        self.archive.profiles_changed()

    def warm(self) -> None:
        """Makes all days now instead of when they are asked for."""
        self.archive.warm()

    def _exchange(self, request: Request, wire: Wire, connection: int) -> bool:
        if request.path.startswith(control.PREFIX):
            wire.deliver(control.answer(self, request).response(request.accepts_gzip), Delivery())
            return request.keeps_alive

        record = self._log.begin(request, connection)
        fault = self._faults.take(request)
        if fault and fault.kind == "expired_session":
            self._sessions.forget(request.form.get("session_id"))
        try:
            # The stack holds the request's place in the limits until its answer has been delivered.
            with ExitStack() as place:
                response = self._answer(request, place).response(request.accepts_gzip)
                delivery = replace(self._usual_delivery)
                if fault:
                    record.fault = fault.kind
                    fault.apply(response, delivery)
                record.status = None if delivery.silent else response.status

                def before_end() -> None:
                    # The client that has it all is not to be told that it is still at it.
                    record.answered = time.monotonic()
                    place.close()

                wire.deliver(response, delivery, before_end)
        except ClientLeft:
            record.client_left = True
            raise
        finally:
            record.bytes_sent = wire.bytes_sent
            self._log.finish(record)
        return request.keeps_alive and response.headers.get("Connection") != "close"

    def _answer(self, request: Request, place: ExitStack) -> Answer:
        try:
            found = routes.find(request.method, request.path)
            if found is None:
                return Answer.json({"error": f"Not found: {request.method} {request.path}", "status": "error"}, 404)
            route, path_values = found
            project_id = authorize(request, route.api, self.project, self.credentials, path_values.get("project_id"))
            if self.project.is_free and route.api == "query":
                return Answer(402)
            running = self._limits.running(request, route.api, project_id, route.is_free(request))
            limits = place.enter_context(running)
            is_plain = request.method == "GET" and not request.path.endswith("/")
            if route.takes_slash and self.project.redirects_slashes and is_plain:
                path, query = request.target.partition("?")[::2]
                return Answer(301, {"Location": f"{path}/?{query}" if query else f"{path}/"})
            sources = self.project, self.archive, self.directory, self._sessions
            answer = route.answer(Question(request, path_values, project_id, *sources))
            answer.headers |= limits
            return answer
        except ExpressionError as error:
            return refusal(400, str(error), request).answer
        except ApiError as error:
            return error.answer
