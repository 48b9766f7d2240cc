"""Garbage collection while many runs are played."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (100_000, 50, 1000)
"""Runs make many small values and few cycles: looking for those less often saves a fifteenth of
the time, and costs a few megabytes."""


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep what is loaded already out of garbage collection, and collect the rest rarely."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
