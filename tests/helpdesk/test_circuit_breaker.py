"""The promises of the circuit breaker, one by one, and against a model of a few lines."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import hypothesis
import hypothesis.strategies as st
import pytest

from helpdesk.circuit_breaker import CircuitBreaker, Permit, State
from helpdesk.errors import CallNotPermittedError
from helpdesk.events import (
    BreakerEvent,
    BreakerTransition,
    CallRefused,
    Event,
    PermitGranted,
    PermitSettled,
)
from helpdesk.settings import BreakerSettings
from helpdesk.shared_breakers import forget_shared_breakers, shared_breaker
from tests.conftest import Clock


@pytest.fixture
def events() -> list[Event]:
    """Return what the breaker reported, in order."""
    return []


@pytest.fixture(params=[True, False], ids=["heard", "unheard"])
def breaker(request: pytest.FixtureRequest, clock: Clock, events: list[Event]) -> CircuitBreaker:
    """Return a closed breaker: 5 failures, 60 s, one trial; with somebody who listens, or not.

    Unheard, a call takes another way through the code, and everything has to hold on it, too.
    """
    listeners = [events.append] if request.param else []
    return CircuitBreaker("openai", BreakerSettings(), listeners=listeners)


heard = pytest.mark.parametrize("breaker", [True], indirect=True, ids=["heard"])
"""For tests of what is heard."""


def trip(breaker: CircuitBreaker) -> None:
    """Fail as often as it takes to open the breaker."""
    for _ in range(breaker.options.failure_threshold):
        breaker.acquire().failure()
    assert breaker.state is State.OPEN


def is_refused(breaker: CircuitBreaker) -> bool:
    """Ask for a permit and say whether it was refused."""
    try:
        breaker.acquire()
    except CallNotPermittedError:
        return True
    return False


def test_breaker_opens_on_the_fifth_failure_in_a_row(breaker: CircuitBreaker) -> None:
    """Four failures leave it closed; the fifth opens it."""
    for _ in range(4):
        breaker.acquire().failure()
    assert (breaker.state, breaker.failures) == (State.CLOSED, 4)

    breaker.acquire().failure()

    assert (breaker.state, breaker.failures) == (State.OPEN, 5)
    assert is_refused(breaker)


def test_success_starts_the_count_anew(breaker: CircuitBreaker) -> None:
    """Only failures in a row count."""
    for _ in range(4):
        breaker.acquire().failure()
    breaker.acquire().success()

    for _ in range(4):
        breaker.acquire().failure()

    assert breaker.state is State.CLOSED


@pytest.mark.parametrize(
    ("waited_s", "is_let_through"), [(59.0, False), (59.75, False), (60.0, True), (3600.0, True)]
)
def test_trial_is_let_through_from_the_recovery_timeout_on(
    breaker: CircuitBreaker, clock: Clock, waited_s: float, *, is_let_through: bool
) -> None:
    """The trial comes at exactly 60 s and not before."""
    trip(breaker)

    clock.advance(waited_s)

    assert is_refused(breaker) is not is_let_through


def test_refusal_says_how_long_to_wait(breaker: CircuitBreaker, clock: Clock) -> None:
    """The error carries upstream, state and the seconds that are left."""
    trip(breaker)
    clock.advance(40.0)

    with pytest.raises(CallNotPermittedError) as refusal:
        breaker.acquire()

    assert (refusal.value.upstream, refusal.value.state) == ("openai", "open")
    assert refusal.value.retry_after_s == pytest.approx(20.0)
    assert str(refusal.value) == (
        "call to 'openai' not permitted: breaker is open; retry after 20.0 s or serve a fallback"
    )


def test_each_refusal_is_a_new_error(breaker: CircuitBreaker) -> None:
    """An error raised again and again would grow its traceback without end."""
    trip(breaker)
    refusals = []

    for _ in range(3):
        with pytest.raises(CallNotPermittedError) as refusal:
            breaker.acquire()
        refusals.append(refusal.value)

    assert len({id(error) for error in refusals}) == 3


def test_half_open_lets_one_of_twenty_simultaneous_callers_through(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """Twenty threads that start together get one permit between them."""
    trip(breaker)
    clock.advance(60.0)
    barrier = threading.Barrier(20)

    def call(_: int) -> bool:
        barrier.wait()
        return is_refused(breaker)

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        refused = list(pool.map(call, range(20)))

    assert refused.count(False) == 1


def test_half_open_lets_as_many_through_as_its_setting_says(clock: Clock) -> None:
    """Three trials at once, if that is what half_open_max_calls says."""
    breaker = CircuitBreaker("openai", BreakerSettings(half_open_max_calls=3))
    trip(breaker)
    clock.advance(60.0)

    refused = [is_refused(breaker) for _ in range(5)]

    assert refused == [False, False, False, True, True]


def test_successful_trial_closes(breaker: CircuitBreaker, clock: Clock) -> None:
    """One success in half-open is enough, and clears the count."""
    trip(breaker)
    clock.advance(60.0)

    breaker.acquire().success()

    assert (breaker.state, breaker.failures) == (State.CLOSED, 0)


def test_failed_trial_opens_for_a_full_period(breaker: CircuitBreaker, clock: Clock) -> None:
    """The period starts when the trial fails, not when it began."""
    trip(breaker)
    clock.advance(60.0)
    trial = breaker.acquire()
    clock.advance(15.0)
    trial.failure()
    assert breaker.state is State.OPEN

    clock.advance(59.0)
    assert is_refused(breaker)
    clock.advance(1.0)

    assert not is_refused(breaker)


@pytest.mark.parametrize("outcome", ["success", "failure", "neutral"])
def test_late_result_does_not_touch_an_open_breaker(
    breaker: CircuitBreaker, clock: Clock, outcome: str
) -> None:
    """A call admitted before the opening neither closes it nor pushes its recovery away."""
    late = breaker.acquire()
    trip(breaker)
    clock.advance(40.0)

    getattr(late, outcome)()

    assert breaker.state is State.OPEN
    assert breaker.snapshot().retry_after_s == pytest.approx(20.0)


@pytest.mark.parametrize("outcome", ["success", "failure", "neutral"])
def test_late_result_does_not_decide_a_half_open_trial(
    breaker: CircuitBreaker, clock: Clock, outcome: str
) -> None:
    """A call admitted before the opening has no say in the trial, nor frees its place."""
    late = breaker.acquire()
    trip(breaker)
    clock.advance(60.0)
    breaker.acquire()

    getattr(late, outcome)()

    assert breaker.state is State.HALF_OPEN
    assert is_refused(breaker)


def test_late_result_does_not_touch_the_next_closed_period(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """A call admitted in one closed period does not count in another."""
    late = breaker.acquire()
    trip(breaker)
    clock.advance(60.0)
    breaker.acquire().success()

    late.failure()

    assert breaker.failures == 0


def test_neutral_outcome_neither_counts_nor_clears(breaker: CircuitBreaker) -> None:
    """Four failures, a neutral call, one failure: open."""
    for _ in range(4):
        breaker.acquire().failure()

    breaker.acquire().neutral()
    assert (breaker.state, breaker.failures) == (State.CLOSED, 4)
    breaker.acquire().failure()

    assert breaker.state is State.OPEN


def test_neutral_trial_decides_nothing_and_returns_its_place(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """A caller's own mistake does not close a half-open breaker; the next call is the trial."""
    trip(breaker)
    clock.advance(60.0)

    breaker.acquire().neutral()

    assert breaker.state is State.HALF_OPEN
    assert not is_refused(breaker)
    assert is_refused(breaker)


def test_lost_trial_is_given_up_after_its_lease(breaker: CircuitBreaker, clock: Clock) -> None:
    """A trial that never comes back blocks others for 60 s, not for ever."""
    trip(breaker)
    clock.advance(60.0)
    breaker.acquire()

    clock.advance(59.0)
    assert is_refused(breaker)
    clock.advance(1.0)

    assert not is_refused(breaker)


def test_trial_given_up_has_no_say_any_more(breaker: CircuitBreaker, clock: Clock) -> None:
    """Its result does not decide the trial that took its place."""
    trip(breaker)
    clock.advance(60.0)
    lost = breaker.acquire()
    clock.advance(60.0)
    breaker.acquire()

    lost.success()

    assert breaker.state is State.HALF_OPEN
    assert is_refused(breaker)


def test_permit_is_settled_once(breaker: CircuitBreaker) -> None:
    """The first outcome holds; settling again does nothing."""
    permit = breaker.acquire()
    permit.neutral()

    permit.failure()

    assert breaker.failures == 0


@pytest.mark.parametrize(
    ("error", "failures"),
    [
        pytest.param(None, 0, id="success clears"),
        pytest.param(ValueError(), 2, id="an exception is a failure"),
        pytest.param(KeyboardInterrupt(), 1, id="Ctrl-C is neutral"),
        pytest.param(SystemExit(), 1, id="an exit is neutral"),
        pytest.param(asyncio.CancelledError(), 1, id="a cancellation is neutral"),
    ],
)
def test_context_manager_settles_by_how_the_call_ended(
    breaker: CircuitBreaker, error: BaseException | None, failures: int
) -> None:
    """A return is a success, an Exception a failure, everything else neutral."""
    breaker.acquire().failure()

    def call() -> None:
        if error is not None:
            raise error

    with pytest.raises(type(error)) if error else contextlib.nullcontext(), breaker.acquire():
        call()

    assert breaker.failures == failures


def test_permit_is_not_confirmed_after_the_breaker_opened(breaker: CircuitBreaker) -> None:
    """A call that was let through learns that it is not to try again."""
    permit = breaker.acquire()
    permit.confirm()
    trip(breaker)

    with pytest.raises(CallNotPermittedError, match="breaker is open"):
        permit.confirm()


def test_wall_clock_has_no_say(
    breaker: CircuitBreaker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time correction neither shortens nor lengthens the open period."""
    trip(breaker)

    monkeypatch.setattr("time.time", lambda: 0.0)
    clock.advance(59.0)
    assert is_refused(breaker)
    clock.advance(1.0)

    assert not is_refused(breaker)


def test_lock_is_not_held_over_the_call(breaker: CircuitBreaker) -> None:
    """Eight calls can be under way at once: each waits for all the others."""
    together = threading.Barrier(8)

    def call(_: int) -> None:
        with breaker.acquire():
            together.wait(timeout=30)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(8)))

    assert breaker.state is State.CLOSED


def test_every_decision_is_made_under_the_lock(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking and acting are one step; otherwise two callers could both be the one trial."""
    decided: set[tuple[str, bool]] = set()

    def watched(name: str, inner: Callable[..., object]) -> Callable[..., object]:
        def decide(breaker: CircuitBreaker, *args: object) -> object:
            decided.add((name, breaker._lock.locked()))
            return inner(breaker, *args)

        return decide

    names = ("_refusal", "_is_current", "_judge", "_enter")
    for name in names:
        monkeypatch.setattr(CircuitBreaker, name, watched(name, getattr(CircuitBreaker, name)))
    breaker = CircuitBreaker("openai")

    trip(breaker)
    assert is_refused(breaker)
    clock.advance(60.0)
    trial = breaker.acquire()
    trial.confirm()
    trial.success()

    assert decided == {(name, True) for name in names}


def test_listener_may_ask_the_breaker_and_may_fail(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Listeners are called outside the lock; one that raises is logged and changes nothing."""
    seen: list[State] = []

    def curious(event: Event) -> None:
        seen.append(watched.state)

    def broken(event: Event) -> None:
        raise RuntimeError("broken listener")

    watched = CircuitBreaker("openai", listeners=[broken, curious])

    watched.acquire().success()

    assert seen == [State.CLOSED, State.CLOSED]
    assert "broken listener" in caplog.text


@heard
def test_events_tell_the_whole_story_in_order(
    breaker: CircuitBreaker, clock: Clock, events: list[Event]
) -> None:
    """Permits, outcomes, transitions and refusals arrive numbered, as they happened."""
    trip(breaker)
    assert is_refused(breaker)
    clock.advance(60.0)
    breaker.acquire().success()

    assert [type(event) for event in events] == [
        *[PermitGranted, PermitSettled] * 5,
        BreakerTransition,
        CallRefused,
        BreakerTransition,
        PermitGranted,
        PermitSettled,
        BreakerTransition,
    ]
    moves = [(e.old, e.new) for e in events if isinstance(e, BreakerTransition)]
    assert moves == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]
    numbers = [event.sequence for event in events if isinstance(event, BreakerEvent)]
    assert numbers == list(range(1, len(events) + 1))


@heard
def test_listener_added_twice_is_told_once(breaker: CircuitBreaker, events: list[Event]) -> None:
    """Passing one listener to the breaker and to its service does not double its events."""
    breaker.listen(events.append, events.append)

    breaker.acquire()

    assert len(events) == 1


def test_transitions_are_logged(breaker: CircuitBreaker, caplog: pytest.LogCaptureFixture) -> None:
    """Opening is a warning with the name of the upstream."""
    trip(breaker)

    assert ("helpdesk.circuit_breaker", 30, "breaker of openai: closed -> open") in (
        caplog.record_tuples
    )


def test_shared_breaker_is_one_for_each_upstream() -> None:
    """Services of a process count together; upstreams count apart."""
    forget_shared_breakers()

    first = shared_breaker("openai", BreakerSettings())

    assert shared_breaker("openai", BreakerSettings()) is first
    assert shared_breaker("gcs", BreakerSettings()) is not first


def test_shared_breaker_keeps_its_first_options(caplog: pytest.LogCaptureFixture) -> None:
    """Other options for a breaker that is shared already are named in a warning."""
    forget_shared_breakers()
    first = shared_breaker("openai", BreakerSettings())

    second = shared_breaker("openai", BreakerSettings(failure_threshold=2))

    assert second is first
    assert "keeps its first options" in caplog.text


class Model:
    """The breaker as one would explain it: single-threaded, with calls that end at once."""

    def __init__(self, threshold: int, recovery_s: int) -> None:
        self.threshold, self.recovery_s = threshold, recovery_s
        self.state, self.failures, self.opened_s = "closed", 0, 0

    def call(self, now_s: int, outcome: str) -> bool:
        """Make a call that ends in ``outcome``; say whether it was let through."""
        if self.state == "open":
            if now_s - self.opened_s < self.recovery_s:
                return False
            self.state = "half_open"
        if outcome == "success":
            self.state, self.failures = "closed", 0
        elif outcome == "failure":
            self.failures += 1
            if self.state == "half_open" or self.failures >= self.threshold:
                self.state, self.opened_s = "open", now_s
        return True


@hypothesis.settings(
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None
)
@hypothesis.given(
    threshold=st.integers(1, 4),
    recovery_s=st.integers(1, 5),
    script=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["success", "failure", "neutral"])),
        max_size=40,
    ),
)
def test_breaker_follows_the_model(
    clock: Clock, threshold: int, recovery_s: int, script: Sequence[tuple[int, str]]
) -> None:
    """Whatever happens, one call after another, it does what the model does."""
    options = BreakerSettings(
        failure_threshold=threshold, recovery_timeout=timedelta(seconds=recovery_s)
    )
    breaker, model, now_s = CircuitBreaker("openai", options), Model(threshold, recovery_s), 0
    for pause_s, outcome in script:
        clock.advance(pause_s)
        now_s += pause_s

        expected = model.call(now_s, outcome)

        try:
            getattr(breaker.acquire(), outcome)()
        except CallNotPermittedError:
            assert not expected
        else:
            assert expected
        assert (breaker.state.value, breaker.failures) == (model.state, model.failures)


@hypothesis.settings(
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None
)
@hypothesis.given(
    most=st.integers(1, 3),
    script=st.lists(
        st.tuples(
            st.sampled_from(["acquire", "success", "failure", "neutral", "wait"]),
            st.integers(0, 9),
        ),
        max_size=80,
    ),
)
def test_half_open_never_has_more_trials_than_allowed(
    clock: Clock, most: int, script: Sequence[tuple[str, int]]
) -> None:
    """However calls overlap, trials of one half-open period never exceed the setting."""
    options = BreakerSettings(
        failure_threshold=2,
        recovery_timeout=timedelta(seconds=2),
        trial_lease=timedelta(seconds=3600),
        half_open_max_calls=most,
    )
    breaker = CircuitBreaker("openai", options)
    under_way: list[Permit] = []
    for action, number in script:
        if action == "wait":
            clock.advance(1.0)
        elif action == "acquire":
            try:
                under_way.append(breaker.acquire())
            except CallNotPermittedError:
                assert breaker.state is not State.CLOSED
        elif under_way:
            getattr(under_way.pop(number % len(under_way)), action)()

        if breaker.state is State.HALF_OPEN:
            trials = [p for p in under_way if p.generation == breaker._generation]
            assert len(trials) <= most


def test_events_of_each_call_are_made_for_whoever_hears_them(clock: Clock) -> None:
    """A listener that names other kinds gets those, and costs a call nothing."""
    seen: list[Event] = []

    class Choosy:
        hears = frozenset({BreakerTransition, CallRefused})

        def __call__(self, event: Event) -> None:
            seen.append(event)

    breaker = CircuitBreaker("openai", listeners=[Choosy()])

    breaker.acquire().success()
    trip(breaker)
    assert is_refused(breaker)

    assert [type(event) for event in seen] == [BreakerTransition, CallRefused]
    assert not breaker._is_heard
    breaker.listen(seen.append)
    clock.advance(60.0)
    breaker.acquire()
    assert isinstance(seen[-1], PermitGranted)


def test_unheard_call_takes_no_lock(clock: Clock) -> None:
    """Closed and without a failure before it: it changes nothing, and asks nobody."""
    breaker = CircuitBreaker("openai")

    with breaker._lock:
        with breaker.acquire() as permit:
            pass
        assert permit.settled


def test_permit_taken_without_the_lock_belongs_to_the_state_that_was_seen(clock: Clock) -> None:
    """The breaker opens just after a quick call has found it closed: the call decides nothing."""

    class Opening(CircuitBreaker):
        """Opens behind the back of whoever looks at its state while it is armed."""

        is_armed = False

        @property
        def _state(self) -> State:
            seen = self.kept
            if self.is_armed:
                self.is_armed = False
                self.acquire().failure()
            return seen

        @_state.setter
        def _state(self, value: State) -> None:
            self.kept = value

    breaker = Opening("openai", BreakerSettings(failure_threshold=1))
    breaker.is_armed = True

    late = breaker.acquire()
    clock.advance(30.0)
    late.failure()

    assert breaker.snapshot().state is State.OPEN
    assert breaker.snapshot().retry_after_s == 30.0
