"""When a call is made again, after which wait, and when it is given up."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from helpdesk.errors import HelpdeskError
from helpdesk.events import Event, GivenUpReason, RetryGivenUp, RetryScheduled
from helpdesk.retry import Retry
from helpdesk.settings import RetrySettings
from tests.conftest import Clock

NO_JITTER = RetrySettings(attempts=6, jitter=timedelta(0))


class SickError(HelpdeskError):
    """A failure of a made-up provider."""

    def __init__(self, *, retryable: bool = True, retry_after_s: float | None = None) -> None:
        super().__init__("sick")
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class Leave(SystemExit):
    """An exit that claims to be worth another attempt."""

    retryable = True


class Call:
    """A call that fails with each error it was given, then succeeds; it counts its attempts."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.attempts = 0

    def __call__(self) -> str:
        """Make one attempt."""
        self.attempts += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def sick(times: int) -> list[SickError]:
    """Return that many failures worth another attempt."""
    return [SickError() for _ in range(times)]


def in_time(seconds: float = 3600.0) -> float:
    """Return the deadline that is so many seconds away."""
    return time.monotonic() + seconds


def test_waits_double_up_to_their_limit(clock: Clock) -> None:
    """2, 4, 8, then 10 s for ever."""
    call = Call(*sick(5))

    assert Retry(NO_JITTER, upstream="x").call(call, deadline=in_time()) == "done"

    assert clock.waits == [2.0, 4.0, 8.0, 10.0, 10.0]


def test_jitter_stays_within_its_bound_and_differs(clock: Clock) -> None:
    """Each wait has a random part of at most one second, so that callers do not march in step."""
    retry = Retry(RetrySettings(), upstream="x")

    for _ in range(50):
        retry.call(Call(*sick(1)), deadline=in_time())

    assert all(2.0 <= wait_s <= 3.0 for wait_s in clock.waits)
    assert len(set(clock.waits)) > 40


def test_third_failure_is_the_last(clock: Clock) -> None:
    """Three attempts by default; the last error comes out as it was raised."""
    errors = sick(3)
    call = Call(*errors)

    with pytest.raises(SickError) as raised:
        Retry(RetrySettings(), upstream="x").call(call, deadline=in_time())

    assert raised.value is errors[-1]
    assert (call.attempts, len(clock.waits)) == (3, 2)


@pytest.mark.parametrize(
    "error",
    [SickError(retryable=False), ValueError("a bug"), KeyboardInterrupt(), Leave()],
    ids=["says so itself", "does not say", "Ctrl-C", "an exit, whatever it says"],
)
def test_hopeless_error_is_not_tried_again(clock: Clock, error: BaseException) -> None:
    """Only an error that says that another attempt can help gets one."""
    call = Call(error)

    with pytest.raises(type(error)):
        Retry(RetrySettings(), upstream="x").call(call, deadline=in_time())

    assert (call.attempts, clock.waits) == (1, [])


@pytest.mark.parametrize(
    ("asked_s", "waited_s"), [(7.0, 7.0), (0.5, 2.0), (0.0, 2.0), (None, 2.0)]
)
def test_wait_is_the_longer_of_backoff_and_retry_after(
    clock: Clock, asked_s: float | None, waited_s: float
) -> None:
    """What the provider asked for is never cut short."""
    call = Call(SickError(retry_after_s=asked_s))

    Retry(NO_JITTER, upstream="x").call(call, deadline=in_time())

    assert clock.waits == [waited_s]


@pytest.mark.parametrize(("left_s", "attempts"), [(21.0, 2), (20.0, 1), (5.0, 1)])
def test_wait_that_does_not_fit_is_not_begun(clock: Clock, left_s: float, attempts: int) -> None:
    """A 20 s pause needs 21 s, so that the attempt after it has a second; else give up now."""
    call = Call(SickError(retry_after_s=20.0))

    try:
        Retry(NO_JITTER, upstream="x").call(call, deadline=in_time(left_s))
    except SickError:
        assert clock.waits == []

    assert call.attempts == attempts


def test_each_wait_is_announced(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """Listeners and log learn of attempt, wait and cause before the wait."""
    seen: list[tuple[float, Event]] = []
    started_s = time.monotonic()
    retry = Retry(
        NO_JITTER,
        upstream="gcs",
        listeners=[lambda event: seen.append((time.monotonic() - started_s, event))],
    )
    caplog.set_level("INFO")

    retry.call(Call(*sick(2)), deadline=in_time())

    assert seen == [
        (0.0, RetryScheduled(upstream="gcs", attempt=1, wait_s=2.0, cause="sick")),
        (2.0, RetryScheduled(upstream="gcs", attempt=2, wait_s=4.0, cause="sick")),
    ]
    assert "gcs: attempt 1 failed (sick); next in 2.0 s" in caplog.text


@pytest.mark.parametrize(
    ("errors", "left_s", "attempt", "reason"),
    [
        ([SickError(retryable=False)], 3600.0, 1, "not_retryable"),
        ([SickError(), SickError(retryable=False)], 3600.0, 2, "not_retryable"),
        ([SickError(), SickError(), SickError()], 3600.0, 3, "attempts_used"),
        ([SickError(), SickError()], 5.0, 2, "no_time_left"),
        # Nor would there be the time; but then there is no attempt left that could need it.
        ([SickError(), SickError(), SickError(retry_after_s=60.0)], 30.0, 3, "attempts_used"),
    ],
    ids=["hopeless", "hopeless at last", "the last one", "no time", "the last one, too late"],
)
@pytest.mark.usefixtures("clock")
def test_call_that_is_given_up_says_why(
    errors: list[SickError], left_s: float, attempt: int, reason: GivenUpReason
) -> None:
    """Listeners learn once of each call that failed, and why it is not tried again."""
    seen: list[Event] = []
    options = RetrySettings(attempts=3, jitter=timedelta(0))
    retry = Retry(options, upstream="gcs", listeners=[seen.append])

    with pytest.raises(SickError):
        retry.call(Call(*errors), deadline=in_time(left_s))

    given_up = RetryGivenUp(upstream="gcs", attempt=attempt, reason=reason, cause="sick")
    assert seen[-1] == given_up
    assert [type(event) for event in seen[:-1]] == [RetryScheduled] * (attempt - 1)


@pytest.mark.parametrize(
    "errors",
    [[], sick(2), [KeyboardInterrupt()], [Leave()]],
    ids=["well", "late", "Ctrl-C", "exit"],
)
def test_only_a_failure_is_given_up(clock: Clock, errors: list[BaseException]) -> None:
    """A call that succeeds in the end was not given up, nor was one that somebody broke off."""
    seen: list[Event] = []

    with contextlib.suppress(KeyboardInterrupt, Leave):
        Retry(NO_JITTER, upstream="x", listeners=[seen.append]).call(
            Call(*errors), deadline=in_time()
        )

    assert [type(event) for event in seen] == [RetryScheduled] * len(clock.waits)


def test_pause_that_does_not_fit_is_in_the_log(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reads the log learns how long the wait would have been."""
    caplog.set_level("INFO")
    call = Call(SickError(retry_after_s=20.0))

    with pytest.raises(SickError):
        Retry(NO_JITTER, upstream="gcs").call(call, deadline=in_time(5.0))

    assert (
        "gcs: attempt 1 failed (sick); given up: no time left for a wait of 20.0 s" in caplog.text
    )
    assert clock.waits == []


def test_one_policy_serves_many_threads(clock: Clock) -> None:
    """Eight threads share a policy, and none loses its count."""
    options = RetrySettings(first_backoff=timedelta(0), jitter=timedelta(0))
    retry = Retry(options, upstream="x")

    def calls(_: int) -> list[str]:
        return [retry.call(Call(*sick(2)), deadline=in_time()) for _ in range(50)]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(itertools.chain(*pool.map(calls, range(8))))

    assert answers == ["done"] * 400


def test_call_that_begins_leaves_others_alone(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call fails just while another begins: tenacity's decorator would lose a key by then."""
    retry, deadline, monotonic = Retry(NO_JITTER, upstream="x"), in_time(), time.monotonic
    begins, is_over = threading.Event(), threading.Event()
    other = threading.Thread(target=lambda: retry.call(Call(), deadline=deadline))
    failing = Call(SickError())

    def slow_to_begin() -> float:
        # The first thing that a call of tenacity does is to clear its statistics and look here.
        if threading.current_thread() is other and not begins.is_set():
            begins.set()
            assert is_over.wait(5)
        return monotonic()

    def attempt() -> str:
        if other.ident is None:
            other.start()
            assert begins.wait(5)
        return failing()

    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", slow_to_begin)
        try:
            answer = retry.call(attempt, deadline=deadline)
        finally:
            is_over.set()
            other.join(5)

    assert (answer, failing.attempts) == ("done", 2)


def test_calls_within_calls_do_not_mix(clock: Clock) -> None:
    """A retried call may itself make retried calls through the same policy."""
    retry = Retry(NO_JITTER, upstream="x")
    inner: Callable[[], str] = Call(*sick(1))

    def outer() -> str:
        return retry.call(inner, deadline=in_time())

    assert retry.call(outer, deadline=in_time()) == "done"
    assert clock.waits == [2.0]
