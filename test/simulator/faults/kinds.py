"""Lists the kinds of faults. A kind spoils an answer that would have been right, or its delivery.

Its options are its keyword arguments.
"""

from collections.abc import Callable

Kind = Callable[..., None]
KINDS: dict[str, Kind] = {}


def kind(function: Kind) -> Kind:
    KINDS[function.__name__] = function
    return function
