"""The page as a whole: the overview written out, each scenario as data to be drawn when opened."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import jinja2
from markupsafe import Markup, escape

from chaos.checks.registry import LAWS
from chaos.reports.changes import by_trend
from chaos.reports.html.scenario import law_states, payload
from chaos.reports.lanes import look_of
from chaos.reports.report import Report
from chaos.runner.measures import Value, describe_measure, in_order
from chaos.runner.result import RunResult
from chaos.trace.events import AnswerEvent, RequestEvent
from chaos.units import format_duration
from chaos.verdict import Outcome, combine

_HERE = Path(__file__).parent
_LOOKS = ("good", "lesser", "answered", "error")
"""How answers are drawn, the best first."""
_SCRIPTS = ("words.js", "scale.js", "timeline.js", "scenario.js", "overview.js", "main.js")
_NOT_SHOWN = {"verdict"}
"""Measures that the matrix has a column of another kind for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One measure of one scenario; ``sort`` orders the column, None last."""

    shown: str
    sort: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How many answers there were of a mode, and how they are drawn."""

    mode: str
    look: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """A scenario in the matrix."""

    run: RunResult
    folder: str
    answers: tuple[Answers, ...]
    laws: tuple[tuple[str, str], ...]
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """The largest of a measure over all scenarios, and the scenario it belongs to."""

    label: str
    shown: str
    scenario: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LawSummary:
    """A law, and how the scenarios fared with it."""

    name: str
    doc: str
    kept: int
    broken: int
    idle: int


def render(report: Report) -> str:
    """The report as one HTML document; the same runs give the same bytes."""
    runs = report.runs
    changes = report.comparison.changes if report.comparison else ()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["duration"] = lambda seconds: format_duration(round(seconds))
    environment.filters["embedded"] = _embedded
    environment.filters["prose"] = _prose
    keys = [
        key for key in in_order(k for run in runs for k in run.measures) if key not in _NOT_SHOWN
    ]
    return environment.get_template("page.html.j2").render(
        style=(_HERE / "style.css").read_text(encoding="utf-8"),
        script="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
        outcome=combine(run.outcome for run in runs).value,
        counts={each.value: sum(run.outcome is each for run in runs) for each in Outcome},
        runs=runs,
        wrong=sorted((run for run in runs if run.problems), key=_failed_first),
        rows=[_row(run, keys) for run in runs],
        columns=[describe_measure(key) for key in keys],
        answers=_answers(runs),
        calls=sum(len(run.trace.of(RequestEvent)) for run in runs),
        virtual_s=sum(run.virtual_s for run in runs),
        extremes=list(_extremes(runs)),
        laws=_laws(runs),
        changes=by_trend(changes),
        payloads={run.name: payload(run) for run in runs},
    )


def _embedded(data: dict[str, Any]) -> Markup:
    """JSON for inside a script element: nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - made safe in the line above


def _prose(text: str) -> Markup:
    """Text with its words in backticks set as code."""
    with_code = re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text)))
    return Markup(with_code)  # noqa: S704 - escaped in the line above


def _row(run: RunResult, keys: Sequence[str]) -> MatrixRow:
    values = [(describe_measure(key), run.measures.get(key)) for key in keys]
    return MatrixRow(
        run=run,
        folder=PurePath(run.path).parent.name,
        answers=tuple(_answers([run])),
        laws=tuple(law_states(run).items()),
        numbers=tuple(
            Number(shown="" if value is None else _short(measure.key, value), sort=value)
            for measure, value in values
        ),
    )


def _failed_first(run: RunResult) -> bool:
    return run.outcome is not Outcome.FAILED


def _short(key: str, value: Value) -> str:
    """A measure in a narrow column: milliseconds are enough."""
    rounded = round(value, 3) if isinstance(value, float) else value
    return describe_measure(key).show(rounded)


def _answers(runs: Iterable[RunResult]) -> list[Answers]:
    """How many answers of each mode; the best first, errors last."""
    counted = Counter(
        (event.mode, look_of(event.mode, run.best_mode))
        for run in runs
        for event in run.trace.of(AnswerEvent)
    )
    found = [Answers(mode=mode, look=look, count=count) for (mode, look), count in counted.items()]
    return sorted(found, key=lambda each: (_LOOKS.index(each.look), each.mode))


def _extremes(runs: Sequence[RunResult]) -> Iterator[Extreme]:
    for key in ("slowest_answer_s", "time_to_open_s", "time_to_recover_s"):
        measured = [
            (value, run.name)
            for run in runs
            if isinstance(value := run.measures.get(key), int | float)
        ]
        if measured:
            value, name = max(measured, key=lambda each: each[0])
            label = describe_measure(key).label
            yield Extreme(
                label=label if label.startswith("slowest") else f"longest {label}",
                shown=_short(key, value),
                scenario=name,
            )


def _laws(runs: Sequence[RunResult]) -> list[LawSummary]:
    states = [law_states(run) for run in runs]
    summaries = []
    for law in LAWS:
        seen = Counter(each.get(law.name, "idle") for each in states)
        summaries.append(
            LawSummary(
                name=law.name,
                doc=law.doc,
                kept=seen["kept"],
                broken=seen["broken"],
                idle=seen["idle"] + seen["waived"],
            )
        )
    return summaries
