"""The laws that every run must obey: a class each, found by the name in `chaos.scenario.laws`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Sequence

from chaos.checks.laws.law import Law
from chaos.checks.record import RunRecord
from chaos.extensions import ExtensionKind, Listed, Registry, of_others
from chaos.scenario.laws import SHIPPED
from chaos.verdict import Outcome, Verdict


def _shipped() -> dict[str, type[Law]]:
    """The laws of all modules of this package, in the order of the one list."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    own = (law for law in Law.__subclasses__() if law.__module__.startswith(f"{__name__}."))
    by_name = {law.name: law for law in own}
    return {name: by_name[name] for name in SHIPPED}


LAWS: Sequence[type[Law]] = Listed(Registry(ExtensionKind.LAW, _shipped()))
"""Every law, in the order of the one list, and then those that others add."""


def judge_laws(run: RunRecord, *, waived: Collection[str] = ()) -> tuple[Verdict, ...]:
    """Judge a finished run by every law; one verdict each, in the order of `LAWS`.

    Laws that only other targets bring are left out.

    A waived law comes out inconclusive, whatever it found. A law that raises has failed, as
    has one that gives no verdict of its own: a check that broke down must not look like one that
    had nothing to judge.
    """
    others = of_others(ExtensionKind.LAW, run.brings)
    return tuple(_judge(law(), run, waived) for law in LAWS if law.name not in others)


def _judge(law: Law, run: RunRecord, waived: Collection[str]) -> Verdict:
    try:
        verdict = _own_verdict(law, run)
    except Exception as error:  # noqa: BLE001 - any error of a law is our bug, told as a verdict
        shown = f"{type(error).__name__}: {error}"
        return Verdict(
            check=law.name,
            outcome=Outcome.FAILED,
            reason=f"the law raised an error: {shown}",
            expected="a verdict",
            seen=shown,
        )
    if law.name not in waived:
        return verdict
    because = f", because: {run.scenario.because}" if run.scenario.because else ""
    return law.not_exercised(f"waived{because} (found: {verdict.outcome.value}, {verdict.reason})")


def _own_verdict(law: Law, run: RunRecord) -> Verdict:
    verdict: object = law.judge(run)
    if not isinstance(verdict, Verdict) or verdict.check != law.name:
        raise TypeError(f"judge() returned {verdict!r}, which is not a verdict on {law.name!r}")
    return verdict
