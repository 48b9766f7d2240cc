"""Where the chance of the system comes from, as long as somebody else decides that.

`os.urandom` has no seed, and whatever is seeded from it has none: `uuid.uuid4`, `secrets`, and
every ``random.Random()`` that is given nothing.
"""

from __future__ import annotations

import os
import random
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

_real_urandom = os.urandom
_seed = random.Random.seed
_SEED_BYTES = 32

Seed = int | float | str | bytes | bytearray | None


@contextmanager
def chance_from(draw: Callable[[int], bytes], is_meant: Callable[[], bool]) -> Iterator[None]:
    r"""Draws chance from elsewhere until the block is left.

    Args:
        draw: So many bytes.
        is_meant: Whether the calling thread draws from there, and not from the system.

    Example:
        >>> with chance_from(bytes, lambda: True):
        ...     os.urandom(2), random.Random().random() == random.Random().random()
        (b'\x00\x00', True)
    """

    def urandom(size: int, /) -> bytes:
        return draw(size) if is_meant() else _real_urandom(size)

    def seed(self: random.Random, a: Seed = None, version: int = 2) -> None:
        if a is None and is_meant():
            a = int.from_bytes(draw(_SEED_BYTES))
        _seed(self, a, version)

    # random keeps a name of its own for it, which SystemRandom and secrets use.
    with (
        mock.patch.object(os, "urandom", urandom),
        mock.patch.object(random, "_urandom", urandom),
        mock.patch.object(random.Random, "seed", seed),
    ):
        yield


@contextmanager
def same_chance_each_time(what: str) -> Iterator[None]:
    """Draws the same chance each time, for the calling thread; ``what`` it is drawn for."""
    source, thread = random.Random(what), get_ident()  # noqa: S311 - repeatable is what is wanted
    with chance_from(source.randbytes, lambda: get_ident() == thread):
        yield
