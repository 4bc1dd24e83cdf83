"""The imagined shop whose events the simulator serves: its people, its goods, what they do there, day by day."""

from .day import Recipe, day_text

__all__ = ["Recipe", "day_text"]
