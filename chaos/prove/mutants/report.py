"""Mutants on a terminal, and as JSON."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from chaos.prove.gate import Case, Fate
from chaos.prove.mutants.campaign import MutantCampaign, MutantPlan
from chaos.prove.mutants.operators import Mutant

_EVERY = 25
"""A pipe gets a line of the score after so many; a terminal has a bar."""

_BAD = {Fate.SURVIVED: "bold red", Fate.DOUBTED: "yellow", Fate.ERROR: "bold red"}


class MutantReport:
    """Tells what is going on: a bar on a terminal, and a line for whatever was not killed.

    Args:
        console: Where to.
        seed: What the sample was drawn with.
    """

    def __init__(self, console: Console, *, seed: int) -> None:
        self._console = console
        self._seed = seed
        self._names: dict[str, str] = {}
        self._fates = Counter[Fate]()
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
        self._task = self._progress.add_task("the sound service", total=None)

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

    def on_plan(self, plan: MutantPlan) -> None:
        """What can be made, what no scenario reaches, and what is going to be played."""
        self._names = {mutant.id: str(mutant) for mutant in plan.chosen}
        self._progress.update(self._task, description="mutants", total=len(plan.chosen))
        unreached = sum(plan.unreached.values())
        _print(
            self._console,
            f"{plan.possible} mutants of {', '.join(plan.service)} are possible; no scenario "
            f"reaches {unreached} of them; {plan.equivalent} are known to change nothing; "
            f"{len(plan.chosen)} of the other {plan.reachable} are played (seed {self._seed})",
        )
        for module, count in sorted(plan.unreached.items()):
            _print(self._console, Text(f"  not reached: {count:>5} in {module}", "dim"))

    def on_case(self, case: Case) -> None:
        """A line for each that was not killed; for a pipe, the score so far every now and then."""
        self._fates[case.fate] += 1
        done = self._fates.total()
        if case.fate is not Fate.KILLED:
            said = Text.assemble(
                (f"{case.fate.value:<9}", _BAD[case.fate]), self._names.get(case.defect, "")
            )
            _print(self._progress.console, said)
        if not self._console.is_terminal and done % _EVERY == 0:
            _print(self._console, f"{done} played, {self._fates[Fate.KILLED]} killed")
        self._progress.update(self._task, advance=1)
        self._progress.refresh()

    def on_end(self, campaign: MutantCampaign) -> None:
        """Every survivor with its place, its change and how to play it alone; then the score."""
        console = self._console
        if campaign.not_sound:
            _print(
                console,
                Text(
                    f"{len(campaign.not_sound)} scenarios do not pass without any mutant: "
                    f"{', '.join(campaign.not_sound)}; nothing was planted; see them with: "
                    "chaos run",
                    "bold red",
                ),
            )
            return
        for fate, style in _BAD.items():
            for mutant, case in campaign.of(fate):
                _print(console, Text(f"\n{fate.value.upper()} {mutant}", style))
                _print(console, f"  {case.error or f'{len(case.plays)} scenarios reach it'}")
                _print(console, f"  chaos prove --mutant {shlex.quote(mutant.id)}")
        killed, all_ = len(campaign.of(Fate.KILLED)), len(campaign.cases)
        counts = ", ".join(
            f"{len(found)} {fate.value}" for fate in Fate if (found := campaign.of(fate))
        )
        share = f"{100 * killed / all_:.1f} % killed" if all_ else "nothing was played"
        plays = sum(len(case.plays) for case in campaign.cases)
        line = f"{all_} mutants: {counts}; {share}; {plays} plays in {campaign.real_s:.0f} s"
        _print(console, Text(f"\n{line}", "bold red" if campaign.exit_code else "green"))

    def on_one(self, campaign: MutantCampaign) -> None:
        """Of a single mutant, everything that noticed it."""
        for case in campaign.cases:
            for play in case.caught:
                checks = ", ".join((*play.laws, *play.checks))
                _print(self._console, f"  {play.outcome.value:<13}{play.scenario}: {checks}")


def dump(campaign: MutantCampaign) -> str:
    """The whole campaign as one JSON document, ended by a newline; without real times."""
    pairs = zip(campaign.plan.chosen, campaign.cases, strict=True) if campaign.cases else ()
    document = {
        "possible": campaign.plan.possible,
        "equivalent": campaign.plan.equivalent,
        "unreached": dict(sorted(campaign.plan.unreached.items())),
        "not_sound": list(campaign.not_sound),
        "counts": {fate.value: len(campaign.of(fate)) for fate in Fate},
        "mutants": [_mutant(mutant, case) for mutant, case in pairs],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _mutant(mutant: Mutant, case: Case) -> dict[str, Any]:
    return {
        "id": mutant.id,
        "path": mutant.path,
        "line": mutant.line,
        "operator": mutant.operator,
        "was": mutant.was,
        "becomes": mutant.becomes,
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


def _print(console: Console, line: str | Text) -> None:
    # Lines are data: no markup, no wrapping in a pipe, no highlighting of numbers.
    console.print(line, markup=False, highlight=False, soft_wrap=True)
