"""Computes numbers about the events. Each file says what its numbers count, so that SQL over an export can count the same."""
