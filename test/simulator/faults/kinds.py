"""The table of kinds. A kind takes an answer that would have been right and spoils it, or the way it is delivered.

Its options are its keyword arguments.
"""

from collections.abc import Callable

Kind = Callable[..., None]
KINDS: dict[str, Kind] = {}


def kind(function: Kind) -> Kind:
    KINDS[function.__name__] = function
    return function
