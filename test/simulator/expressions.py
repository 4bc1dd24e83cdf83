"""Parses and evaluates Mixpanel's segmentation expressions, the language of `where` and `on`.

The grammar and the rules are those of https://docs.mixpanel.com/reference/segmentation-expressions. What
the operators do with their operands is in `expression_values.py`.

Events have `properties["..."]`, or `event["..."]`, which is the same. Profiles have `properties["..."]`, or
`user["..."]`, and `behaviors["..."]`. With events, `user["..."]` is a property of the profile of the event's user.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .expression_values import FUNCTIONS, OPERATIONS, UNDEFINED, ExpressionError, instant, negative, not_, truth

Expression = Callable[[Any], Any]
"""Of a row, an event or a profile: of whatever has `properties`."""

TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<word>[A-Za-z_]\w*)
      | (?P<symbol>==|!=|<=|>=|[<>+\-*/%()\[\],])
      | (?P<end>$)
    )""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)

BINDING = {"or": 1, "and": 2, "in": 4, "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4,
           "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}  # fmt: skip
NOT_BINDING = 3
NEGATION_BINDING = 7
SOURCES = {"properties": "properties", "event": "properties", "user": "user", "behaviors": "behaviors"}
CONSTANTS = {"true": True, "false": False, "null": None}
DEEPEST = 50
"""Levels of nesting; deeper ones are refused before they exhaust Python's stack."""


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    return _Parser(text).whole()


class _Parser:
    """Precedence climbing: each operator takes as its right side what binds tighter than itself."""

    def __init__(self, text: str):
        self._text = text
        self._position = 0
        self._kind = self._value = ""
        self._depth = 0
        self._advance()

    def whole(self) -> Expression:
        expression = self._expression(0)
        if self._kind != "end":
            raise self._unexpected()
        return expression

    def _advance(self) -> str:
        """Moves on to the next token; gives back the one that was left."""
        left = self._value
        match = TOKEN.match(self._text, self._position)
        if not match:
            raise ExpressionError(f"syntax error at position {self._position} of {self._text!r}")
        self._kind = match.lastgroup or "end"
        self._value, self._position = match[self._kind], match.end()
        return left

    def _unexpected(self) -> ExpressionError:
        found = repr(self._value) if self._value else "the end"
        return ExpressionError(f"syntax error, unexpected {found} before position {self._position} of {self._text!r}")

    def _is(self, value: str) -> bool:
        return self._kind in ("word", "symbol") and self._value == value

    def _skip(self, value: str) -> bool:
        found = self._is(value)
        if found:
            self._advance()
        return found

    def _expect(self, value: str) -> None:
        if not self._skip(value):
            raise self._unexpected()

    def _expression(self, binding: int) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError("the expression is nested too deeply")
        left = self._operand()
        while self._kind in ("word", "symbol") and BINDING.get(self._value, 0) > binding:
            name = self._advance()
            left = _binary(name, left, self._expression(BINDING[name]))
        self._depth -= 1
        return left

    def _operand(self) -> Expression:
        if self._kind == "number":
            text = self._advance()
            return _constant(int(text) if text.isdecimal() else float(text))
        if self._kind == "string":
            return _constant(_unquoted(self._advance()))
        if self._skip("not"):
            return _call(not_, self._expression(NOT_BINDING))
        if self._skip("-"):
            return _call(negative, self._expression(NEGATION_BINDING))
        if self._skip("("):
            return self._closed(")")
        if self._is("["):
            return self._list()
        if self._kind == "word" and self._value in SOURCES:
            return self._property()
        if self._kind == "word" and self._value in CONSTANTS:
            return _constant(CONSTANTS[self._advance()])
        if self._kind == "word" and self._value in FUNCTIONS:
            function = FUNCTIONS[self._advance()]
            self._expect("(")
            return _call(function, self._closed(")"))
        raise self._unexpected()

    def _closed(self, by: str) -> Expression:
        inner = self._expression(0)
        self._expect(by)
        return inner

    def _property(self) -> Expression:
        source = self._advance()
        self._expect("[")
        if self._kind != "string":
            raise self._unexpected()
        name = _unquoted(self._advance())
        self._expect("]")
        if SOURCES[source] != "properties":
            return _of_a_profile(source, name)
        if name == "$time":
            return lambda row: instant(row.time_ms, per_second=1000)
        return lambda row: row.properties.get(name, UNDEFINED)

    def _list(self) -> Expression:
        self._expect("[")
        items = []
        while not self._is("]"):
            items.append(self._expression(0))
            if not self._is("]"):
                self._expect(",")
        self._expect("]")
        return lambda row: [item(row) for item in items]


def _call(function: Callable[[Any], Any], argument: Expression) -> Expression:
    return lambda row: function(argument(row))


def _of_a_profile(source: str, name: str) -> Expression:
    def value(row):
        values = getattr(row, SOURCES[source], None)
        if values is None:
            raise ExpressionError(f"{source}[...] has no meaning here")
        return values.get(name, UNDEFINED)

    return value


def _unquoted(literal: str) -> str:
    return ESCAPE.sub(r"\1", literal[1:-1])


def _constant(value: Any) -> Expression:
    return lambda row: value


def _binary(name: str, left: Expression, right: Expression) -> Expression:
    if name in ("and", "or"):
        return _logical(name, left, right)
    apply = OPERATIONS[name]
    return lambda row: apply(left(row), right(row))


def _logical(name: str, left: Expression, right: Expression) -> Expression:
    decided = name == "or"  # `true or ...` and `false and ...` are decided by their left side
    return lambda row: decided if truth(left(row), name) is decided else truth(right(row), name)
