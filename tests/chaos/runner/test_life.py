"""The life of a run: what passes, what fails, and what proves nothing."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import textwrap
import threading
import time
import uuid
from collections.abc import Iterator

import httpx2
import pytest

from chaos.checks.laws.answers import EveryAskIsAnswered
from chaos.ports import Answer, Target, World
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.simulation.tasks.limits import Limits
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import AnswerEvent, BreakerEvent, RequestEvent
from chaos.verdict import Outcome
from tests.chaos.toy import Toy


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def run(
    simulation: Simulation, steps: str, target: type[Target] = Toy, seed: int | None = None
) -> RunResult:
    """Play a method (and whatever else) against the toy."""
    head = "version: 1\nname: toy\nhypothesis: It holds.\ntarget: toy\n"
    loaded = load_text(head + textwrap.dedent(steps), "toy.yaml", lambda _: target.vocabulary())
    return play(loaded, target, simulation, seed=seed)


GOOD = """
    method:
      - inject: {id: outage, upstream: weather, fault: http_error, status: 503, calls: 1-2}
      - ask: {question: How is it?, times: 2}
        expect: {answers: {llm: 2}, calls.weather: 4, waits.weather: [1s, 1s]}
"""


def test_run_passes_when_everything_holds(simulation: Simulation) -> None:
    """Expectations met, faults fired, laws obeyed."""
    result = run(simulation, GOOD)

    assert result.outcome is Outcome.PASSED
    assert result.virtual_s == pytest.approx(2.0, abs=0.001)
    assert len(result.trace.of(RequestEvent)) == 4


def test_run_fails_with_the_line_that_asked(simulation: Simulation) -> None:
    """A failed expectation knows expected, seen, line and the deciding events."""
    result = run(simulation, GOOD.replace("calls.weather: 4", "calls.weather: 5"))

    (problem,) = result.problems
    assert result.outcome is Outcome.FAILED
    assert (problem.check, problem.expected, problem.seen) == ("method[1] calls.weather", "5", "4")
    assert problem.line == 9
    assert len(problem.evidence) == 4
    assert result.replay == f"chaos replay toy.yaml --seed {result.seed}"


def test_fault_that_never_fires_is_inconclusive(simulation: Simulation) -> None:
    """A fault armed for a call that never comes does not let the run pass."""
    result = run(
        simulation,
        """
        method:
          - inject: {id: late, upstream: weather, fault: timeout, calls: 9}
          - ask: How is it?
            expect: {answer.mode: llm}
        """,
    )

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "'late' was armed but never touched a call" in result.problems[0].reason


def test_broken_steady_state_injects_nothing(simulation: Simulation) -> None:
    """What did not hold before the fault says nothing about the fault."""
    result = run(
        simulation,
        """
        steady_state:
          - ask: How is it?
            expect: {answer.mode: fallback}
        method:
          - inject: {id: outage, upstream: weather, fault: timeout}
          - ask: How is it?
            expect: {answer.mode: error}
        """,
    )

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "steady state did not hold, so nothing was injected" in result.problems[0].reason
    assert all(event.kind != "fault" for event in result.trace)


def test_expectation_over_nothing_is_inconclusive(simulation: Simulation) -> None:
    """A measure without anything to measure is no success."""
    result = run(
        simulation,
        """
        method:
          - inject: {id: outage, upstream: weather, fault: timeout}
          - ask: How is it?
        expect: {time_to_recover: {at_most: 1m}}
        """,
    )

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "nothing to judge: no fault was healed" in result.problems[0].reason


def test_run_without_any_check_is_inconclusive(simulation: Simulation) -> None:
    """Nobody expected anything: that is no pass."""
    result = run(simulation, "method: [ask: How is it?]")

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "expects nothing" in result.problems[0].reason


def test_swallowed_escape_is_inconclusive(simulation: Simulation) -> None:
    """A request that no stand-in can answer counts, even if the service shrugs it off."""

    class Curious(Toy):
        path = "/tomorrow"

    result = run(
        simulation,
        "method: [{ask: How is it?, expect: {answer.mode: fallback}}]",
        Curious,
    )

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "/tomorrow" in result.problems[-1].reason


def test_law_that_breaks_down_fails(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that raised must not look like one that had nothing to judge."""

    def broken(_: object, run: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(EveryAskIsAnswered, "judge", broken)

    result = run(simulation, GOOD)

    assert result.outcome is Outcome.FAILED
    assert "the law raised an error" in result.problems[0].reason


def test_target_that_cannot_be_built_is_inconclusive(simulation: Simulation) -> None:
    """No service, no proof; and no stack trace."""

    class Unbuildable(Toy):
        broken = "build"

    result = run(simulation, GOOD, Unbuildable)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.problems[0].reason == "the target raised an error: RuntimeError: no such thing"


def test_service_that_raises_breaks_a_law(simulation: Simulation) -> None:
    """An exception that reaches the user fails the run without being asked for."""

    class Fragile(Toy):
        broken = "ask"

    result = run(simulation, "method: [{ask: Why?, expect: {calls.weather: 0}}]", Fragile)

    assert result.outcome is Outcome.FAILED
    assert result.problems[0].check == "every-ask-is-answered"
    assert result.trace.of(AnswerEvent)[0].error == "ValueError: Why?"


@pytest.mark.parametrize("error", [SystemExit(0), GeneratorExit(), KeyboardInterrupt()])
def test_service_cannot_end_the_harness(simulation: Simulation, error: BaseException) -> None:
    """A service that exits has answered nobody; above all it has not passed."""

    class Quitter(Toy):
        def ask(self, question: str) -> Answer:
            raise error

    result = run(simulation, "method: [{ask: Why?, expect: {calls.weather: 0}}]", Quitter)

    assert result.outcome is Outcome.FAILED
    assert result.problems[0].check == "every-ask-is-answered"


@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt()])
def test_target_that_exits_while_it_is_built_is_no_service(
    simulation: Simulation, error: BaseException
) -> None:
    """Nor has it passed."""

    class Quitter(Toy):
        broken = "build"

        def build(self, world: World) -> None:
            raise error

    result = run(simulation, GOOD, Quitter)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.problems[0].reason.startswith(
        f"the target raised an error: RuntimeError: {type(error).__name__}"
    )


def test_service_cannot_end_the_process(simulation: Simulation) -> None:
    """``os._exit`` would take the verdict with it."""

    class Killer(Toy):
        def ask(self, question: str) -> Answer:
            os._exit(0)

    result = run(simulation, "method: [{ask: Why?, expect: {calls.weather: 0}}]", Killer)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "os._exit(0)" in result.problems[0].reason


def test_thread_that_dies_fails_the_run(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it, so nobody would notice that its work is not done any more."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    class Careless(Toy):
        def ask(self, question: str) -> Answer:
            threading.Thread(target=int, args=("x",), name="refresh").start()
            time.sleep(1.0)
            return super().ask(question)

    result = run(simulation, "method: [{ask: Why?, expect: {answer.mode: llm}}]", Careless)

    assert result.outcome is Outcome.FAILED
    assert [problem.check for problem in result.problems] == ["no-error-is-lost"]
    assert "an error ended thread 'refresh': ValueError" in result.problems[0].reason


def test_escape_outweighs_whatever_was_seen(simulation: Simulation) -> None:
    """What an escaped request did to the answers says nothing about the service."""

    class Foreign(Toy):
        def ask(self, question: str) -> Answer:
            with contextlib.suppress(Exception):
                httpx2.get("https://elsewhere.example/")
            return super().ask(question)

    result = run(
        simulation,
        "method: [{ask: {question: Why?, times: 3}, expect: {answer.mode: fallback}}]",
        Foreign,
    )

    assert result.outcome is Outcome.INCONCLUSIVE
    (problem,) = result.problems
    assert problem.check == "simulation"
    assert problem.reason.endswith("(3 times)")


def test_names_that_a_service_makes_up_come_from_the_seed(simulation: Simulation) -> None:
    """``uuid``, ``secrets`` and ``SystemRandom`` draw from the operating system otherwise."""

    class Naming(Toy):
        def ask(self, question: str) -> Answer:
            drawn = uuid.uuid4(), secrets.token_hex(4), random.SystemRandom().random()
            return Answer(mode="llm", text=str(drawn))

    method = "method: [{ask: Why?, expect: {answer.mode: llm, calls.weather: 0}}]"
    first, again, other = (run(simulation, method, Naming, seed=seed) for seed in (1, 1, 2))

    assert first.digest == again.digest != other.digest


def test_deadlock_fails_by_name(simulation: Simulation) -> None:
    """A service that waits for itself is a finding, told with who waits for what."""

    class Deadlocked(Toy):
        broken = "deadlock"

    result = run(simulation, "method: [{ask: Why?, expect: {calls.weather: 0}}]", Deadlocked)

    assert result.outcome is Outcome.FAILED
    assert result.problems[0].check == "no-deadlock"
    assert "lock" in result.problems[0].reason


def test_endless_retry_fails_by_name(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that tries again for ever is a finding, long before the horizon is reached.

    It catches whatever exception it meets, so the run ends without its help.
    """

    class Endless(Toy):
        def ask(self, question: str) -> Answer:
            while (answer := super().ask(question)).mode == "fallback":
                pass
            return answer

    defaults = Simulation.start_run.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "limits", Limits(max_calls=50))
    outage = """
        method:
          - inject: {upstream: weather, fault: http_error, status: 503}
          - ask: Why?
            expect: {answer.mode: fallback}
    """
    result = run(simulation, outage, Endless)

    assert result.outcome is Outcome.FAILED
    assert result.problems[0].check == "no-livelock"
    assert "user-1 has made 50 calls for question #1" in result.problems[0].reason
    assert len(result.trace.of(RequestEvent)) == 50


def test_broken_law_fails_a_run_whose_expectations_hold(simulation: Simulation) -> None:
    """Laws judge what the author did not think of."""

    class Impatient(Toy):
        @classmethod
        def promises(cls, settings: object) -> object:  # type: ignore[override] # a stricter promise
            return Toy.promises({"attempts": 2})

    result = run(
        simulation,
        """
        method:
          - inject: {upstream: weather, fault: timeout}
          - ask: How is it?
            expect: {answer.mode: fallback, calls.weather: 3}
        """,
        Impatient,
    )

    assert [problem.check for problem in result.problems] == ["bounded-attempts"]


def test_waived_law_does_not_fail(simulation: Simulation) -> None:
    """A scenario may set a law aside, if it says why."""

    class Fragile(Toy):
        broken = "ask"

    result = run(
        simulation,
        """
        waive: [every-ask-is-answered]
        because: the toy is fragile
        method: [{ask: Why?, expect: {answers: {error: 1}}}]
        """,
        Fragile,
    )

    assert result.outcome is Outcome.PASSED
    assert result.waived == ("every-ask-is-answered",)


def test_same_seed_gives_the_same_trace(simulation: Simulation) -> None:
    """Order and chance come from the seed, and from nothing else."""
    crowd = """
        method:
          - inject: {upstream: weather, fault: http_error, status: 500, toxicity: 0.4}
          - ask: {question: How is it?, users: 10}
            expect: {answers: {error: 0}}
    """
    digests = [run(simulation, crowd, seed=seed).digest for seed in (1, 1, 2)]

    assert digests[0] == digests[1] != digests[2]


def test_steps_at_an_offset_run_beside_the_script(simulation: Simulation) -> None:
    """`at` counts from the start of the method and does not hold up the steps after it."""
    result = run(
        simulation,
        """
        method:
          - inject: {id: outage, upstream: weather, fault: timeout}
          - at: 15s
            heal: outage
          - ask: How is it?
            expect: {answer.mode: llm, answer.elapsed: 22s, calls.weather: 3}
        """,
    )

    assert result.outcome is Outcome.PASSED, result.problems


def test_fault_window_ends_by_itself(simulation: Simulation) -> None:
    """`for` heals at its time, whatever the script is doing."""
    result = run(
        simulation,
        """
        method:
          - inject: {upstream: weather, fault: http_error, status: 503, for: 90s}
          - load: {ask: How is it?, every: 20s, for: 2m}
            expect: {answers: {fallback: 5, llm: 1}}
        expect: {time_to_recover: 10s}
        """,
    )

    assert result.outcome is Outcome.PASSED, result.problems


def test_load_does_not_mix_into_other_steps(simulation: Simulation) -> None:
    """Calls of a background load are not those of an ask beside it."""
    result = run(
        simulation,
        """
        method:
          - load: {ask: And now?, users: 3, every: 1s, for: 10s}
            expect: {calls.weather: 30, answers: {llm: 30}}
          - advance: 5s
          - ask: How is it?
            expect: {calls.weather: 1, answers: {llm: 1}}
        expect: {calls.weather: 31}
        """,
    )

    assert result.outcome is Outcome.PASSED, result.problems


class OfAnotherMode(Toy):
    """Answers in a mode that is no word of its target."""

    def ask(self, question: str) -> Answer:
        """Say something that nobody can judge."""
        del question
        return Answer(mode="crashed", text="")


class OfNoMode(Toy):
    """Has a path without an answer."""

    def ask(self, question: str) -> Answer:
        """Forget to answer."""
        del question
        return None  # type: ignore[return-value] # that is the mistake


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (OfAnotherMode, "answered in mode 'crashed'; expected one of: error, fallback, llm"),
        (OfNoMode, "returned NoneType; expected a chaos.ports.Answer"),
    ],
)
@pytest.mark.parametrize(
    "claim", ["answers: {llm: 0}", "answers: {error: 1}", "answer.mode: error"]
)
def test_answer_outside_of_the_vocabulary_fails_the_run(
    target: type[Target], why: str, claim: str, simulation: Simulation
) -> None:
    """Whatever is claimed, also that an error is expected: such an answer is none."""
    result = run(simulation, f"method: [{{ask: How is it?, expect: {{{claim}}}}}]", target)

    assert result.outcome is Outcome.FAILED
    assert why in result.problems[0].reason


class OfAnotherUpstream(Toy):
    """Reports the breaker of an upstream that it does not have."""

    def build(self, world: World) -> None:
        """Report, and be built as usual."""
        super().build(world)
        world.recorder.record(
            BreakerEvent, upstream="wether", what="granted", state="closed", permit=1
        )


def test_event_that_no_law_would_heed_makes_a_run_inconclusive(simulation: Simulation) -> None:
    """A slip of the pen would silence the laws, and nobody would be told."""
    result = run(
        simulation,
        "method: [{ask: How is it?, expect: {answer.mode: llm}}]",
        OfAnotherUpstream,
    )

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "records BreakerEvent of 'wether'; expected weather" in result.problems[0].reason


BEFORE = """
    method:
      - inject: {upstream: weather, fault: http_error, status: 503, calls: 2-4}
      - ask: How is it?
        expect: {answer.mode: llm}
      - ask: How is it?
"""


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ("", Outcome.INCONCLUSIVE),
        ("        expect: {answer.mode: fallback}\n", Outcome.PASSED),
        ("    expect: {answers: {llm: 1, fallback: 1}}\n", Outcome.PASSED),
        ("      - advance: 1s\n        expect: {calls.weather: 0}\n", Outcome.PASSED),
    ],
    ids=["nothing", "of the step", "of the whole", "of a later step"],
)
def test_fault_that_struck_after_all_claims_was_not_judged(
    more: str, outcome: Outcome, simulation: Simulation
) -> None:
    """That it touched a call says nothing of what became of it."""
    assert run(simulation, BEFORE + more).outcome is outcome


def test_run_that_expects_nothing_beside_its_steady_state_is_inconclusive(
    simulation: Simulation,
) -> None:
    """Had that not held, the run would have been inconclusive, too: it cannot fail."""
    steady = "steady_state: [{ask: How is it?, expect: {answer.mode: llm}}]"
    result = run(simulation, f"{steady}\nmethod: [ask: How is it?]")

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "nothing beside its steady state" in result.problems[0].reason
