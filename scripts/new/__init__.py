"""Generates a new table function. See `docs/contributing-a-function.md`."""
