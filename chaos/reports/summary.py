"""Results as Markdown: what a person sees first on the page of a CI job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from chaos.compare.baseline import Comparison
from chaos.compare.changes import Change, Trend
from chaos.reports.changes import by_trend
from chaos.reports.report import Report
from chaos.runner.measures import describe_measure, in_order
from chaos.runner.result import RunResult
from chaos.units import format_duration
from chaos.verdict import Outcome

_SIGNS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.INCONCLUSIVE: "⚠️"}
_TRENDS = {Trend.WORSE: "❌ worse", Trend.BETTER: "✅ better", Trend.DIFFERENT: "🔸 different"}


def render(report: Report) -> str:
    """The whole summary: the outcome, what is wrong, what changed, and every number, folded."""
    sections = [
        _headline(report.runs, report.outcome),
        _failures(report.runs),
        _changes(report.comparison) if report.comparison else "",
        _laws(report.laws_not_exercised),
        _numbers(report.runs),
    ]
    return "\n".join(section for section in sections if section)


def _headline(runs: Sequence[RunResult], outcome: Outcome) -> str:
    counts = Counter(run.outcome for run in runs)
    shown = ", ".join(f"{counts[each]} {each.value}" for each in Outcome if counts[each])
    virtual = format_duration(round(sum(run.virtual_s for run in runs)))
    return (
        f"## {_SIGNS[outcome]} Chaos gate: {outcome.value}\n\n"
        f"{shown or 'nothing was played'}; {virtual} of virtual time.\n"
    )


def _failures(runs: Sequence[RunResult]) -> str:
    rows = [
        (
            _SIGNS[verdict.outcome],
            f"`{run.path}:{run.line_of(verdict)}`",
            f"**{_text(verdict.check)}**<br>{_text(verdict.reason)}",
            _text(verdict.expected),
            _text(verdict.seen),
        )
        for run in runs
        for verdict in run.problems
    ]
    if not rows:
        return ""
    replays = "\n".join(run.replay for run in runs if run.problems)
    table = _table(("", "where", "what", "expected", "seen"), rows)
    return f"### What is wrong\n\n{table}\nReplay with:\n\n```sh\n{replays}\n```\n"


def _changes(comparison: Comparison) -> str:
    if not comparison.outdated:
        return "Every number is as recorded in the baseline.\n"
    rows = [(_TRENDS[each.trend], *_change(each)) for each in by_trend(comparison.changes)]
    rows += [("❌ new", _text(name), "", "not in the baseline", "") for name in comparison.new]
    rows += [("❌ missing", _text(name), "", "", "not played") for name in comparison.missing]
    table = _table(("", "scenario", "measure", "baseline", "now"), rows)
    return (
        f"### Changes against the baseline\n\n{table}\nIf they are meant, record them with "
        f"`{comparison.update}` and commit the file.\n"
    )


def _change(change: Change) -> tuple[str, str, str, str]:
    return (
        _text(change.scenario),
        _text(change.label),
        _text(change.was_shown),
        _text(change.now_shown),
    )


def _laws(not_exercised: Sequence[str]) -> str:
    if not not_exercised:
        return ""
    names = ", ".join(f"`{name}`" for name in not_exercised)
    return f"⚠️ No scenario exercised these laws: {names}.\n"


def _numbers(runs: Sequence[RunResult]) -> str:
    keys = in_order(key for run in runs for key in run.measures)
    if not keys:
        return ""
    heads = ("scenario", *(describe_measure(key).label for key in keys))
    rows: Iterator[tuple[str, ...]] = (
        (
            _text(run.name),
            *(_text(describe_measure(key).show(run.measures.get(key))) for key in keys),
        )
        for run in runs
    )
    table = _table(heads, rows)
    return f"<details><summary>Every number</summary>\n\n{table}\n</details>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _text(text: str) -> str:
    """Text as it is, in a cell of a table: nothing in it becomes markup."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;")
    for sign in "\\|`*_[]":
        safe = safe.replace(sign, f"\\{sign}")
    return " ".join(safe.split())
