"""Results as JUnit XML, for CI servers.

JUnit has no third verdict: a failed scenario is a ``failure``, an inconclusive one an ``error``.
Neither can be mistaken for a pass. Nor can what keeps the gate shut though the scenario passed: a
number that is worse than the baseline records, a scenario that is new to it or was not played.
"""

from __future__ import annotations

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from chaos.baseline import Comparison
from chaos.compare.changes import Trend
from chaos.compare.measures import VERDICT
from chaos.parity.side_by_side import in_columns
from chaos.reports.changes import change_lines
from chaos.reports.rules import NOT_IN_BASELINE, NOT_PLAYED, REGRESSION
from chaos.runner.result import RunResult
from chaos.session import SuiteResult
from chaos.trace.text import describe
from chaos.verdict import Outcome


def write(suite: SuiteResult, path: Path, comparison: Comparison | None = None) -> None:
    """Write one test case a scenario; its folder is the class name.

    Args:
        suite: What was played.
        path: The file to write.
        comparison: With the baseline; None if there was none to compare with.
    """
    comparison = comparison or Comparison()
    cases = TestSuite("chaos")
    for result in suite.results:
        cases.add_testcase(_case(result, _against_baseline(result, comparison)))
    for name in comparison.missing:
        case = TestCase(name, classname="baseline")
        case.result = [
            _failure(NOT_PLAYED.id, f"in the baseline, but not played; {comparison.advice}")
        ]
        cases.add_testcase(case)
    document = JUnitXml()
    document.add_testsuite(cases)
    document.update_statistics()  # type: ignore[no-untyped-call] # the library forgot it
    # The published schema knows no such attribute there.
    del document._elem.attrib["skipped"]  # noqa: SLF001 - the library has no other way
    path.parent.mkdir(parents=True, exist_ok=True)
    document.write(str(path), pretty=True)


def _case(result: RunResult, against: Failure | None) -> TestCase:
    source = Path(result.loaded.source.path)
    case = TestCase(
        result.loaded.scenario.name, classname=".".join(source.parent.parts), time=result.real_s
    )
    if result.outcome is not Outcome.PASSED:
        kind = Failure if result.outcome is Outcome.FAILED else Error
        first = result.problems[0]
        entry = kind(f"{first.check}: {first.reason}", type_=result.outcome.value)
        # One entry a case, whatever there is to say: CI servers subtract these from all cases.
        entry.text = "\n".join([_text(result), *([against.text] if against else [])])
        case.result = [entry]
    elif against:
        case.result = [against]
    return case


def _against_baseline(result: RunResult, comparison: Comparison) -> Failure | None:
    """What keeps the gate shut besides the run's own verdict."""
    name = result.loaded.scenario.name
    if name in comparison.new:
        return _failure(NOT_IN_BASELINE.id, f"not in the baseline; {comparison.advice}")
    worse = [
        change
        for change in comparison.of(Trend.WORSE)
        # What made the verdict worse is told already.
        if change.scenario == name and change.key != VERDICT.key
    ]
    if not worse:
        return None
    table = "\n".join(line.plain for line in change_lines(worse))
    labels = ", ".join(change.label for change in worse)
    return _failure(
        REGRESSION.id,
        f"worse than the baseline: {labels}",
        f"changes against the baseline:\n{table}\n{comparison.advice}",
    )


def _failure(kind: str, message: str, text: str = "") -> Failure:
    failure = Failure(message, type_=kind)
    failure.text = text or message
    return failure


def _text(result: RunResult) -> str:
    lines = []
    for verdict in result.problems:
        where = f"{result.loaded.source.path}:{verdict.line}: " if verdict.line else ""
        lines.append(f"{where}{verdict.check}: {verdict.reason}")
        if verdict.sides:
            lines += [f"  {row}" for row in in_columns(verdict.sides).splitlines()]
        else:
            lines += [f"  expected {verdict.expected}", f"  seen     {verdict.seen}"]
    lines.append("trace:")
    lines += [f"  {describe(event)}" for event in result.trace[-50:]]
    lines.append(f"replay: {result.replay}")
    return "\n".join(lines)
