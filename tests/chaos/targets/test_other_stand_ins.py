"""A helpdesk target of one's own may put another stand-in in the place of the shipped one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from chaos.http import Request, Response
from chaos.ports import Target, Upstream
from chaos.runner.life import play
from chaos.scenario.loader import load_text
from chaos.simulation.world import Simulation
from chaos.targets.helpdesk.front_door import FrontDoorTarget
from chaos.targets.helpdesk.target import HelpdeskTarget
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.openai import OpenAIUpstream
from chaos.verdict import Outcome

SCENARIO = """\
version: 1
name: other
hypothesis: What stands in for the model is the target's.
target: mine
method:
  - ask: Is the VPN down?
    expect: {answer.mode: llm, calls.openai: 1}
"""


class Gateway(OpenAIUpstream):
    """Speaks as OpenAI does, with an event that carries no data before all others."""

    def handle(self, request: Request) -> Response:
        """The usual answer; a field of the event-stream standard goes before a stream."""
        answer = super().handle(request)
        if "event-stream" not in (answer.header("content-type") or ""):
            return answer
        return replace(answer, body=b"retry: 3000\n\n" + answer.body)


def with_gateway(upstreams: Sequence[Upstream]) -> tuple[Upstream, ...]:
    """The same stand-ins, and the gateway in place of the model."""
    return tuple(Gateway() if each.name == "openai" else each for each in upstreams)


class BehindGateway(HelpdeskTarget):
    """The helpdesk."""

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """The bucket, and the gateway."""
        return with_gateway(super().make_upstreams())


class BehindGatewayByTheDoor(FrontDoorTarget):
    """The helpdesk over HTTP."""

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """All that it needs, and the gateway."""
        return with_gateway(super().make_upstreams())


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


@pytest.mark.parametrize("target", [BehindGateway, BehindGatewayByTheDoor])
def test_stand_in_that_tells_nothing_of_what_it_heard(
    simulation: Simulation, target: type[Target]
) -> None:
    """The service is judged by all else."""
    loaded = load_text(SCENARIO, "other.yaml", lambda _: target.vocabulary())

    result = play(loaded, target, simulation)

    assert result.outcome is Outcome.PASSED, result.problems
