"""The laws that every run must obey, in the order in which they are explained."""

from __future__ import annotations

from collections.abc import Collection

from chaos.checks.laws.answers import EveryAskIsAnswered, NoFabricatedSuccess
from chaos.checks.laws.breaker_replay import BreakerFollowsTheModel
from chaos.checks.laws.breakers import NoCallWhileOpen, OneTrial
from chaos.checks.laws.index import CacheIsNeverLost, NoTornIndex
from chaos.checks.laws.law import Law
from chaos.checks.laws.mishaps import LoopIsNeverBlocked, NoErrorIsLost
from chaos.checks.laws.recovery import Recovers
from chaos.checks.laws.retries import BackoffHonoured, BoundedAttempts, NoDoomedRetry
from chaos.checks.laws.staleness import StaleIsSaid
from chaos.checks.record import RunRecord
from chaos.verdict import Outcome, Verdict

LAWS: tuple[type[Law], ...] = (
    EveryAskIsAnswered,
    BoundedAttempts,
    BackoffHonoured,
    NoDoomedRetry,
    NoCallWhileOpen,
    BreakerFollowsTheModel,
    OneTrial,
    Recovers,
    CacheIsNeverLost,
    NoTornIndex,
    StaleIsSaid,
    NoFabricatedSuccess,
    NoErrorIsLost,
    LoopIsNeverBlocked,
)
"""Every law."""


def judge_laws(run: RunRecord, *, waived: Collection[str] = ()) -> tuple[Verdict, ...]:
    """Judge a finished run by every law; one verdict each, in the order of `LAWS`.

    A waived law comes out inconclusive, whatever it found. A law that raises has failed: a check
    that broke down must not look like one that had nothing to judge.
    """
    return tuple(_judge(law(), run, waived) for law in LAWS)


def _judge(law: Law, run: RunRecord, waived: Collection[str]) -> Verdict:
    try:
        verdict = law.judge(run)
    except Exception as error:  # noqa: BLE001 - any error of a law is our bug, told as a verdict
        shown = f"{type(error).__name__}: {error}"
        return Verdict(
            check=law.name,
            outcome=Outcome.FAILED,
            reason=f"the law itself broke down: {shown}",
            expected="a verdict",
            seen=shown,
        )
    if law.name not in waived:
        return verdict
    because = f", because: {run.scenario.because}" if run.scenario.because else ""
    return law.not_exercised(f"waived{because} (found: {verdict.outcome.value}, {verdict.reason})")
