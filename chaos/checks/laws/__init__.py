"""The laws that every run must obey: a class each, found by the name in `chaos.scenario.laws`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection

from chaos.checks.laws.law import Law
from chaos.checks.record import RunRecord
from chaos.scenario.laws import LAWS as NAMES
from chaos.verdict import Outcome, Verdict


def _found() -> dict[str, type[Law]]:
    """The laws of all modules of this package, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {law.name: law for law in Law.__subclasses__() if law.__module__.startswith(__name__)}


_FOUND = _found()

LAWS: tuple[type[Law], ...] = tuple(_FOUND[name] for name in NAMES)
"""Every law, in the order of the one list."""


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
