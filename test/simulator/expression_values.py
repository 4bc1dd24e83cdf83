"""Defines the values of Mixpanel's expressions, and what operators and functions do with them.

Values of different types are never equal and never ordered; what can't be computed is undefined, and undefined is not
true.
"""

import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

UNDEFINED = object()


class ExpressionError(Exception):
    """The expression is wrong, or applies `and` or `or` to what is neither true nor false."""


def kind(value: Any) -> str:
    """The type, as the language sees it."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return type(value).__name__


def truth(value: Any, operator_name: str) -> bool:
    """An operand of `and` or `or`."""
    if value is UNDEFINED:
        return False
    if not isinstance(value, bool):
        raise ExpressionError(f"`{operator_name}` takes booleans, not a {kind(value)}")
    return value


def not_(value: Any) -> Any:
    if value is UNDEFINED:
        return True
    return not value if isinstance(value, bool) else UNDEFINED


def negative(value: Any) -> Any:
    return -value if kind(value) == "number" else UNDEFINED


def _equal(a: Any, b: Any) -> bool:
    return kind(a) == kind(b) and a is not UNDEFINED and a == b


def _unequal(a: Any, b: Any) -> bool:
    return not _equal(a, b)


def _in(a: Any, b: Any) -> Any:
    if isinstance(b, list):
        return any(_equal(a, item) for item in b)
    return a in b if isinstance(a, str) and isinstance(b, str) else UNDEFINED


def _plus(a: Any, b: Any) -> Any:
    return a + b if isinstance(a, str) and isinstance(b, str) else _add(a, b)


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    # Strings too, although the documentation speaks of numbers alone: clients compare ISO dates that way, and it works.
    def apply(a, b):
        return compare(a, b) if kind(a) == kind(b) and kind(a) in ("number", "str", "datetime") else UNDEFINED

    return apply


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(a, b):
        if not kind(a) == kind(b) == "number":
            return UNDEFINED
        try:
            return compute(a, b)
        except (ZeroDivisionError, ValueError, OverflowError):
            return UNDEFINED

    return apply


_add = _arithmetic(operator.add)

OPERATIONS = {
    "==": _equal, "!=": _unequal, "in": _in, "+": _plus,
    "<": _comparison(operator.lt), "<=": _comparison(operator.le),
    ">": _comparison(operator.gt), ">=": _comparison(operator.ge),
    "-": _arithmetic(operator.sub), "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv), "%": _arithmetic(math.fmod),
}  # fmt: skip


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return UNDEFINED
    return value + 0 if isinstance(value, (int, float)) else UNDEFINED


def _string(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if kind(value) == "number" else value


def _boolean(value: Any) -> bool:
    return value is not UNDEFINED and bool(value) and value != "false"


def _defined(value: Any) -> bool:
    return value is not UNDEFINED and value is not None


def _datetime(value: Any) -> Any:
    """From seconds since 1970 or ISO text; text without an offset is UTC."""
    if kind(value) == "number":
        return instant(value)
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return UNDEFINED
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def instant(value: Any, per_second: int = 1) -> Any:
    try:
        return datetime.fromtimestamp(value / per_second, UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return UNDEFINED


def _rounding(function: Callable[[float], int]) -> Callable[[Any], Any]:
    apply = _arithmetic(lambda value, _: function(value))
    return lambda value: apply(value, 0)


FUNCTIONS = {
    "boolean": _boolean, "number": _number, "string": _string, "defined": _defined, "datetime": _datetime,
    "floor": _rounding(math.floor), "ceil": _rounding(math.ceil), "round": _rounding(round),
}  # fmt: skip
