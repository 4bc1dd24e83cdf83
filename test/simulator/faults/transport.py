"""Faults in the delivery."""

from ..delivery import Delivery
from ..http1 import Response
from .kinds import kind


@kind
def cut(response: Response, delivery: Delivery, fraction: float = 0.5, reset: bool = False):
    """The connection closed after a part of the body; with `reset` by RST instead of FIN."""
    delivery.stop_at, delivery.ending = fraction, "reset" if reset else "close"


@kind
def hang(response: Response, delivery: Delivery):
    """No answer, until the simulator is reset or closed, or the client has had enough."""
    delivery.silent, delivery.ending = True, "hang"


@kind
def hang_mid_body(response: Response, delivery: Delivery, fraction: float = 0.5):
    """A part of the body, then nothing more."""
    delivery.stop_at, delivery.ending = fraction, "hang"


@kind
def slow(response: Response, delivery: Delivery, bytes_per_second: float = 10_000):
    """Few bytes a second."""
    delivery.bytes_per_second = bytes_per_second


@kind
def latency(response: Response, delivery: Delivery, seconds: float = 1):
    """A late first byte."""
    delivery.latency = seconds


@kind
def wrong_content_length(response: Response, delivery: Delivery, difference: int = 100):
    """A Content-Length that is this much more (or less, if negative) than what follows; then the connection closes."""
    response.chunked = False
    response.headers |= {"Content-Length": str(response.size + difference), "Connection": "close"}
