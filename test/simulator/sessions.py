"""Remembers the queries for profiles whose later pages may be requested."""

from itertools import count
from threading import Lock
from typing import NamedTuple

from .directory import Profiles

REMEMBERED = 100


class Session(NamedTuple):
    asked: dict[str, str]
    """The fields of the first page's request, but for `page`."""
    profiles: Profiles
    found: list[int | str]
    """Profiles by index, and ids that have no profile."""


class Sessions:
    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._numbers = count(1_700_000_001)
        self._lock = Lock()

    def open(self, session: Session) -> str:
        with self._lock:
            session_id = f"{next(self._numbers)}-SIMUL"
            self._sessions[session_id] = session
            while len(self._sessions) > REMEMBERED:
                del self._sessions[next(iter(self._sessions))]
        return session_id

    def find(self, session_id: str) -> Session | None:
        return self._sessions.get(session_id)

    def forget(self, session_id: str | None) -> None:
        with self._lock:
            self._sessions.pop(session_id, None)

    def clear(self) -> None:
        with self._lock:
            self._sessions.clear()
