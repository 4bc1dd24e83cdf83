"""Decides which values are numbers to a report, and adds them up."""

import math
from typing import Any

from ..expression_values import kind


def is_number(value: Any) -> bool:
    """Finite ones: JSON has no other, though an export may hold `1e400`."""
    return kind(value) == "number" and math.isfinite(value)


def total(numbers: list[int | float]) -> int | float:
    return sum(numbers) if all(isinstance(number, int) for number in numbers) else math.fsum(numbers)
