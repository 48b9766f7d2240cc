"""Judges what a scenario expects of one step, or of its whole run."""

from __future__ import annotations

from chaos.checks import liveness
from chaos.checks.evidence import deviations
from chaos.checks.measure import Window, measure
from chaos.scenario.expectations import Expectation
from chaos.scenario.kinds import Kind
from chaos.scenario.liveness import Eventually, LeadsTo
from chaos.verdict import Outcome, Verdict


def judge(expectation: Expectation, window: Window, *, kind: Kind, where: str) -> Verdict:
    """Compare what a window shows with what was expected of it.

    Args:
        expectation: The key and the tolerance from the file.
        window: The events it speaks of.
        kind: What sort of value the key has, to show it as a scenario would write it.
        where: Path of the step, or ``expect`` for the whole run.

    Returns:
        Failed if any value lies outside the tolerance, or could not be measured; inconclusive if
        there was none to judge.
    """
    try:
        return _judge(expectation, window, kind, where)
    except Exception as error:  # noqa: BLE001 - whoever measures may err; it must not look unjudged
        shown = f"{type(error).__name__}: {error}"
        return Verdict(
            check=f"{where} {expectation.key}",
            outcome=Outcome.FAILED,
            reason=f"{expectation.key} cannot be measured: {shown}",
            expected=expectation.tolerance.describe(),
            seen=shown,
            line=expectation.location.line or None,
        )


def _judge(expectation: Expectation, window: Window, kind: Kind, where: str) -> Verdict:
    if isinstance(expectation.tolerance, Eventually | LeadsTo):
        return liveness.judge(expectation, expectation.tolerance, window, where)
    measured = measure(expectation.key, window)
    expected = expectation.tolerance.describe()
    line = expectation.location.line or None
    check = f"{where} {expectation.key}"
    if measured.missing is not None:
        return Verdict(
            check=check,
            outcome=Outcome.INCONCLUSIVE,
            reason=f"nothing to judge: {measured.missing}",
            expected=expected,
            line=line,
        )
    outside = [v for v in measured.values if not expectation.tolerance.accepts(v)]
    shown = outside or list(measured.values)
    seen = kind.show(shown[0])
    if len(measured.values) > 1:
        seen += f" ({len(shown)} of {len(measured.values)} answers)"
    return Verdict(
        check=check,
        outcome=Outcome.FAILED if outside else Outcome.PASSED,
        reason=f"{expectation.key} {'is not' if outside else 'is'} {expected}",
        expected=expected,
        seen=seen,
        line=line,
        evidence=deviations(expectation, measured, window) if outside else measured.evidence,
    )
