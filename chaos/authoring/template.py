"""The text of a new scenario file, with comments for somebody who has never written one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaos.scenario.scalars import write

_ASKS = 3
_WIDTH = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePlan:
    """What a file is about; ``lead_in`` are steps between the fault and the questions."""

    name: str
    target: str
    claim: str
    fault: Mapping[str, Any]
    question: str
    settings: Mapping[str, object]
    lead_in: tuple[str, ...]
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What was seen of the service before, during and after the fault.

    Attributes:
        before: Mode of the answer.
        during: How many answers were of which mode.
        calls: Requests that left for the upstream.
        after: Mode of the answer.
        slowest_s: No answer took longer, in whole seconds.
    """

    before: str
    during: Mapping[str, int]
    calls: int
    after: str
    slowest_s: int


def scenario_text(plan: TemplatePlan, claims: Claims | None) -> str:
    """The file; without ``claims`` it expects nothing, and shows what there is to claim."""
    during: dict[str, object] = {}
    if claims:
        during = {"answers": claims.during, f"calls.{plan.fault['upstream']}": claims.calls}
    lines = [
        *([f"# yaml-language-server: $schema={plan.schema}"] if plan.schema else []),
        "version: 1",
        f"name: {plan.name}",
        "# What should be true. This is what somebody reads when the build is red: make it yours.",
        "hypothesis: >-",
        *textwrap.wrap(
            plan.claim,
            _WIDTH,
            initial_indent="  ",
            subsequent_indent="  ",
            break_on_hyphens=False,
            break_long_words=False,
        ),
        f"target: {write(plan.target)}",
        f"tags: [{plan.fault['upstream']}]",
        "",
        *_given(plan),
        "# Must hold before any fault; if it does not, the run is inconclusive, not red.",
        "steady_state:",
        f"  - ask: {write(plan.question)}",
        *_expect({"answer.mode": claims.before} if claims else {}),
        "",
        "# What happens, in order. Time is virtual: two minutes cost nothing.",
        "method:",
        f"  - inject: {write({'id': 'trouble', **plan.fault})}",
        *(f"  - {action}" for action in plan.lead_in),
        f"  - ask: {write({'question': plan.question, 'times': _ASKS})}",
        *_expect(during, "# Seen when this file was written. Is it what you want?"),
        "  - heal: trouble",
        "  - advance: 2m",
        f"  - ask: {write(plan.question)}",
        *_expect({"answer.mode": claims.after} if claims else {}),
    ]
    if claims:
        lines += [
            "",
            "# Over the whole run; the laws (`chaos list --laws`) judge it as well.",
            "expect:",
            "  answers.error: 0",
            f"  slowest_answer: {{at_most: {claims.slowest_s}s}}",
        ]
    return "\n".join(lines) + "\n"


def _given(plan: TemplatePlan) -> list[str]:
    if not plan.settings:
        return []
    settings = f"  settings: {write(plan.settings)}"
    return ["# The world before the first step.", "given:", settings, ""]


def _expect(values: Mapping[str, object], comment: str = "") -> list[str]:
    if not values:
        return []
    return [*([f"    {comment}"] if comment else []), f"    expect: {write(values)}"]
