"""Results on a terminal: a line a scenario, a block a failure, a summary."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from chaos.compare.tiers.side_by_side import in_columns
from chaos.reports.evidence import stories
from chaos.runner.result import RunResult
from chaos.runner.suite import SuiteResult
from chaos.scenario.collecting import in_words
from chaos.units import format_duration
from chaos.verdict import Outcome, Verdict

_MOST_PATHS = 5
"""Of the files that were not played for one reason; with --verbose all are named."""

STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.INCONCLUSIVE: "yellow"}


LISTED = 10
"""How many scenarios are listed one by one without being asked to: more would push a failure out
of sight."""
_NAME = 35


class ConsoleReport:
    """Writes results as they come; plain where the output is not a terminal.

    Args:
        console: Where to.
        lists: Whether scenarios that passed have a line each; others always have.
        laws: Whether each scenario is followed by its digest and by what became of every law.
    """

    def __init__(self, console: Console, *, lists: bool = True, laws: bool = False) -> None:
        self._console = console
        self._lists = lists
        self._laws = laws

    def on_result(self, result: RunResult) -> None:
        """One line: verdict, name, virtual time, real time; it fits into 80 columns."""
        if self._lists or result.note or result.outcome is not Outcome.PASSED:
            self._print(_line(result))
        if result.note is not None:
            self._print(f"    note: {result.note}", "yellow")
        if self._laws:
            self._print(f"    {'trace':<14}{result.digest}", "dim")
            for law in result.laws:
                self._print(f"    {_law_state(law, result.waived):<14}{law.check}: {law.reason}")

    def on_end(self, suite: SuiteResult) -> None:
        """Every failure with what led to it, then the counts."""
        for result in suite.results:
            if result.outcome is not Outcome.PASSED:
                self._failure(result)
        self._summary(suite)

    def _failure(self, result: RunResult) -> None:
        self._print("")
        headline = f"{result.outcome.value.upper()} {result.name}  {result.path}"
        self._print(headline, STYLES[result.outcome])
        self._print(f"  claim: {result.hypothesis}", "italic")
        for verdict, story in stories(result.trace, result.problems):
            self._problem(verdict, result)
            for heading in story[:1]:
                self._print(f"    {heading}")
            for line in story[1:]:
                self._print(f"      {line}", "dim")
        self._print(f"  replay: {result.replay}")

    def _problem(self, verdict: Verdict, result: RunResult) -> None:
        self._print(f"  {verdict.check}: {verdict.reason}", STYLES[verdict.outcome])
        if verdict.sides:
            self._side_by_side(verdict)
        else:
            self._expected_and_seen(verdict)
        if verdict.line is not None:
            where = f"{result.path}:" if verdict.sides else "line "
            self._print(f"    {where}{verdict.line}: {result.source[verdict.line - 1].strip()}")

    def _expected_and_seen(self, verdict: Verdict) -> None:
        if verdict.expected:
            self._print(f"    expected  {verdict.expected}")
        if verdict.seen:
            self._print(f"    seen      {verdict.seen}")

    def _side_by_side(self, verdict: Verdict) -> None:
        heading, *rows = in_columns(verdict.sides, width=self._console.width - 4).splitlines()
        self._print(f"    {heading}", "dim")
        for row in rows:
            self._print(f"    {row}")

    def _summary(self, suite: SuiteResult) -> None:
        self._print("")
        counts = ", ".join(
            f"{count} {outcome.value}"
            for outcome in Outcome
            if (count := suite.count(outcome)) or outcome is Outcome.PASSED
        )
        virtual = format_duration(round(sum(result.virtual_s for result in suite.results)))
        line = f"{counts}{_by_tier(suite)}; {virtual} of virtual time in {suite.real_s:.1f} s"
        if suite.tiers.keys() == {"served"}:
            line = f"{counts}; served for {suite.real_s:.1f} s"
        self._print(line, STYLES[suite.outcome])
        most = len(suite.passed_over) if self._laws else _MOST_PATHS
        for line in in_words(suite.passed_over, most):
            self._print(line)
        if self._laws and (missing := suite.laws_not_exercised):
            self._print(f"laws that no scenario exercised: {', '.join(missing)}")

    def _print(self, line: str | Text, style: str = "") -> None:
        # Lines are data: no markup, no wrapping in a pipe, no highlighting of numbers.
        self._console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def _line(result: RunResult) -> Text:
    virtual = format_duration(round(result.virtual_s, 3))
    tier = "" if result.tier == "simulated" else f"{result.tier} "
    # A long name takes its room from the gap behind it, so that the columns after it hold.
    room = max(0, _NAME + 12 - len(tier) - len(result.name))
    return Text.assemble(
        (f"{result.outcome.value:<13}", STYLES[result.outcome]),
        f"{result.name} {tier}",
        (f"{virtual:>{room}} {'real' if result.tier == 'served' else 'virtual'}", "cyan"),
        (f"{result.real_s * 1000:8.0f} ms", "dim"),
    )


def _by_tier(suite: SuiteResult) -> str:
    """How many runs each tier has seen, where it is not the simulated one that saw them all."""
    if suite.tiers.keys() <= {"simulated"}:
        return ""
    return f" ({', '.join(f'{count} {tier}' for tier, count in suite.tiers.items())})"


def _law_state(law: Verdict, waived: Sequence[str]) -> str:
    if law.check in waived:
        return "waived"
    return "not exercised" if law.outcome is Outcome.INCONCLUSIVE else law.outcome.value
