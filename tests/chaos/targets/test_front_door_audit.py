"""What operators read over HTTP is held against what the harness knows, and a lie is found out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.defects.edits import Rewrite
from chaos.runner.life import AUDIT, play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.simulation.world import Simulation
from chaos.targets.helpdesk.front_door import FrontDoorTarget
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome

METHOD = """
  - ask: How do I reset my password?
  - inject: {upstream: openai, fault: http_error, status: 503}
  - ask: {question: Is the VPN down?, times: 6}
"""


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def asked(simulation: Simulation) -> RunResult:
    """An answer of the model, six others, and a breaker that has opened."""
    loaded = load_text(
        "version: 1\nname: told\nhypothesis: It is so.\n"
        "target: chaos.targets.helpdesk.front_door:FrontDoorTarget\n"
        f"method:{METHOD}expect: {{availability: 1, answers: {{fallback: 6}}}}\n",
        "told.yaml",
        lambda _: FrontDoorTarget.vocabulary(),
    )
    return play(loaded, FrontDoorTarget, simulation)


OPERATIONS, METRICS = "helpdesk.web.operations", "helpdesk.metrics"


@pytest.mark.parametrize(
    ("where", "diff", "told"),
    [
        pytest.param(
            OPERATIONS,
            (
                "- return jsonable_encoder(desk.get_status())\n"
                '+ return jsonable_encoder({**desk.get_status(), "load": {"questions": 7}})'
            ),
            "load: the service says {'questions': 7}",
            id="status",
        ),
        pytest.param(
            OPERATIONS,
            "- if readiness.is_ready:\n+ if not readiness.is_ready:",
            "readyz: the service says 503",
            id="readiness",
        ),
        pytest.param(
            OPERATIONS,
            (
                '- """It is, whatever the providers are doing: '
                'to restart it would mend nothing."""\n'
                '+ raise RuntimeError("a provider is down")'
            ),
            "healthz: the service says 500",
            id="health",
        ),
        pytest.param(
            METRICS,
            '- self._answers.labels(event.mode, event.reason or "none").inc()\n'
            '+ self._answers.labels("llm", event.reason or "none").inc()',
            "helpdesk_answers_total",
            id="metrics",
        ),
        pytest.param(
            METRICS,
            "- return generate_latest(self.registry)\n"
            '+ return generate_latest(self.registry) + b"helpdesk_answers_total many\\n"',
            "/status or /metrics cannot be read: ValueError",
            id="metrics that nobody can read",
        ),
        pytest.param(
            METRICS,
            "- self._breaker.labels(event.upstream).state(event.new)\n+ pass",
            "helpdesk_breaker_state",
            id="state of the breaker in metrics",
        ),
    ],
)
def test_lie_over_http_is_found_out(
    simulation: Simulation, where: str, diff: str, told: str
) -> None:
    """Of the sound service nothing is told that is not so, and of the other just that."""
    sound = asked(simulation)
    with Rewrite(where, diff).applied():
        lying = asked(simulation)

    assert sound.outcome is Outcome.PASSED, sound.problems
    reasons = [each.reason for each in lying.problems if each.check == AUDIT]
    assert any(each.startswith(told) for each in reasons), lying.problems
