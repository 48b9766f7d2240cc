"""A signal counts, whatever comes right behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from chaos.serve.answers import Told
from chaos.serve.signals import Signals


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda signals: (signals.give(), signals.end()), ()),
        (lambda signals: signals.end(), None),
    ],
    ids=["signalled", "ended"],
)
def test_end_of_the_run_takes_no_signal_back(
    act: Callable[[Signals], object], told: tuple[Told, ...] | None
) -> None:
    """A command may signal, and be gone before the step has gone on."""
    signals = Signals()
    heard: list[tuple[Told, ...] | None] = []
    step = threading.Thread(target=lambda: heard.append(signals.wait_for_one("method[0] ask")))
    step.start()
    signals.rest(30)

    act(signals)
    step.join(30)

    assert heard == [told]
