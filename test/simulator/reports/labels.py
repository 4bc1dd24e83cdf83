"""Names a value as the segment of a report."""

import json
from typing import Any

from ..expression_values import UNDEFINED


def label(value: Any) -> str:
    """Text stands for itself, a missing value is `undefined`, all else is its JSON: `null`, `true`, `9.5`, `[1, 2]`."""
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
