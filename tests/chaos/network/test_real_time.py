"""Real time that passes in a run, and no virtual time with it, is told with the result."""

from __future__ import annotations

import ctypes
import io

from rich.console import Console

from chaos.ports import Answer, Target
from chaos.reports.console import ConsoleReport
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome

LIBC = ctypes.CDLL(None)


class WaitsInC(Target):
    """Waits where nobody can see it."""

    modes = ("told", "error")

    def ask(self, question: str) -> Answer:
        """Wait for so many microseconds, or compute for a while."""
        if question == "compute":
            sum(range(20_000_000))
        else:
            LIBC.usleep(int(question))
        return Answer(mode="told")


def played(question: str) -> RunResult:
    """A run of one question."""
    text = (
        "version: 1\nname: it\nhypothesis: It is told.\ntarget: it\n"
        f"method:\n  - ask: '{question}'\n    expect: {{answer.mode: told}}\n"
    )
    loaded = load_text(text, "it.yaml", lambda _: WaitsInC.vocabulary())
    with SimulatedTier() as simulation:
        return play(loaded, WaitsInC, simulation, seed=1)


def told(result: RunResult) -> str:
    """What the terminal says of a run."""
    written = io.StringIO()
    ConsoleReport(Console(file=written, width=200)).on_result(result)
    return written.getvalue()


def test_a_wait_in_c_is_told() -> None:
    """The run passes, and says what it took."""
    result = played("1500000")

    assert result.outcome is Outcome.PASSED
    assert result.virtual_s == 0
    assert "of real time, and no virtual time" in told(result)


def test_computing_is_not_waiting() -> None:
    """A service that computes takes real time as well, and that is no news."""
    result = played("compute")

    assert result.note is None
    assert "note" not in told(result)
