"""Randomness of the operating system, drawn from the seed of the run.

`random` is seeded when a run begins, but ``os.urandom`` has no seed, and with it neither have
``uuid.uuid4``, ``secrets``, ``random.SystemRandom`` and a ``random.Random()`` of the service's
own. Two runs of one seed would differ in every name that a service makes up, and in its jitter.
"""

from __future__ import annotations

import os
import random
import ssl
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from chaos.processes.chance import chance_from
from chaos.simulation.tasks.baton import is_in_a_run

# Asked for by name: a closure over one of these would be found, and replaced.
_seed, _rand_bytes, _getrandom = random.seed, ssl.RAND_bytes, getattr(os, "getrandom", None)
_SEED_BYTES = 32
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
        with (
            chance_from(self._draw, is_in_a_run),
            # uuid.uuid1 would ask other programs for the address of a network card.
            mock.patch.object(uuid, "_node", _NODE),
        ):
            yield

    def substitutes(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """Real function to what takes its place: other ways to the same chance."""

        def seed(a: Any = None, version: int = 2) -> None:  # noqa: ANN401 - as the real one
            if a is None and is_in_a_run():
                a = self._draw(_SEED_BYTES)
            _seed(a, version)

        def rand_bytes(size: int, /) -> bytes:
            return self._draw(size) if is_in_a_run() else _rand_bytes(size)

        def getrandom(size: int, flags: int = 0) -> bytes:
            assert _getrandom is not None, "replaced where it is there"
            return self._draw(size) if is_in_a_run() else _getrandom(size, flags)

        found: dict[Callable[..., Any], Callable[..., Any]] = {
            _seed: seed,
            _rand_bytes: rand_bytes,
        }
        if _getrandom is not None:
            found[_getrandom] = getrandom
        return found

    def seed(self, seed: int) -> None:
        """A run begins."""
        self._source.seed(f"urandom {seed}")
        # So that no uuid.uuid1 of an earlier run, at the same virtual time, makes one later.
        vars(uuid)["_last_timestamp"] = None

    def _draw(self, size: int) -> bytes:
        return self._source.randbytes(size)
