"""Sends a response: how late, how fast, how far, and what happens where it stops."""

import socket
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import Literal

from .http1 import Response

BUFFERS_PER_CALL = 48
WATCH_SECONDS = 0.01
"""How often a connection that waits is looked at."""


class ClientLeft(Exception):
    """The client closed the connection before the response was complete."""


class Cut(Exception):
    """The response was ended early, as it was asked for; the connection can't be used again."""


@dataclass
class Delivery:
    latency: float = 0
    """Seconds before the first byte."""
    bytes_per_second: float = 0
    """0: as fast as the client reads."""
    stop_at: float | None = None
    """The part of the body, 0 to 1, after which nothing more is sent; never the whole of it."""
    ending: Literal["close", "reset", "hang"] = "close"
    """What follows where the body stops."""
    silent: bool = False
    """No byte at all is sent, not even a status."""


class Wire:
    """A client's connection, as seen by who sends to it."""

    def __init__(self, connection: socket.socket, released: Event):
        self._connection = connection
        self._released = released
        """Set when nobody is to wait any longer."""
        self.bytes_sent = 0

    def deliver(self, response: Response, delivery: Delivery, before_end: Callable[[], None] = lambda: None) -> None:
        """Sends the response. Raises `Cut` or `ClientLeft` where that did not happen to its end. `before_end` is called
        when only the last byte is still to be sent."""
        try:
            if delivery.latency:
                self._wait(delivery.latency)
            if delivery.silent:
                self._stop(delivery.ending)
            body: Sequence = list(response.framed_body())
            if delivery.stop_at is not None:
                body = _first_part(body, delivery.stop_at)
            if delivery.stop_at is not None:
                self._send([response.head(), *body], delivery.bytes_per_second)
                self._stop(delivery.ending)
            most, last = _without_last_byte([response.head(), *body])
            self._send(most, delivery.bytes_per_second)
            before_end()
            self._send(last, 0)
        except (ConnectionError, TimeoutError):
            raise ClientLeft from None

    def _stop(self, ending: str) -> None:
        if ending == "hang":
            self._wait(float("inf"))
        if ending == "reset":
            # Lingering for zero seconds makes close() send RST instead of FIN.
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Cut

    def _send(self, buffers: Iterable[bytes | memoryview], bytes_per_second: float) -> None:
        if bytes_per_second:
            return self._send_slowly(buffers, bytes_per_second)
        waiting = iter(buffers)
        while batch := list(islice(waiting, BUFFERS_PER_CALL)):
            sent = self._connection.sendmsg(batch)
            self.bytes_sent += sent
            for rest in _after(batch, sent):
                self._connection.sendall(rest)
                self.bytes_sent += len(rest)

    def _send_slowly(self, buffers: Iterable[bytes | memoryview], bytes_per_second: float) -> None:
        started, already = time.monotonic(), self.bytes_sent
        # Pieces of a hundredth of a second, but not so small that sending them becomes the work.
        size = max(1, min(64 * 1024, int(bytes_per_second / 100)))
        for buffer in buffers:
            view = memoryview(buffer)
            for start in range(0, len(view), size):
                due = started + (self.bytes_sent - already) / bytes_per_second
                self._wait(due - time.monotonic())
                piece = view[start : start + size]
                self._connection.sendall(piece)
                self.bytes_sent += len(piece)

    def _wait(self, seconds: float) -> None:
        """Waits, but not longer than somebody is there to wait for, nor beyond the release of all."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._client_left():
                raise ClientLeft
            if self._released.wait(min(left, WATCH_SECONDS)):
                return

    def _client_left(self) -> bool:
        try:
            return self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False


def _first_part(buffers: Iterable[bytes | memoryview], part: float) -> list[bytes | memoryview]:
    """The first part of the bytes, and never all of them."""
    buffers = list(buffers)
    total = sum(map(len, buffers))
    left = max(0, min(int(total * part), total - 1))
    first = []
    for buffer in buffers:
        first.append(memoryview(buffer)[:left])
        left -= len(first[-1])
    return [buffer for buffer in first if buffer]


def _without_last_byte(buffers: Sequence[bytes | memoryview]) -> tuple[list[memoryview], list[memoryview]]:
    views = [memoryview(buffer) for buffer in buffers if len(buffer)]
    return [*views[:-1], views[-1][:-1]], [views[-1][-1:]]


def _after(buffers: Sequence[bytes | memoryview], sent: int) -> Iterable[memoryview]:
    """What is left of the buffers after so many bytes of them."""
    for buffer in buffers:
        if sent < len(buffer):
            yield memoryview(buffer)[sent:]
        sent = max(0, sent - len(buffer))
