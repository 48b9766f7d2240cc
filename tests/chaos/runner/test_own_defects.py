"""The harness is put to the proof: parts of the world, the runner and the collector are broken.

What judges others must not be the one thing that nobody tests with mistakes. The laws are broken
in `tests/chaos/witnesses`, the gate and the proof in `tests/chaos/prove`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.checks.laws import judge_laws
from chaos.defects.edits import Rewrite
from chaos.http import Response
from chaos.ports import Answer, Target
from chaos.runner.result import RunResult
from chaos.scenario.collecting import collect
from chaos.simulation.calls.exchange import retry_after_s
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.resets import pause_s
from chaos.verdict import Outcome, combine
from tests.chaos.runner import test_rest as rest
from tests.chaos.witnesses.hearing import heard
from tests.chaos.witnesses.of_answers import HEALED, StaysAwayLonger
from tests.chaos.witnesses.of_background import (
    DiesBehindTheAnswer,
    DiesInItsBackoff,
    LooksAtItsFuture,
    LosesAFuture,
    TakesTheFirst,
)
from tests.chaos.witnesses.of_calls import ASK, WaitsForEver
from tests.chaos.witnesses.witness import Base

LIFE, PLAYER, AGAIN, FELT = (
    f"chaos.runner.{name}" for name in ("life", "player", "again", "felt")
)
REST, FUTURES = "chaos.simulation.rest", "chaos.simulation.threads.futures"
CARRIER, EXCHANGE = (f"chaos.simulation.calls.{name}" for name in ("carrier", "exchange"))
COLLECTING, INJECTOR = "chaos.scenario.collecting", "chaos.faults.injector"

GOOD = "{availability: 1}"


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


Notices = Callable[[Simulation, Path], None]


def broken_laws(result: RunResult) -> set[str]:
    """The laws that a run has broken."""
    return {law.check for law in result.laws if law.outcome is Outcome.FAILED}


def breaks(target: type[Target], law: str, method: str = ASK) -> Notices:
    """The target is found to break the law, and no other."""

    def notices(simulation: Simulation, _: Path) -> None:
        assert broken_laws(heard(simulation, target, method, GOOD)) == {law}

    return notices


def keeps(target: type[Target], method: str = ASK) -> Notices:
    """The target is found to break no law."""

    def notices(simulation: Simulation, _: Path) -> None:
        assert not broken_laws(heard(simulation, target, method, GOOD))

    return notices


def ends(
    outcome: Outcome, method: str, expect: str = GOOD, target: type[Target] = Base
) -> Notices:
    """A run ends like this."""

    def notices(simulation: Simulation, _: Path) -> None:
        result = heard(simulation, target, method, expect)
        assert result.outcome is outcome, result.problems

    return notices


class Boasts(Base):
    """Tells of itself what is not so."""

    def audit(self) -> tuple[str, ...]:
        """It is found out."""
        return ("it says that it made no call",)


class Strays(Base):
    """Calls somebody whom nobody stands in for, and hides that it failed."""

    def tell(self, place: str) -> str:
        """Whatever comes of it."""
        with suppress(Exception):
            self.client.get("https://elsewhere.test/")
        return super().tell(place)


class Mumbles(Base):
    """Answers in a mode that it does not have."""

    def ask(self, question: str) -> Answer:
        """In words of its own."""
        del question
        return Answer(mode="mumbled", text="rain")


class TicksWhileItWaits(Base):
    """Has a loop that ticks every second, and in it a task that fails after three minutes."""

    async def ask(self, question: str) -> Answer:  # type: ignore[override] # a coroutine may
        """Begin both."""
        del question
        self.ticking = asyncio.create_task(self.tick())
        asyncio.create_task(self.fail())  # noqa: RUF006 - the point of it
        return Answer(mode="guessed", text="rain")

    async def tick(self) -> None:
        """For ever."""
        while True:  # noqa: ASYNC110 - many services wait like this
            await asyncio.sleep(1)

    async def fail(self) -> None:
        """Late."""
        await asyncio.sleep(180)
        raise RuntimeError("too late")


def waives(simulation: Simulation, _: Path) -> None:
    """A law that is waived decides nothing."""
    waived = f"{GOOD}\nwaive: [no-error-is-lost]\nbecause: It is known."
    result = heard(simulation, DiesBehindTheAnswer, ASK, waived)
    assert result.outcome is Outcome.PASSED


def mumbling(simulation: Simulation, _: Path) -> None:
    """A mode that the target does not have is its mistake."""
    assert "target" in {each.check for each in heard(simulation, Mumbles, ASK, GOOD).verdicts}


def broken_down(_: Simulation, __: Path) -> None:
    """A law that breaks down fails the run."""
    nothing: Any = SimpleNamespace(brings=())
    assert {each.outcome for each in judge_laws(nothing)} == {Outcome.FAILED}


def folder(tmp_path: Path) -> Path:
    """A scenario, one below it, one in a hidden folder."""
    for place in (".", "deeper/down", ".hidden"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "one.yaml").write_text("version: 1\nhypothesis: It holds.\n")
    return tmp_path


def collects(_: Simulation, tmp_path: Path) -> None:
    """All that is not hidden is found, and what is hidden is told."""
    root = folder(tmp_path)
    found = collect([root])
    assert [path.relative_to(root).as_posix() for path in found.files] == [
        "deeper/down/one.yaml",
        "one.yaml",
    ]
    assert [Path(each.path).parent.name for each in found.passed_over] == [".hidden"]


def collects_once(_: Simulation, tmp_path: Path) -> None:
    """A file that is named twice is played once."""
    file = folder(tmp_path) / "one.yaml"
    assert len(collect([file, tmp_path / "deeper" / ".." / "one.yaml"]).files) == 1


def reads_milliseconds(_: Simulation, __: Path) -> None:
    """A pause in milliseconds is one."""
    headers = (("retry-after-ms", "1500"),)
    assert retry_after_s(Response(status=429, headers=headers)) == 1.5


def reads_what_is_left(_: Simulation, __: Path) -> None:
    """A limit of which something is left asks for nothing."""
    headers = (("ratelimit-remaining", "3"), ("ratelimit-reset", "30"))
    assert pause_s(Response(status=429, headers=headers)) is None


def doubts(_: Simulation, __: Path) -> None:
    """One failure fails all, one doubt leaves all in doubt."""
    assert combine([Outcome.PASSED, Outcome.FAILED]) is Outcome.FAILED
    assert combine([Outcome.PASSED, Outcome.INCONCLUSIVE]) is Outcome.INCONCLUSIVE


def rests(check: Callable[[Simulation], None]) -> Notices:
    """As a test of rest has it."""
    return lambda simulation, _: check(simulation)


def faulty(fault: str) -> str:
    """A question under a fault."""
    return f"- inject: {{upstream: weather, {fault}}}\n{ASK}"


GUESSED = "{answers: {guessed: all}}"
UNSEEN = faulty("operation: orders.create, fault: http_error, status: 503")
UNJUDGED = (
    ASK
    + "- inject: {upstream: weather, fault: http_error, status: 503}\n"
    + "- expect: {availability: 1}\n"
    + ASK
)
ENDED = (
    "- inject: {id: outage, upstream: weather, fault: http_error, status: 503}\n"
    + ASK
    + "- heal: outage\n- ask: oslo\n  expect: {answer.mode: told}\n"
)
FAILED, PASSED, INCONCLUSIVE = Outcome.FAILED, Outcome.PASSED, Outcome.INCONCLUSIVE

BROKEN: dict[str, tuple[str, str, Notices]] = {
    "a fault that nobody felt is no matter": (
        FELT,
        "- for fault_id in injector.untouched()\n+ for fault_id in ()",
        ends(INCONCLUSIVE, UNSEEN),
    ),
    "a fault that nobody judged is no matter": (
        FELT,
        "- if seq >= last_look\n+ if False",
        ends(INCONCLUSIVE, UNJUDGED, ""),
    ),
    "who leaves the world is judged all the same": (
        LIFE,
        "- stopped += [_escape(*counted) for counted in Counter(run.violations).items()]\n+ pass",
        ends(INCONCLUSIVE, ASK, target=Strays),
    ),
    "what a service says of itself is believed": (
        LIFE,
        "- player.verdicts += map(_untrue, service.audit())\n+ pass",
        ends(FAILED, ASK, target=Boasts),
    ),
    "a run ends with the last answer": (
        LIFE,
        "- come_to_rest(run)\n+ pass",
        breaks(DiesBehindTheAnswer, "no-error-is-lost"),
    ),
    "what is in futures is nobody's business": (
        LIFE,
        "- run.note_unread()\n+ pass",
        breaks(LosesAFuture, "no-error-is-lost"),
    ),
    "nobody asks again": (
        AGAIN,
        "- if waiting is None:\n+ if True:",
        breaks(StaysAwayLonger, "recovers", HEALED),
    ),
    "a mode may be made up": (
        PLAYER,
        "- self._wrong_target(error)\n+ pass",
        mumbling,
    ),
    "nothing is work": (
        REST,
        "- return not isinstance(event, WaitEvent | FaultEvent)\n+ return False",
        rests(rest.test_work_without_end_is_cut_off),
    ),
    "a second of silence is rest": (
        REST,
        (
            "- until_s = max(clock.now_s + QUIET_S, due_s, *timers_s) + _TICK_S\n"
            "+ until_s = max(clock.now_s + 1, due_s, *timers_s) + _TICK_S"
        ),
        breaks(DiesInItsBackoff, "no-error-is-lost"),
    ),
    "timers of loops are no plans": (
        REST,
        (
            "- timers_s = [clock.now_s + longest_timer_s(loop) for loop in run.loops]\n"
            "+ timers_s = ()"
        ),
        breaks(TicksWhileItWaits, "no-error-is-lost"),
    ),
    "work without end is waited for": (
        REST,
        "- deadline_s = clock.now_s + LONGEST_S\n+ deadline_s = clock.now_s + 10 * LONGEST_S",
        rests(rest.test_work_without_end_is_cut_off),
    ),
    "an error that was looked at is lost": (
        FUTURES,
        "- if unread is not None and unread.future() is future:\n+ if False:",
        keeps(LooksAtItsFuture),
    ),
    "what nobody wanted any more is lost": (
        FUTURES,
        "- if future in self._given_up:\n+ if False:",
        keeps(TakesTheFirst),
    ),
    "a cut answer is no fault": (
        CARRIER,
        "- exchange.decision.acted(cut.by)\n+ pass",
        ends(PASSED, faulty("fault: limit_data, bytes: 5B"), GUESSED),
    ),
    "a reset comes after the whole answer": (
        CARRIER,
        '- return "reset", False, missing\n+ return "open", True, b""',
        ends(
            PASSED,
            faulty("fault: reset_peer, after: 5B"),
            "{answer.mode: guessed, answer.elapsed: {at_most: 1s}}",
        ),
    ),
    "a slow answer is there at once": (
        CARRIER,
        (
            "- return connection.clock.ticks + to_ticks(sum(each.seconds for each in late))\n"
            "+ return connection.clock.ticks"
        ),
        ends(PASSED, faulty("fault: latency, latency: 6s"), GUESSED),
    ),
    "milliseconds are seconds": (
        EXCHANGE,
        (
            '- for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):\n'
            '+ for name, unit_s in (("retry-after-ms", 1.0), ("retry-after", 1.0)):'
        ),
        reads_milliseconds,
    ),
    "a wait without a limit has one": (
        EXCHANGE,
        "- unbounded=self._has_no_limit and not self.has_limit,\n+ unbounded=False,",
        breaks(WaitsForEver, "no-endless-wait"),
    ),
    "every limit is used up": (
        "chaos.upstreams.resets",
        (
            "- is_spent = speaks_for_itself if left is None else _is_nothing(left)\n"
            "+ is_spent = True"
        ),
        reads_what_is_left,
    ),
    "every value is within its tolerance": (
        "chaos.checks.expectations",
        (
            "- outside = [v for v in measured.values if not expectation.tolerance.accepts(v)]\n"
            "+ outside: list[object] = []"
        ),
        ends(FAILED, ASK, "{calls.weather: 7}"),
    ),
    "a failure fails nothing": (
        "chaos.verdict",
        "- if Outcome.FAILED in seen:\n+ if False:",
        doubts,
    ),
    "a law that breaks down had nothing to judge": (
        "chaos.checks.laws",
        "- outcome=Outcome.FAILED,\n+ outcome=Outcome.INCONCLUSIVE,",
        broken_down,
    ),
    "a waived law decides": (
        "chaos.checks.laws",
        "- if law.name not in waived:\n+ if True:",
        waives,
    ),
    "a fault is felt as soon as it is armed": (
        "chaos.faults.injector",
        (
            "- return tuple(dict.fromkeys(armed.id for armed in self._injections "
            "if not armed.touched))\n"
            "+ return ()"
        ),
        ends(INCONCLUSIVE, UNSEEN),
    ),
    "a fault that is healed goes on": (
        INJECTOR,
        "- self._alike(ended).remove(ended)\n+ pass",
        ends(PASSED, ENDED),
    ),
    "hidden folders are searched": (
        COLLECTING,
        '- if folder.name.startswith("."):\n+ if False:',
        collects,
    ),
    "folders in folders are left out": (
        COLLECTING,
        "- folders.sort()\n+ folders.clear()",
        collects,
    ),
    "what is passed over is not told": (
        COLLECTING,
        "- passed |= {each.path: each for each in over}\n+ pass",
        collects,
    ),
    "a file that is named twice is played twice": (
        COLLECTING,
        "- found.setdefault(inputs.resolved(path), path)\n+ found[path] = path",
        collects_once,
    ),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(("where", "diff", "notices"), BROKEN.values(), ids=[*BROKEN])
def test_broken_part_of_the_harness_is_noticed(
    simulation: Simulation, tmp_path: Path, where: str, diff: str, notices: Notices
) -> None:
    """The check holds for the harness as it is, and fails once the part is broken."""
    notices(simulation, tmp_path)

    with Rewrite(where, diff).applied(), pytest.raises((AssertionError, pytest.fail.Exception)):
        notices(simulation, tmp_path)
