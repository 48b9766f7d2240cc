"""What the audit of the helpdesk knows of refusals, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.defects.edits import Rewrite
from chaos.reference.fragments import play_fragment
from chaos.runner.life import AUDIT
from chaos.simulation.world import Simulation
from chaos.targets import find_target
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome

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
