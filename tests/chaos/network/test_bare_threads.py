"""Threads that a service starts past `threading`, when they die, and when the run is over."""

from __future__ import annotations

import _thread
import threading

import pytest

from chaos.testing import LawBrokenError, SimulatedWorld
from tests.chaos.simulation.toys import nap


def test_a_bare_thread_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that ends it is lost, as that of any thread."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def die() -> None:
        raise ValueError("too late")

    def act() -> None:
        _thread.start_new_thread(die, ())
        nap(1)

    with (
        pytest.raises(LawBrokenError, match="an error ended thread 'Dummy': ValueError: too late"),
        SimulatedWorld() as world,
    ):
        world.users(1, act)


def test_outside_of_a_run_it_is_the_real_one() -> None:
    """For threads that belong to nobody here, and when all is over."""
    with SimulatedWorld():
        inside = _thread.start_new_thread

    assert inside is not _thread.start_new_thread
    done = threading.Event()
    inside(done.set, ())

    assert done.wait(10)
