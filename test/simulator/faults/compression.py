"""Faults in the compression, and compression that is right but unusual. HTTP is well-formed."""

from ..delivery import Delivery
from ..http1 import Response
from .body import set_gzip, text_of
from .kinds import kind

GZIP_TRAILER = 8


@kind
def cut_clean_gzip(response: Response, delivery: Delivery, fraction: float | None = None):
    """A body without its end, as HTTP would have it: without gzip's trailer, or after the `fraction`."""
    data = b"".join(response.body)
    response.body = [data[: int(len(data) * fraction) if fraction is not None else -GZIP_TRAILER]]


@kind
def corrupt_gzip(response: Response, delivery: Delivery, fraction: float = 0.5, count: int = 16):
    """So many bytes changed, half way down. Answers that are not compressed stay as they are."""
    if "Content-Encoding" not in response.headers:
        return
    data = bytearray(b"".join(response.body))
    start = int(len(data) * fraction)
    data[start : start + count] = bytes(byte ^ 0xFF for byte in data[start : start + count])
    response.body = [bytes(data)]


@kind
def bytes_behind_gzip(response: Response, delivery: Delivery, hex: str = "", trailers: int = 0):
    """Bytes after the last member: these, and then the member's own trailer so many times over."""
    if "Content-Encoding" in response.headers:
        data = b"".join(response.body)
        response.body = [data, bytes.fromhex(hex), data[-GZIP_TRAILER:] * trailers]


@kind
def no_gzip(response: Response, delivery: Delivery):
    """Not compressed, although it was asked for."""
    text = text_of(response)
    response.headers.pop("Content-Encoding", None)
    response.body = [text]


@kind
def multi_member(response: Response, delivery: Delivery, members: int = 3):
    """Several gzip members, which don't end where lines do."""
    text = text_of(response)
    size = -(-len(text) // members) or 1
    set_gzip(response, *(text[start : start + size] for start in range(0, len(text), size)))
