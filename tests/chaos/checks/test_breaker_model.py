"""The reference breaker: its own promises, and the service's breaker beside it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Literal, Self
from unittest import mock

import hypothesis
import hypothesis.strategies as st
import pytest

from chaos.checks.breaker_model import BreakerModel, CallOutcome, ModelPermit, ModelRefusal
from chaos.ports import BreakerPolicy
from helpdesk import circuit_breaker
from helpdesk.circuit_breaker import CircuitBreaker, Permit
from helpdesk.errors import CallNotPermittedError
from helpdesk.events import BreakerTransition, Event, PermitSettled
from helpdesk.settings import BreakerSettings


@pytest.fixture(scope="module", autouse=True)
def silence() -> Iterator[None]:
    """Keep thousands of openings out of the report of a failure."""
    logger = logging.getLogger("helpdesk")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


POLICY = BreakerPolicy(failure_threshold=2, recovery_timeout_s=60, trial_lease_s=30)


def granted(model: BreakerModel, now_s: float) -> tuple[BreakerModel, ModelPermit]:
    """Ask for a permit that must be there."""
    model, given = model.acquire(now_s)
    assert isinstance(given, ModelPermit)
    return model, given


def refused(model: BreakerModel, now_s: float) -> float:
    """Ask for a permit that must not be there; returns what the caller was told to wait."""
    _, given = model.acquire(now_s)
    assert isinstance(given, ModelRefusal)
    return given.retry_after_s


def settled(model: BreakerModel, outcome: CallOutcome, now_s: float) -> BreakerModel:
    """Make one call that ends at once."""
    model, permit = granted(model, now_s)
    model, counted = model.settle(permit, outcome, now_s)
    assert counted
    return model


def opened(policy: BreakerPolicy = POLICY, now_s: float = 0.0) -> BreakerModel:
    """A model that opened at ``now_s``."""
    model = BreakerModel(policy)
    for _ in range(policy.failure_threshold):
        assert model.state == "closed"
        model = settled(model, "failure", now_s)
    assert model.state == "open"
    return model


def test_model_counts_consecutive_failures_only() -> None:
    """A success in between starts the count anew; a neutral outcome does not."""
    model = settled(settled(BreakerModel(POLICY), "failure", 0), "success", 0)
    assert (model.failures, model.state) == (0, "closed")

    model = settled(settled(model, "failure", 0), "neutral", 0)

    assert (model.failures, model.state) == (1, "closed")
    assert settled(model, "failure", 0).state == "open"


def test_model_is_open_for_exactly_its_timeout() -> None:
    """Refused a moment before, admitted on the dot."""
    model = opened(now_s=10)

    assert refused(model, 69.5) == 0.5
    assert granted(model, 70.0)[0].state == "half_open"


def test_model_admits_one_trial() -> None:
    """While the trial is out, others are refused and told no time."""
    model, _ = granted(opened(), 60)

    assert refused(model, 60) == 0.0


@pytest.mark.parametrize(
    ("outcome", "state", "failures"),
    [("success", "closed", 0), ("failure", "open", 3), ("neutral", "half_open", 2)],
)
def test_model_is_decided_by_its_trial(outcome: CallOutcome, state: str, failures: int) -> None:
    """Success closes it, failure opens it, a neutral outcome decides nothing."""
    model = settled(opened(), outcome, 60)

    assert (model.state, model.failures) == (state, failures)


def test_model_reopens_for_a_full_period() -> None:
    """A failed trial counts the timeout from its end."""
    model, permit = granted(opened(), 60)
    model, _ = model.settle(permit, "failure", 75)

    assert refused(model, 134) == 1.0
    assert granted(model, 135)


def test_model_gives_back_the_permit_of_a_neutral_trial() -> None:
    """After a neutral outcome the next caller is the trial."""
    assert granted(settled(opened(), "neutral", 60), 60)


def test_model_gives_up_a_trial_when_its_lease_ends() -> None:
    """On the dot another may try, and what the lost trial came to no longer counts."""
    model, lost = granted(opened(), 60)
    assert refused(model, 89.5) == 0.0
    assert model.settle(lost, "success", 89.5)[1]
    assert not model.settle(lost, "success", 90)[1]

    model, _ = granted(model, 90)

    assert model.settle(lost, "success", 91) == (model, False)


def test_model_drops_results_of_an_earlier_period() -> None:
    """A call from before the opening decides nothing: not while open, half-open or closed."""
    model, late = granted(BreakerModel(POLICY), 0)
    for _ in range(2):
        model = settled(model, "failure", 0)
    trying, _ = granted(model, 60)
    closed = settled(model, "success", 60)

    for current in (model, trying, closed):
        for outcome in ("success", "failure", "neutral"):
            assert current.settle(late, outcome, 60) == (current, False)


def test_model_with_two_trials_closes_with_the_first_success() -> None:
    """Of several trials, the first success closes; any failure opens."""
    two = replace(POLICY, half_open_max_calls=2)
    model, first = granted(opened(two), 60)
    model, second = granted(model, 60)
    assert refused(model, 60) == 0.0

    closed, _ = model.settle(first, "success", 61)
    reopened, _ = model.settle(second, "failure", 61)

    assert (closed.state, reopened.state) == ("closed", "open")
    assert closed.settle(second, "failure", 62) == (closed, False)


def test_model_without_a_lease_waits_for_ever() -> None:
    """A policy may leave its trials all the time they take."""
    model, _ = granted(opened(replace(POLICY, trial_lease_s=None)), 60)

    assert refused(model, 1e9) == 0.0


Action = Literal["acquire", "success", "failure", "neutral", "pass"]
Move = tuple[Action, int]
"""What to do next; the number picks a permit, or says how many seconds pass."""

# Sums of these land on every boundary of the policies below, and a second to either side.
PAUSES_S = (1, 2, 28, 29, 30, 31, 58, 59, 60, 61)

MOVES = st.one_of(
    st.tuples(st.just("acquire"), st.just(0)),
    st.tuples(st.just("acquire"), st.just(0)),
    st.tuples(st.sampled_from(["success", "failure", "failure", "neutral"]), st.integers(0, 3)),
    st.tuples(st.just("pass"), st.sampled_from(PAUSES_S)),
)
POLICIES = st.builds(
    BreakerPolicy,
    failure_threshold=st.integers(1, 3),
    recovery_timeout_s=st.sampled_from([30, 60]),
    half_open_max_calls=st.integers(1, 2),
    trial_lease_s=st.sampled_from([29, 30, 60]),
)


class Pair:
    """The service's breaker and a model of it, doing the same at the same time."""

    def __init__(self, policy: BreakerPolicy, model: BreakerModel) -> None:
        assert policy.trial_lease_s is not None
        self.model = model
        self.now_s = 1000.0
        self.events: list[Event] = []
        options = BreakerSettings(
            failure_threshold=policy.failure_threshold,
            recovery_timeout=timedelta(seconds=policy.recovery_timeout_s),
            half_open_max_calls=policy.half_open_max_calls,
            trial_lease=timedelta(seconds=policy.trial_lease_s),
        )
        self.breaker = CircuitBreaker("openai", options, listeners=[self.events.append])
        self.permits: list[tuple[Permit, ModelPermit]] = []

    def play(self, moves: Sequence[Move]) -> str | None:
        """Make all moves on both; returns the first difference between them, if there is one."""
        frozen = SimpleNamespace(monotonic=lambda: self.now_s)
        with mock.patch.object(circuit_breaker, "time", frozen):
            for number, (action, argument) in enumerate(moves):
                before, self.events[:] = self.model.state, []
                if action == "pass":
                    self.now_s += argument
                    continue
                if action == "acquire":
                    ours, theirs = self._acquire()
                elif self.permits:
                    ours, theirs = self._settle(action, argument)
                else:
                    continue
                ours += self._state(before)
                theirs += self._seen_state()
                if ours != theirs:
                    return f"move {number}, {action}: the model {ours}, the breaker {theirs}"
        return None

    def _acquire(self) -> tuple[str, str]:
        self.model, given = self.model.acquire(self.now_s)
        ours = f"refuses, {given.retry_after_s}" if isinstance(given, ModelRefusal) else "admits"
        try:
            permit = self.breaker.acquire()
        except CallNotPermittedError as error:
            return ours, f"refuses, {error.retry_after_s}"
        if isinstance(given, ModelPermit):
            self.permits.append((permit, given))
        return ours, "admits"

    def _settle(self, outcome: CallOutcome, argument: int) -> tuple[str, str]:
        theirs, ours = self.permits.pop(argument % len(self.permits))
        self.model, counted = self.model.settle(ours, outcome, self.now_s)
        getattr(theirs, outcome)()
        (event,) = [event for event in self.events if isinstance(event, PermitSettled)]
        return f"counted {counted}", f"counted {event.counted}"

    def _state(self, before: str) -> str:
        model = self.model
        changes = [(before, model.state)] if model.state != before else []
        return f", {model.state}, {model.failures} failures, {changes}"

    def _seen_state(self) -> str:
        changes = [(e.old, e.new) for e in self.events if isinstance(e, BreakerTransition)]
        return f", {self.breaker.state.value}, {self.breaker.failures} failures, {changes}"


@hypothesis.settings(max_examples=2000, deadline=None)
@hypothesis.given(policy=POLICIES, moves=st.lists(MOVES, min_size=1, max_size=40))
def test_model_and_breaker_agree_on_any_history(policy: BreakerPolicy, moves: list[Move]) -> None:
    """Whatever is called, settled late or never, and however time passes: both do the same."""
    difference = Pair(policy, BreakerModel(policy)).play(moves)

    assert difference is None, difference


class OpensLate(BreakerModel):
    """A threshold that must be passed, not reached."""

    def settle(self, permit: ModelPermit, outcome: CallOutcome, now_s: float) -> tuple[Self, bool]:
        """Settle under a threshold one higher."""
        late = replace(self.policy, failure_threshold=self.policy.failure_threshold + 1)
        model, counted = BreakerModel.settle(replace(self, policy=late), permit, outcome, now_s)
        return replace(model, policy=self.policy), counted


class TriesLate(BreakerModel):
    """A timeout that must be passed, not reached."""

    def at(self, now_s: float) -> Self:
        """Be a moment behind."""
        return BreakerModel.at(self, now_s - 0.5)


class CountsNeutral(BreakerModel):
    """A neutral outcome that passes for a success."""

    def settle(self, permit: ModelPermit, outcome: CallOutcome, now_s: float) -> tuple[Self, bool]:
        """Settle neutral as success."""
        seen: CallOutcome = "success" if outcome == "neutral" else outcome
        return BreakerModel.settle(self, permit, seen, now_s)


class CountsLate(BreakerModel):
    """A result that counts whenever it comes."""

    def settle(self, permit: ModelPermit, outcome: CallOutcome, now_s: float) -> tuple[Self, bool]:
        """Settle every permit as one of this period."""
        current = replace(permit, period=self.period)
        model = replace(self, trials=(*self.trials, current))
        return BreakerModel.settle(model, current, outcome, now_s)


class KeepsNoLease(BreakerModel):
    """A trial that is never given up."""

    def at(self, now_s: float) -> Self:
        """Look with a policy that has no lease."""
        model = replace(self, policy=replace(self.policy, trial_lease_s=None))
        return replace(BreakerModel.at(model, now_s), policy=self.policy)


class ReopensShort(BreakerModel):
    """A failed trial after which the old timeout goes on."""

    def settle(self, permit: ModelPermit, outcome: CallOutcome, now_s: float) -> tuple[Self, bool]:
        """Keep the time of the first opening."""
        model, counted = BreakerModel.settle(self, permit, outcome, now_s)
        kept = self.state == "half_open"
        return (replace(model, opened_s=self.opened_s) if kept else model), counted


class AdmitsAll(BreakerModel):
    """A half-open state without a gate."""

    def acquire(self, now_s: float) -> tuple[Self, ModelPermit | ModelRefusal]:
        """Admit as if no trial were out."""
        return BreakerModel.acquire(replace(self, trials=()), now_s)


@pytest.mark.parametrize(
    "defect",
    [OpensLate, TriesLate, CountsNeutral, CountsLate, KeepsNoLease, ReopensShort, AdmitsAll],
)
def test_comparison_notices_a_defect_of_the_model(defect: type[BreakerModel]) -> None:
    """The comparison above would not agree with just any model: each of these is found out."""

    def differs(case: tuple[BreakerPolicy, list[Move]]) -> bool:
        policy, moves = case
        return Pair(policy, defect(policy)).play(moves) is not None

    # A case that cannot be found raises NoSuchExample.
    assert hypothesis.find(
        st.tuples(POLICIES, st.lists(MOVES, max_size=40)),
        differs,
        settings=hypothesis.settings(
            max_examples=2000,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[hypothesis.Phase.generate],
        ),
    )
