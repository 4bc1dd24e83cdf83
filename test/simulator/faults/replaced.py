"""Faults that are another answer."""

import json
import re
from pathlib import Path
from typing import Any

from ..delivery import Delivery
from ..http1 import Response
from .body import edit_text, set_gzip
from .kinds import kind

HTML = (
    "<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<title>{title}</title>\n"
    "<p>The simulator's stand-in for the page of a load balancer or a login form.</p>\n</html>\n"
)


@kind
def status(response: Response, delivery: Delivery, status: int = 500, body: str | None = None,
           headers: dict | None = None):  # fmt: skip
    """Another status; without a `body` it gets one such as the service sends: HTML for 502 to 504, none for 402."""
    if body is None and status in (502, 503, 504):
        body = HTML.format(title=f"Error {status} (Server Error)")
    elif body is None:
        body = "" if status == 402 else f'{{"error": "simulated error {status}"}}'
    content_type = {"{": "application/json", "<": "text/html; charset=UTF-8"}.get(body[:1], "text/plain; charset=utf-8")
    _replace(response, status, body.encode(), {"Content-Type": content_type} | (headers or {}))


@kind
def body(response: Response, delivery: Delivery, body: str | bytes = b"", file: str | None = None, gzip: bool = False,
         status: int = 200, headers: dict | None = None):  # fmt: skip
    """Exactly these bytes, or those of the file; with `gzip` they are compressed first."""
    content = Path(file).read_bytes() if file else body.encode() if isinstance(body, str) else body
    _replace(response, status, content, {"Content-Type": "text/plain; charset=utf-8"} | (headers or {}))
    if gzip:
        set_gzip(response, content)


@kind
def other_status(response: Response, delivery: Delivery, status: int = 206, headers: dict | None = None):
    """The right answer, with another status or more headers."""
    response.status = status
    response.headers |= {name: str(value) for name, value in (headers or {}).items()}


@kind
def without_end(response: Response, delivery: Delivery):
    """The right answer, with neither a length nor chunks: it ends where the connection does."""
    response.unframed = True
    response.headers["Connection"] = "close"


@kind
def other_total(response: Response, delivery: Delivery, difference: int = 1):
    """A page of profiles that announces so many more of them (or, negative, fewer) than there are."""

    def other(found: re.Match[bytes]) -> bytes:
        return b'"total": %d' % (int(found[1]) + difference)

    edit_text(response, lambda text: re.sub(rb'"total": ?(\d+)', other, text))


@kind
def error_in_200(response: Response, delivery: Delivery, error: str = "Internal database error"):
    """An error, with status 200."""
    _replace(response, 200, json.dumps({"error": error}).encode(), {"Content-Type": "application/json"})


@kind
def html_200(response: Response, delivery: Delivery, title: str = "Log in to Mixpanel"):
    """A page, with status 200."""
    _replace(response, 200, HTML.format(title=title).encode(), {"Content-Type": "text/html; charset=utf-8"})


@kind
def redirect(response: Response, delivery: Delivery, location: str = "https://elsewhere.example/", status: int = 302):
    """A redirect to another host."""
    _replace(response, status, b"", {"Location": location})


def _replace(response: Response, status: int, text: bytes, headers: dict[str, Any]) -> None:
    response.status, response.body, response.chunked = status, [text], False
    response.headers = {name: str(value) for name, value in headers.items()}
