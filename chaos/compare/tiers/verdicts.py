"""What a comparison of the tiers says of a run."""

from __future__ import annotations

from dataclasses import replace

from chaos.compare.tiers.differences import EventDifference, compare
from chaos.compare.tiers.side_by_side import sides_of
from chaos.runner.result import RunResult, replay_command
from chaos.trace.text import describe
from chaos.verdict import Outcome, Verdict

_SHOWN = 3
"""After the first few differences the rest mostly follows from them."""


def with_parity(wire: RunResult, simulated: RunResult) -> RunResult:
    """The run over sockets, judged also by whether it went as the simulation said."""
    differences = compare(simulated.trace, wire.trace)
    both = replace(wire, replay=replay_command(wire.path, "both", wire.seed))
    if not differences:
        agreed = Verdict(
            check="parity",
            outcome=Outcome.PASSED,
            reason=f"all {len(wire.trace)} events as in the simulated tier",
        )
        return replace(both, verdicts=(*wire.verdicts, agreed))
    shown = tuple(
        _verdict(each, f"difference {number} of {len(differences)}")
        for number, each in enumerate(differences[:_SHOWN], start=1)
    )
    return replace(both, verdicts=(*wire.verdicts, *shown))


def _verdict(difference: EventDifference, which: str) -> Verdict:
    fields = ", ".join(
        f"{name} {there!r} instead of {here!r}" for name, here, there in difference.fields
    )
    return Verdict(
        check="parity",
        outcome=Outcome.FAILED,
        reason=f"{which} between the tiers: {fields or 'only one of them has this event'}",
        expected=describe(difference.simulated).strip() if difference.simulated else "nothing",
        seen=describe(difference.wire).strip() if difference.wire else "nothing",
        line=difference.line,
        evidence=(difference.wire.seq,) if difference.wire else (),
        sides=sides_of(difference),
    )
