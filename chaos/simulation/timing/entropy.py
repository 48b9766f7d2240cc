"""Randomness of the operating system, drawn from the seed of the run.

`random` is seeded when a run begins, but ``os.urandom`` has no seed, and with it neither have
``uuid.uuid4``, ``secrets`` and ``random.SystemRandom``. Two runs of one seed would differ in every
name that a service makes up.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from chaos.simulation.tasks.baton import is_in_a_run

_real_urandom = os.urandom
_NODE = 0x02_00_5E_00_53_01
"""A network card that nobody has."""


class Entropy:
    """What takes the place of ``os.urandom``, for whoever is part of a run.

    Example:
        >>> with Entropy().in_place():
        ...     len(os.urandom(8))
        8
    """

    def __init__(self) -> None:
        self._source = random.Random(0)  # noqa: S311 - repeatable is what is wanted

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Replace it until the block is left."""
        # random keeps a name of its own for it, which SystemRandom and secrets use.
        with (
            mock.patch.object(os, "urandom", self._urandom),
            mock.patch.object(random, "_urandom", self._urandom),
            # uuid.uuid1 would ask other programs for the address of a network card.
            mock.patch.object(uuid, "_node", _NODE),
        ):
            yield

    def seed(self, seed: int) -> None:
        """A run begins."""
        self._source.seed(f"urandom {seed}")
        # So that no uuid.uuid1 of an earlier run, at the same virtual time, makes one later.
        vars(uuid)["_last_timestamp"] = None

    def _urandom(self, size: int, /) -> bytes:
        return self._source.randbytes(size) if is_in_a_run() else _real_urandom(size)
