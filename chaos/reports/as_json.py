"""Results as JSON, for programs."""

from __future__ import annotations

import json
from typing import Any

from chaos.parity.side_by_side import in_columns
from chaos.runner.result import RunResult
from chaos.session import SuiteResult
from chaos.verdict import Verdict


def dump(suite: SuiteResult) -> str:
    """The whole suite as one JSON document, ended by a newline.

    Real times are left out, so that two runs with the same seeds give the same bytes.
    """
    document = {
        "outcome": suite.outcome.value,
        "tiers": dict(suite.tiers),
        "laws_not_exercised": list(suite.laws_not_exercised),
        "scenarios": [_result(result) for result in suite.results],
        "not_played": [{"path": each.path, "why": each.why} for each in suite.passed_over],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _result(result: RunResult) -> dict[str, Any]:
    scenario = result.loaded.scenario
    return {
        "name": scenario.name,
        "path": str(result.loaded.source.path),
        "hypothesis": " ".join(scenario.hypothesis.split()),
        "tags": list(scenario.tags),
        "target": scenario.target,
        "tier": result.tier,
        "seed": result.seed,
        "outcome": result.outcome.value,
        "virtual_s": round(result.virtual_s, 6),
        "digest": result.digest,
        "verdicts": [_verdict(verdict) for verdict in result.verdicts],
        "laws": [_verdict(verdict) for verdict in result.laws],
        "waived": list(result.waived),
        "replay": result.replay,
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
