"""Defines answers, before it is known how they will be sent: routes make answers, connections send responses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .blocks import Block, deflate, gzip_member, inflate
from .http1 import Response

GZIP_ABOVE = 1400
"""Mixpanel compresses bodies that are larger than this, for clients that accept it."""


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: bytes | Sequence[Block] = b""
    """The body; blocks are text that is deflated already."""
    chunked: bool = False

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> "Answer":
        return cls(status, {"Content-Type": "application/json"} | (headers or {}), json.dumps(value).encode())

    @classmethod
    def plain(cls, text: str, status: int = 200) -> "Answer":
        return cls(status, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())

    def response(self, accepts_gzip: bool = False) -> Response:
        text, headers = self.text, dict(self.headers)
        size = len(text) if isinstance(text, bytes) else sum(block.size for block in text)
        if accepts_gzip and size > GZIP_ABOVE:
            headers["Content-Encoding"] = "gzip"
            body = list(gzip_member([deflate(text)] if isinstance(text, bytes) else text))
        else:
            body = [text] if isinstance(text, bytes) else [inflate(block) for block in text]
        # An empty body has no chunks to send: it is announced with its length.
        return Response(self.status, headers, body, chunked=self.chunked and size > 0)
