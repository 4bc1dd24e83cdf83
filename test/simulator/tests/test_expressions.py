"""Tests the value of each expression for one event. `None` stands for neither true nor false."""

import pytest

from simulator.expression_values import ExpressionError
from simulator.expressions import parse
from simulator.rows import Row

ROW = Row("Purchase", "u1", 1_735_776_000_000, {
    "n": 5, "s": "abc", "t": True, "f": False, "null": None, "list": [1, "b"], 'quo"te': 1, "digits": "12.5",
    "mp_processing_time_ms": 1_735_776_000_500, "when": "2025-01-02T10:00:00",
})  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ('properties["n"] == 5', True),
        ("properties['n'] != 5", False),
        ('event["n"] == 5.0', True),
        ('properties["n"] == "5"', False),
        ('properties["n"] != "5"', True),
        ('properties["missing"] == properties["missing"]', False),
        ('properties["n"] > "4"', None),
        ('properties["missing"] > 1', None),
        ('properties["t"] > 0', None),
        ('properties["n"] >= 5 and properties["n"] <= 5', True),
        ('properties["n"] < 5 or properties["n"] > 5', False),
        ('properties["missing"] > 1 or properties["t"]', True),
        ('not properties["missing"] > 1', True),
        ('not properties["n"] == 5', False),
        ('not properties["n"]', None),
        ("true and false or true", True),
        ("false and (false or true)", False),
        ('"b" in properties["s"]', True),
        ('"z" in properties["s"]', False),
        ('properties["n"] in properties["s"]', None),
        ('properties["n"] in [1, 5, "x"]', True),
        ('"1" in properties["list"]', False),
        ('"b" in properties["list"]', True),
        ('properties["n"] in []', False),
        ("1 + 2 * 3 - 4 / 2 == 5", True),
        ("-7 % 3 == -1", True),
        ("1 / 0 == 1", False),
        ("(1 + 2) * 3 == 9", True),
        ('"a" + "b" == "ab"', True),
        ('"a" + 1 == "a1"', False),
        ("-properties['n'] == -5", True),
        ("-properties['s'] == 1", False),
        ('defined(properties["n"])', True),
        ('defined(properties["null"]) or defined(properties["missing"])', False),
        ('number(properties["digits"]) == 12.5', True),
        ('number(properties["s"]) > 0', None),
        ('number(properties["t"]) == 1', True),
        ('string(properties["n"]) == "5"', True),
        ('string(properties["t"]) == "true"', True),
        ('boolean(properties["s"]) and not boolean("false") and not boolean(0)', True),
        ("floor(1.7) == 1 and ceil(1.2) == 2 and round(2.6) == 3", True),
        ('floor("x") == 1', False),
        ('properties["$time"] >= datetime(1735776000)', True),
        ('event["$time"] > datetime("2025-01-02T00:00:00")', False),
        ('datetime(properties["when"]) < datetime("2025-01-02T12:00:00+01:00")', True),
        ('datetime("x") == datetime("x")', False),
        ('properties["when"] > "2025-01-01T00:00:00"', True),
        ('number(properties["mp_processing_time_ms"]) > 1735776000000', True),
        (r'properties["quo\"te"] == 1', True),
        (r'"back\\slash" == "back\\slash"', True),
        ('properties["null"] == null', True),
        ("1e3 == 1000", True),
    ],
)
def test_expressions(expression, result):
    value = parse(expression)(ROW)
    assert value is result if result is not None else not isinstance(value, bool)


@pytest.mark.parametrize(
    "expression",
    ["", "properties", "properties[n]", 'properties["n"] =', "1 +", "(1", "1)", "f(1)", "[1, 2", '"open', "1 = 1",
     "a b", "not", "defined()", "defined 1", "(" * 60 + "1" + ")" * 60, "1 && 2", "#"],
)  # fmt: skip
def test_expressions_that_are_none(expression):
    with pytest.raises(ExpressionError):
        parse(expression)
