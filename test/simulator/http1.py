"""Reads HTTP/1.1 requests from a connection, and lays out responses as bytes.

Written by hand because a stand-in for a server that fails must be able to fail at any byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from socket import socket
from urllib.parse import parse_qsl, urlsplit

MAX_HEAD = 64 * 1024
CHUNK = 64 * 1024
REGIONS = ("us", "eu", "in")


class BadRequest(Exception):
    """What arrived is not a request."""


@dataclass
class Request:
    method: str
    target: str
    """Path and query as they were sent."""
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes = b""

    def __post_init__(self):
        parts = urlsplit(self.target)
        self.region, self.path = _region(parts.path)
        self.query = parse_qsl(parts.query, keep_blank_values=True)
        self.params = dict(self.query)
        is_form = self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        self.fields = parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True) if is_form else []
        self.form = dict(self.fields)

    @property
    def accepts_gzip(self) -> bool:
        codings = (coding.split(";")[0].strip() for coding in self.headers.get("accept-encoding", "").split(","))
        return "gzip" in codings

    @property
    def keeps_alive(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"


def _region(path: str) -> tuple[str | None, str]:
    """Mixpanel has hosts for each region; a client that is told a base URL has `/eu` and the like before the path."""
    first, slash, rest = path.removeprefix("/").partition("/")
    return (first, slash + rest) if first in REGIONS else (None, path)


class Reader:
    """The receiving side of a connection."""

    def __init__(self, connection: socket):
        self._connection = connection
        self._buffer = bytearray()

    def request(self) -> Request | None:
        """The next request, or None where the client has closed the connection between requests."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD:
                raise BadRequest("the request's head is too long")
            if not self._receive():
                return None
        first, *lines = self._take(end + 4).decode("latin-1").rstrip("\r\n").split("\r\n")
        try:
            method, target, version = first.split(" ")
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
            length = int(headers.get("content-length", 0))
        except ValueError:
            raise BadRequest(f"not a request: {first!r}") from None
        if version != "HTTP/1.1" or "transfer-encoding" in headers:
            raise BadRequest("only HTTP/1.1 with Content-Length is spoken here")
        while len(self._buffer) < length:
            if not self._receive():
                return None
        return Request(method, target, headers, self._take(length))

    def _receive(self) -> bool:
        data = self._connection.recv(64 * 1024)
        self._buffer += data
        return bool(data)

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


@dataclass
class Response:
    """A response as it goes over the wire; `answer.py` has what it says."""

    status: int
    headers: dict[str, str]
    body: list[bytes]
    """In the encoding that the headers name."""
    chunked: bool = False
    unframed: bool = False
    """Nothing says where the body ends, but that the connection does."""

    @property
    def size(self) -> int:
        return sum(len(part) for part in self.body)

    def head(self) -> bytes:
        """The status line and headers, with the framing that the body needs."""
        framing = {"Transfer-Encoding": "chunked"} if self.chunked else {"Content-Length": str(self.size)}
        if self.unframed:
            framing = {}
        lines = [f"HTTP/1.1 {self.status} {_reason(self.status)}"]
        lines += (f"{name}: {value}" for name, value in (framing | self.headers).items())
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def framed_body(self) -> Iterator[bytes | memoryview]:
        """The body as it follows the head. Nothing is copied: a large body costs its sender next to nothing."""
        if not self.chunked or self.unframed:
            yield from self.body
            return
        for part in self.body:
            view = memoryview(part)
            for start in range(0, len(view), CHUNK):
                chunk = view[start : start + CHUNK]
                yield b"%x\r\n" % len(chunk)
                yield chunk
                yield b"\r\n"
        yield b"0\r\n\r\n"


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
