"""However a body arrives, its exchange ends by the deadline."""

from __future__ import annotations

import contextlib
import math
import time

import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpdesk import bounded_http
from tests.conftest import Clock
from tests.helpdesk.slow_body import SlowBody

BOUND_S = 15.0

# Hypothesis would measure an example by the frozen clock, which every example moves.
virtual_time = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
gaps = st.lists(st.floats(0.0, 20.0), min_size=1, max_size=30)


def exchange(
    clock: Clock, *, head_s: float, gaps_s: list[float], deadline_s: float, length: int | None
) -> bytes:
    """Read a body of one byte after each gap, as a client does whose reads have a timeout."""

    def served(request: httpx2.Request) -> httpx2.Response:
        clock.advance(head_s)
        headers = {} if length is None else {"content-length": str(length)}
        body = SlowBody(clock, gaps_s, timeouts=request.extensions["timeout"])
        return httpx2.Response(200, headers=headers, stream=body)

    inner = httpx2.Client(transport=httpx2.MockTransport(served))
    transport = bounded_http.BoundedTransport(inner)
    with (
        httpx2.Client(transport=transport, trust_env=False) as client,
        bounded_http.deadline(time.monotonic() + deadline_s),
    ):
        return client.get("https://example.com/", timeout=min(BOUND_S, deadline_s)).content


@given(head_s=st.floats(0.0, 14.9), gaps_s=gaps, deadline_s=st.floats(15.0, 60.0))
@example(head_s=0.0, gaps_s=[2.0] * 30, deadline_s=15.0)
@example(head_s=0.0, gaps_s=[14.0] * 30, deadline_s=19.0)
@virtual_time
def test_exchange_ends_by_the_deadline(
    clock: Clock, head_s: float, gaps_s: list[float], deadline_s: float
) -> None:
    """No order of pauses holds the asker beyond the deadline, nor longer than bound and a read."""
    started_s = time.monotonic()
    with contextlib.suppress(httpx2.ReadTimeout):
        exchange(clock, head_s=head_s, gaps_s=gaps_s, deadline_s=deadline_s, length=None)

    took_s = time.monotonic() - started_s
    assert took_s <= min(deadline_s, 2 * BOUND_S) + 0.01


@given(gaps_s=st.lists(st.floats(0.0, 0.3), min_size=1, max_size=30))
@virtual_time
def test_steady_body_is_read_whole(clock: Clock, gaps_s: list[float]) -> None:
    """What comes within two thirds of the time, without a pause of a third, is never given up."""
    body = exchange(clock, head_s=0.5, gaps_s=gaps_s, deadline_s=BOUND_S, length=None)

    assert body == b"." * len(gaps_s)


def test_far_deadline_leaves_the_timeout_as_it_is(clock: Clock) -> None:
    """A body that needs all of its fifteen seconds has them, when thirty are left."""
    body = exchange(clock, head_s=0.0, gaps_s=[7.4, 7.4], deadline_s=30.0, length=None)

    assert body == b".."


def test_complete_body_is_not_thrown_away_for_being_just_in_time(clock: Clock) -> None:
    """The last byte of a known length needs no further read, however late it is."""
    body = exchange(clock, head_s=4.0, gaps_s=[3.0, 3.0, 3.0], deadline_s=BOUND_S, length=3)

    assert body == b"..."


def test_incomplete_body_is_given_up_before_a_read_that_might_end_too_late(clock: Clock) -> None:
    """With a byte missing at the same moment there is no time to wait for it."""
    with pytest.raises(httpx2.ReadTimeout, match="cannot be complete after 15 s"):
        exchange(clock, head_s=4.0, gaps_s=[3.0] * 4, deadline_s=BOUND_S, length=4)


def test_deadline_ends_with_its_context(clock: Clock) -> None:
    """What is asked afterwards is bounded by its timeout alone."""
    with bounded_http.deadline(time.monotonic()):
        pass

    body = exchange(clock, head_s=0.0, gaps_s=[10.0], deadline_s=math.inf, length=None)

    assert body == b"."
