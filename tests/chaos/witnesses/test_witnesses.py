"""Each law notices by itself what is wrong, and accuses nobody who is sound."""

from __future__ import annotations

import pytest

from chaos.checks.registry import law_names
from chaos.runner.result import RunResult
from chaos.simulation.world import Simulation
from chaos.trace.events import RequestEvent
from chaos.verdict import Outcome
from tests.chaos.witnesses import of_calls
from tests.chaos.witnesses.hearing import WITNESSES, heard
from tests.chaos.witnesses.witness import Witness

IDS = [f"{each.law}: {each.breaks.__name__}" for each in WITNESSES]


def laws_of(result: RunResult, outcome: Outcome) -> set[str]:
    """The laws that ended so."""
    return {law.check for law in result.laws if law.outcome is outcome}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("witness", WITNESSES, ids=IDS)
def test_law_notices_by_itself(simulation: Simulation, witness: Witness) -> None:
    """The target that breaks it breaks no other, so that no other law is needed to notice."""
    result = heard(simulation, witness.breaks, witness.method)

    failed = {law.check: law.reason for law in result.laws if law.outcome is Outcome.FAILED}
    assert set(failed) == {witness.law}, failed


@pytest.mark.parametrize("witness", WITNESSES, ids=IDS)
def test_law_accuses_nobody_who_keeps_it(simulation: Simulation, witness: Witness) -> None:
    """Its twin puts the law to the test, keeps it, and breaks no other."""
    result = heard(simulation, witness.keeps, witness.method)

    told = {law.check: law.reason for law in result.laws}
    assert witness.law in laws_of(result, Outcome.PASSED), told[witness.law]
    assert not laws_of(result, Outcome.FAILED), told


def test_repeating_with_a_key_is_no_breach(simulation: Simulation) -> None:
    """What the provider does once, however often it is asked to, may be asked for again."""
    result = heard(simulation, of_calls.OrdersWithAKey, of_calls.LOST_ORDER)

    assert len(result.trace.of(RequestEvent)) == 3
    assert not laws_of(result, Outcome.FAILED)


def test_every_law_has_a_witness() -> None:
    """A law that nobody has seen at work may not work."""
    assert {each.law for each in WITNESSES} == set(law_names())
