"""Chance of a run: all of it comes from the seed, whoever draws it, and in whatever way."""

from __future__ import annotations

import os
import random
import secrets
import ssl
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.processes.importing import load
from chaos.simulation.world import Simulation
from tests.chaos.simulation.toys import World


class Dice(random.Random):
    """A kind of one's own."""


def reseeded() -> float:
    """Of a source that had a seed, and is to have none."""
    source = random.Random(7)
    source.seed()
    return source.random()


def all_reseeded() -> float:
    """The same, of the source that everybody shares."""
    random.seed()
    return random.uniform(0, 1)


DRAWS: dict[str, Callable[[], object]] = {
    "random": lambda: random.uniform(0, 1),
    "reseeded": reseeded,
    "all reseeded": all_reseeded,
    "a source of one's own": lambda: random.Random().random(),
    "a kind of one's own": lambda: Dice().random(),
    "the system's": lambda: random.SystemRandom().random(),
    "urandom": lambda: os.urandom(8),
    "getrandom": lambda: os.getrandom(8),
    "ssl": lambda: ssl.RAND_bytes(8),
    "secrets": secrets.token_hex,
    "uuid": uuid.uuid4,
    "names of files": lambda: next(tempfile._RandomNameSequence()),  # type: ignore[attr-defined]  # private, and what mkstemp asks
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_chance_comes_from_the_seed(simulation: Simulation, draw: Callable[[], object]) -> None:
    """The same seed, the same number; another one, another."""
    drawn = []
    for seed in (1, 1, 2):
        world = World(simulation, seed=seed)
        drawn.append(world.result(draw))
        world.run.close()

    assert drawn[0] == drawn[1] != drawn[2]


def test_seed_of_one_s_own_is_kept(simulation: Simulation) -> None:
    """Whoever gives one gets what he would get elsewhere."""
    expected = random.Random(7).random()
    world = World(simulation)

    assert world.result(lambda: random.Random(7).random()) == expected
    world.run.close()


def test_module_draws_the_same_chance_whenever_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that a module keeps makes the jitter of all its runs."""
    (tmp_path / "dice_of_a_module.py").write_text(
        "import os, random\nSOURCE = random.Random()\nNAME = os.urandom(8)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    drawn = []
    for _ in range(2):
        module = load("dice_of_a_module", told="it")
        drawn.append((module.SOURCE.random(), module.NAME))
        del sys.modules["dice_of_a_module"]

    assert drawn[0] == drawn[1]
    assert os.urandom(8) != os.urandom(8)
