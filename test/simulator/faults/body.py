"""Turns the body of a complete response into text and back."""

import gzip
import zlib
from collections.abc import Callable

from ..http1 import Response


def text_of(response: Response) -> bytes:
    data = b"".join(response.body)
    return zlib.decompress(data, zlib.MAX_WBITS | 16) if "Content-Encoding" in response.headers else data


def set_gzip(response: Response, *members: bytes) -> None:
    response.headers["Content-Encoding"] = "gzip"
    response.body = [gzip.compress(member, 6, mtime=0) for member in members]


def edit_text(response: Response, edit: Callable[[bytes], bytes]) -> None:
    text = edit(text_of(response))
    if "Content-Encoding" in response.headers:
        set_gzip(response, text)
    else:
        response.body = [text]
