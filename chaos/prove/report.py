"""The proof on a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from textwrap import indent
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from chaos.defects.defect import Defect
from chaos.prove.gate import Case, Fate
from chaos.prove.proof import Proof, checks_of
from chaos.verdict import Outcome

_STYLES = {
    Fate.KILLED: "green",
    Fate.DOUBTED: "yellow",
    Fate.SURVIVED: "bold red",
    Fate.ERROR: "bold red",
}
_SHOWN = 3


class ProofReport:
    """Writes fates as they are known; on a terminal, with a bar below them.

    Args:
        console: Where to.
        defects: How many there will be.
    """

    def __init__(self, console: Console, *, defects: int) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            # Without a thread: processes are forked from this one.
            auto_refresh=False,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("the sound service", total=defects)

    def __enter__(self) -> Self:
        self._progress.start()
        self._progress.refresh()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def on_case(self, case: Case) -> None:
        """One line: fate, name, what caught it."""
        line = Text.assemble(
            (f"{case.fate.value:<9}", _STYLES[case.fate]),
            f"{case.defect:<42} ",
            (_caught_by(case), "dim"),
        )
        _print(self._progress.console, line)
        self._progress.update(self._task, description="planted defects", advance=1)
        self._progress.refresh()

    def on_end(self, proof: Proof) -> None:
        """What needs attention, then the counts."""
        console = self._console
        if not proof.is_sound:
            self._not_sound(proof)
            return
        for defect, case in zip(proof.defects, proof.cases, strict=True):
            if case.fate in {Fate.SURVIVED, Fate.DOUBTED}:
                self._survivor(defect, case)
            elif case.fate is Fate.ERROR:
                headline = f"ERROR {defect.name}: {case.error}"
                _print(console, Text(f"\n{headline}", _STYLES[Fate.ERROR]))
        if proof.is_matrix:
            self._matrix(proof)
        self._counts(proof)

    def _not_sound(self, proof: Proof) -> None:
        bad = [run.name for run in proof.sound if not _passed(run.outcome)]
        text = (
            f"{len(bad)} of {len(proof.sound)} scenarios do not pass without any defect: "
            f"{', '.join(bad)}; nothing was planted; see them with: chaos run"
        )
        _print(self._console, Text(text, _STYLES[Fate.SURVIVED]))

    def _survivor(self, defect: Defect, case: Case) -> None:
        console = self._console
        headline = f"{case.fate.value.upper()} {defect.name}"
        _print(console, Text(f"\n{headline}", _STYLES[case.fate]))
        _print(console, f"  {defect.doc}")
        for edit in defect.edits:
            _print(console, indent(str(edit), "  "))
        said = (
            "No scenario and no law noticed it; write one that does."
            if case.fate is Fate.SURVIVED
            else "Some runs were inconclusive, and none failed; write a scenario that fails."
        )
        _print(console, f"  {said}")

    def _matrix(self, proof: Proof) -> None:
        console = self._console
        _print(console, "\nIn how many scenarios each defect is caught, and by which laws:")
        for case in proof.cases:
            laws = dict.fromkeys(law for play in case.caught for law in play.laws)
            told = ", ".join(laws) or "no law"
            _print(console, f"  {case.defect:<42} {len(case.caught):>4}  {told}")
        _print(console, "\nDefects that each law catches:")
        for law, count in proof.law_catches.items():
            _print(console, f"  {law:<42} {count:>4}")
        _list(
            console,
            "Defects that only one check catches",
            (f"{defect:<42} {check}" for defect, check in proof.guarded_once.items()),
        )
        idle = (name for name, count in proof.catches.items() if not count)
        _list(console, "Scenarios that catch nothing", idle)

    def _counts(self, proof: Proof) -> None:
        counts = ", ".join(
            f"{count} {fate.value}"
            for fate in Fate
            if (count := len(proof.of(fate))) or fate is Fate.KILLED
        )
        plays = sum(len(case.plays) for case in proof.cases)
        line = f"{len(proof.cases)} defects: {counts}; {plays} plays in {proof.real_s:.1f} s"
        style = _STYLES[Fate.SURVIVED if proof.exit_code else Fate.KILLED]
        _print(self._console, Text(f"\n{line}", style))


def dump(proof: Proof) -> str:
    """The whole proof as one JSON document, ended by a newline; without real times."""
    pairs = zip(proof.defects, proof.cases, strict=True) if proof.cases else ()
    document = {
        "sound": {run.name: run.outcome.value for run in proof.sound},
        "is_matrix": proof.is_matrix,
        "counts": {fate.value: len(proof.of(fate)) for fate in Fate},
        "defects": [_defect(defect, case) for defect, case in pairs],
        "guarded_once": proof.guarded_once if proof.is_matrix else None,
        "catches": dict(proof.catches) if proof.is_matrix else None,
        "law_catches": dict(proof.law_catches) if proof.is_matrix else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _defect(defect: Defect, case: Case) -> dict[str, Any]:
    return {
        "name": defect.name,
        "hazard": defect.hazard,
        "doc": defect.doc,
        "edits": [str(edit) for edit in defect.edits],
        "fate": case.fate.value,
        "error": case.error,
        "played": len(case.plays),
        "caught_by": [
            {
                "scenario": play.scenario,
                "outcome": play.outcome.value,
                "laws": list(play.laws),
                "checks": list(play.checks),
            }
            for play in case.caught
        ],
    }


def _caught_by(case: Case) -> str:
    if case.error is not None:
        return case.error.partition("\n")[0]
    if not case.caught:
        return f"nothing in {len(case.plays)} scenarios"
    if len(case.caught) > 1:
        return f"{len(checks_of(case))} checks in {len(case.caught)} scenarios"
    (play,) = case.caught
    checks = (*play.laws, *play.checks)
    more = f" and {len(checks) - _SHOWN} more" if len(checks) > _SHOWN else ""
    return f"{play.scenario}: {', '.join(checks[:_SHOWN])}{more}"


def _passed(outcome: Outcome) -> bool:
    return outcome is Outcome.PASSED


def _list(console: Console, title: str, lines: Iterable[str]) -> None:
    found = list(lines)
    _print(console, f"\n{title}: {len(found)}")
    for line in found:
        _print(console, f"  {line}")


def _print(console: Console, line: str | Text) -> None:
    # Lines are data: no markup, no wrapping in a pipe, no highlighting of numbers.
    console.print(line, markup=False, highlight=False, soft_wrap=True)
