"""Results as JUnit XML, for CI servers.

JUnit has no third verdict: a failed scenario is a ``failure``, an inconclusive one an ``error``.
Neither can be mistaken for a pass. Nor can what keeps the gate shut though the scenario passed: a
number that is neither as recorded nor better, a scenario that is new or was not played.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from chaos.compare.baseline import Comparison
from chaos.compare.tiers.side_by_side import in_columns
from chaos.reports.changes import change_lines
from chaos.reports.evidence import stories
from chaos.reports.report import Report
from chaos.reports.rules import NOT_IN_BASELINE, NOT_PLAYED, REGRESSION
from chaos.runner.measures import VERDICT
from chaos.runner.result import RunResult
from chaos.verdict import Outcome

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """One test case a scenario; its folder is the class name."""
    comparison = report.comparison or Comparison()
    cases = TestSuite("chaos")
    for run in report.runs:
        cases.add_testcase(_case(run, _against_baseline(run, comparison)))
    for name in comparison.missing:
        case = TestCase(name, classname="baseline")
        case.result = [
            _entry(Failure, NOT_PLAYED.id, f"in the baseline, but not played; {comparison.advice}")
        ]
        cases.add_testcase(case)
    document = JUnitXml()
    document.add_testsuite(cases)
    document.update_statistics()  # type: ignore[no-untyped-call] # the library forgot it
    # The published schema knows no such attribute there.
    del document._elem.attrib["skipped"]  # noqa: SLF001 - the library has no other way
    written = io.BytesIO()
    document.write(written, pretty=True)
    return written.getvalue().decode()


def _case(run: RunResult, against: FinalResult | None) -> TestCase:
    folder = Path(run.path).parent
    case = TestCase(run.name, classname=".".join(folder.parts), time=run.real_s)
    if run.outcome is not Outcome.PASSED:
        kind = Failure if run.outcome is Outcome.FAILED else Error
        first = run.problems[0]
        message = f"{first.check}: {first.reason}"
        text = "\n".join([_text(run), *([against.text] if against else [])])
        # One entry a case, whatever there is to say: CI servers subtract these from all cases.
        case.result = [_entry(kind, run.outcome.value, message, text)]
    elif against:
        case.result = [against]
    return case


def _against_baseline(run: RunResult, comparison: Comparison) -> FinalResult | None:
    """What keeps the gate shut besides the run's own verdict."""
    if run.name in comparison.new:
        return _entry(Failure, NOT_IN_BASELINE.id, f"not in the baseline; {comparison.advice}")
    shut = [
        change
        for change in comparison.shutting
        # What made the verdict worse is told already.
        if change.scenario == run.name and change.key != VERDICT.key
    ]
    if not shut:
        return None
    table = "\n".join(line.plain for line in change_lines(shut))
    labels = ", ".join(change.label for change in shut)
    return _entry(
        Failure,
        REGRESSION.id,
        f"not as the baseline records: {labels}",
        f"changes against the baseline:\n{table}\n{comparison.advice}",
    )


def _entry(kind: type[FinalResult], type_: str, message: str, text: str = "") -> FinalResult:
    entry = kind(_printable(message), type_=type_)
    entry.text = _printable(text or message)
    return entry


def _printable(text: str) -> str:
    """The text as XML can hold it: what a service says may have control characters in it."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _text(run: RunResult) -> str:
    """Every problem with what led to it, as the terminal shows it, and how to play it again."""
    lines = []
    for verdict, story in stories(run.trace, run.problems):
        where = f"{run.path}:{verdict.line}: " if verdict.line else ""
        lines.append(f"{where}{verdict.check}: {verdict.reason}")
        if verdict.sides:
            lines += [f"  {row}" for row in in_columns(verdict.sides).splitlines()]
        else:
            lines += [f"  expected  {verdict.expected}"] if verdict.expected else []
            lines += [f"  seen      {verdict.seen}"] if verdict.seen else []
        lines += [f"  {heading}" for heading in story[:1]]
        lines += [f"    {line}" for line in story[1:]]
    lines.append(f"replay: {run.replay}")
    return "\n".join(lines)
