"""Results as JSON, for programs."""

from __future__ import annotations

import json
from typing import Any

from chaos.compare.tiers.side_by_side import in_columns
from chaos.reports.report import Report
from chaos.runner.result import RunResult
from chaos.verdict import Verdict


def render(report: Report) -> str:
    """The whole suite as one JSON document, ended by a newline.

    Real times are left out, so that two runs with the same seeds give the same bytes.
    """
    document = {
        "outcome": report.outcome.value,
        "tiers": dict(report.tiers),
        "laws_not_exercised": list(report.laws_not_exercised),
        "scenarios": [_run(run) for run in report.runs],
        "not_played": [{"path": each.path, "why": each.why} for each in report.passed_over],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _run(run: RunResult) -> dict[str, Any]:
    return {
        "name": run.name,
        "path": run.path,
        "hypothesis": run.hypothesis,
        "tags": list(run.tags),
        "target": run.target,
        "tier": run.tier,
        "seed": run.seed,
        "outcome": run.outcome.value,
        "virtual_s": round(run.virtual_s, 6),
        "digest": run.digest,
        "verdicts": [_verdict(verdict) for verdict in run.verdicts],
        "laws": [_verdict(verdict) for verdict in run.laws],
        "waived": list(run.waived),
        "best_mode": run.best_mode,
        "replay": run.replay,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    compared = {"side_by_side": in_columns(verdict.sides)} if verdict.sides else {}
    return {
        "check": verdict.check,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason,
        "expected": verdict.expected,
        "seen": verdict.seen,
        "line": verdict.line,
        "evidence": list(verdict.evidence),
        **compared,
    }
