"""Results as JUnit XML, for CI servers.

JUnit has no third verdict: a failed scenario is a ``failure``, an inconclusive one an ``error``.
Neither can be mistaken for a pass.
"""

from __future__ import annotations

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from chaos.runner.result import RunResult
from chaos.session import SuiteResult
from chaos.trace.text import describe
from chaos.verdict import Outcome


def write(suite: SuiteResult, path: Path) -> None:
    """Write one test case a scenario; its folder is the class name."""
    cases = TestSuite("chaos")
    for result in suite.results:
        cases.add_testcase(_case(result))
    document = JUnitXml()
    document.add_testsuite(cases)
    document.update_statistics()  # type: ignore[no-untyped-call] # the library forgot it
    # The published schema knows no such attribute there.
    del document._elem.attrib["skipped"]  # noqa: SLF001 - the library has no other way
    path.parent.mkdir(parents=True, exist_ok=True)
    document.write(str(path), pretty=True)


def _case(result: RunResult) -> TestCase:
    source = Path(result.loaded.source.path)
    case = TestCase(
        result.loaded.scenario.name, classname=".".join(source.parent.parts), time=result.real_s
    )
    if result.outcome is not Outcome.PASSED:
        kind = Failure if result.outcome is Outcome.FAILED else Error
        first = result.problems[0]
        entry = kind(f"{first.check}: {first.reason}", type_=result.outcome.value)
        entry.text = _text(result)
        case.result = [entry]
    return case


def _text(result: RunResult) -> str:
    lines = []
    for verdict in result.problems:
        where = f"{result.loaded.source.path}:{verdict.line}: " if verdict.line else ""
        lines.append(f"{where}{verdict.check}: {verdict.reason}")
        lines += [f"  expected {verdict.expected}", f"  seen     {verdict.seen}"]
    lines.append("trace:")
    lines += [f"  {describe(event)}" for event in result.trace[-50:]]
    lines.append(f"replay: {result.replay}")
    return "\n".join(lines)
