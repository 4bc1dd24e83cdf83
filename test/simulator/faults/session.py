"""A fault that happened before its request arrives."""

from ..delivery import Delivery
from ..http1 import Response
from .kinds import kind


@kind
def expired_session(response: Response, delivery: Delivery, fraction: float | None = None):
    """The request's session has been forgotten, for this request and all later ones: the answer says so as it is. (The
    forgetting is done in `simulator.py`, before the answer is made.) With `fraction` the connection closes after that
    part of the answer."""
    delivery.stop_at = fraction
