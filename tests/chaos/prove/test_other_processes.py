"""A planted defect is in every process that plays, whatever kind of process that is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos import session
from chaos.defects.defect import planted_here
from chaos.processes.pool import can_fork
from chaos.verdict import Outcome
from examples.two_models.defects import DEFECTS

SCENARIO = Path("examples/two_models/scenarios/stream-breaks-after-some-words.yaml")


@pytest.fixture
def no_forks() -> Iterator[None]:
    """A thread that is there: this process cannot be copied, and scenarios get new ones."""
    over = threading.Event()
    bystander = threading.Thread(target=over.wait)
    bystander.start()
    yield
    over.set()
    bystander.join()


@pytest.mark.usefixtures("no_forks")
def test_new_process_has_the_planted_defect() -> None:
    """A process that starts from nothing would import the sound service, and it would pass."""
    assert not can_fork()
    (defect,) = [each for each in DEFECTS if each.name == "half-is-whole"]

    with defect.planted():
        suite = session.run(session.load([SCENARIO]), is_alone=False)

    assert suite.outcome is Outcome.FAILED
    assert not planted_here()
