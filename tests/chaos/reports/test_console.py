"""What a suite looks like on a terminal: 80 columns, failures first, and how far it has come."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from chaos.reports.console import ConsoleReport
from chaos.reports.progress import ProgressLine
from chaos.runner.result import RunResult
from chaos.scenario.suite import find
from chaos.verdict import Outcome
from tests.chaos.reports import examples
from tests.docs.test_house import ROOT, read


def said(*results: RunResult, lists: bool = True, laws: bool = False) -> str:
    """Return what is printed of these results, as they come."""
    text = io.StringIO()
    report = ConsoleReport(Console(file=text, width=80), lists=lists, laws=laws)
    for result in results:
        report.on_result(result)
    return text.getvalue()


def longest_name() -> str:
    """Return the longest name of a scenario of this project."""
    names = [read(path).get("name") or path.stem for path in find([ROOT / "scenarios"])]
    return max(names, key=len)


@pytest.mark.parametrize("outcome", Outcome)
def test_line_of_a_scenario_fits_into_80_columns(outcome: Outcome) -> None:
    """Also of the longest name that there is."""
    result = examples.result(longest_name(), examples.outage(), examples.verdict(outcome))

    (line,) = said(result).splitlines()

    assert len(line) <= 80
    assert line.split()[:2] == [outcome.value, longest_name()]


def test_large_suite_lists_only_what_did_not_pass() -> None:
    """A failure among hundreds is not scrolled away."""
    text = said(*examples.mixed().results, lists=False)

    assert [line.split()[:2] for line in text.splitlines()] == [
        ["failed", "outage"],
        ["inconclusive", "idle"],
    ]


def test_laws_are_shown_when_they_are_asked_for() -> None:
    """Each with its state, and the digest of the trace."""
    (calm, *_) = examples.mixed().results

    text = said(calm, laws=True)

    assert calm.digest in text
    assert "one-trial: kept" in text


def test_progress_is_shown_on_a_terminal_alone() -> None:
    """A log holds no line that was meant to vanish."""
    shown = {}
    for is_terminal in (True, False):
        text = io.StringIO()
        console = Console(file=text, width=80, force_terminal=is_terminal, color_system=None)
        with ProgressLine(console, 2) as line:
            line.ended("breaker-lifecycle")
        shown[is_terminal] = text.getvalue()

    assert "1/2" in shown[True]
    assert "breaker-lifecycle" in shown[True]
    assert not shown[False]
