"""What the audit of the helpdesk knows, and what it cannot know and so does not claim."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.defects.edits import Rewrite
from chaos.reference.fragments import play_fragment
from chaos.runner.life import AUDIT
from chaos.simulation.world import Simulation
from chaos.targets import find_target
from chaos.targets.helpdesk.audit import Seen, refreshed
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome
from helpdesk.events import IndexServed, RefreshEnded

ONE_REFUSAL = """\
- inject: {{upstream: openai, fault: http_error, status: {status}, calls: 1}}
- ask: Is the VPN down?
  expect: {{answer.mode: fallback}}
"""


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    find_target("helpdesk")  # Before time is frozen: importing takes its time from the clock.
    with SimulatedTier() as entered:
        yield entered


@pytest.mark.parametrize("status", [400, 404, 405, 410, 422])
def test_one_refusal_is_shown_if_it_lasts(simulation: Simulation, status: int) -> None:
    """A wrong address is; a wrong question leaves the model available. Both are right."""
    result = play_fragment(ONE_REFUSAL.format(status=status), simulation)

    assert result.outcome is Outcome.PASSED, result.problems


@pytest.mark.parametrize("status", [400, 404])
def test_one_refusal_that_is_shown_as_the_other_kind_fails(
    simulation: Simulation, status: int
) -> None:
    """The service forgets what lasts, or takes any refusal for one that does."""
    lasting = "lasting=False" if status == 404 else "lasting=True"
    rewrite = Rewrite(
        "helpdesk.chat_errors",
        f'- return _final(message, "rejected", status, lasting=lasts)\n'
        f'+ return _final(message, "rejected", status, {lasting})',
    )
    with rewrite.applied():
        result = play_fragment(ONE_REFUSAL.format(status=status), simulation)

    assert [each.check for each in result.problems] == [AUDIT]


def test_wrong_question_does_not_show_that_an_account_is_open_again(
    simulation: Simulation,
) -> None:
    """The look that is due after a minute meets a question that is refused: nobody knows."""
    method = """\
- inject: {upstream: openai, fault: rate_limit, code: insufficient_quota, calls: 1}
- ask: Is the VPN down?
- advance: 2m
- inject: {upstream: openai, fault: http_error, status: 400, calls: 1}
- ask: Is the VPN down?
  expect: {answer.reason: rejected}
"""

    result = play_fragment(method, simulation)

    assert result.outcome is Outcome.PASSED, result.problems


def seen(*events: tuple[float, str, str]) -> Seen:
    """The service as it served an index, or ended a refresh that took two seconds."""
    kept = Seen(began_s=0.0)
    for at_s, what, generation in events:
        kept.at_s.append(at_s)
        kept.events.append(
            IndexServed(state="fresh", generation=generation, age_s=0, sha256=None, reason=None)
            if what == "served"
            else RefreshEnded(
                outcome="updated" if what == "updated" else "unchanged",
                generation=generation,
                duration_s=2.0,
                size_bytes=1,
            )
        )
    return kept


@pytest.mark.parametrize(
    "events",
    [
        [(10.0, "served", "1"), (20.0, "updated", "2")],
        [(10.0, "served", "1"), (20.0, "unchanged", "1")],
        # Whoever asks while a refresh ends may be served the new index before that is reported.
        [(19.0, "served", "2"), (20.0, "updated", "2")],
        [(10.0, "served", "1"), (19.0, "served", "2"), (20.0, "updated", "2")],
        [(20.0, "updated", "2"), (29.0, "served", "3"), (30.0, "updated", "3")],
    ],
)
def test_refresh_that_tells_what_was_served_before_and_after_is_believed(
    events: list[tuple[float, str, str]],
) -> None:
    """Nothing is claimed against it."""
    assert list(refreshed(seen(*events))) == []


@pytest.mark.parametrize(
    "events",
    [
        [(10.0, "served", "1"), (20.0, "updated", "1")],
        [(10.0, "served", "1"), (20.0, "unchanged", "2")],
        [(20.0, "updated", "2"), (30.0, "updated", "2")],
        [(10.0, "served", "1"), (20.0, "updated", "2"), (30.0, "unchanged", "1")],
    ],
)
def test_refresh_that_tells_otherwise_is_not(events: list[tuple[float, str, str]]) -> None:
    """What was served before it began, or what the one before it installed, is known."""
    (problem,) = refreshed(seen(*events))
    assert problem.startswith("a refresh: the service says ")
