"""Replaces files that others may be reading."""
import contextlib
import os
import pathlib


@contextlib.contextmanager
def replacing(path):
    """Where to write what takes the place of `path`, in one step and only when nothing failed: a running DuckDB may have the
    old file mapped, and somebody may be installing from here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = pathlib.Path(f"{path}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        if unfinished.exists():
            unfinished.unlink()
        raise
