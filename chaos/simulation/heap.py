"""What the garbage collector can tell about objects that exist."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def whole_heap() -> Iterator[None]:
    """While entered, the garbage collector finds frozen objects too.

    A process that makes others freezes what it has, so that they can share it; and
    ``gc.get_referrers`` does not look at what is frozen.
    """
    was_frozen = gc.get_freeze_count()
    gc.unfreeze()
    try:
        yield
    finally:
        if was_frozen:
            gc.freeze()
