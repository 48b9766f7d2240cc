"""Whole results as JSON and back: for reports on runs that were played somewhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.trace import ndjson
from chaos.verdict import Outcome, Verdict


def dump(result: RunResult) -> dict[str, Any]:
    """A result without its scenario, which lies in a file of its own."""
    return {
        "scenario": result.name,
        "tier": result.tier,
        "seed": result.seed,
        "digest": result.digest,
        "verdicts": [_verdict(each) for each in result.verdicts],
        "laws": [_verdict(each) for each in result.laws],
        "virtual_s": result.virtual_s,
        "real_s": result.real_s,
        "outside_s": result.outside_s,
        "best_mode": result.best_mode,
        "promised": sorted(result.promised),
        "trace": ndjson.dump(result.trace),
    }


def load(kept: Mapping[str, Any], loaded: LoadedScenario) -> RunResult:
    """The result that `dump` was given.

    Raises:
        ValueError: Its trace is not the one that was judged.
        KeyError: Something is not there.
    """
    result = RunResult.of(
        loaded,
        tier=kept["tier"],
        seed=kept["seed"],
        trace=ndjson.load(kept["trace"]),
        verdicts=_verdicts(kept["verdicts"]),
        laws=_verdicts(kept["laws"]),
        virtual_s=kept["virtual_s"],
        real_s=kept["real_s"],
        outside_s=kept["outside_s"],
        best_mode=kept["best_mode"],
        promised=frozenset(kept["promised"]),
    )
    if result.digest != kept["digest"]:
        raise ValueError(f"the trace of {kept['scenario']!r} has another digest")
    return result


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {**asdict(verdict), "outcome": verdict.outcome.value}


def _verdicts(kept: Sequence[Mapping[str, Any]]) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(
            **{
                **each,
                "outcome": Outcome(each["outcome"]),
                "evidence": tuple(each["evidence"]),
                "sides": tuple(map(tuple, each["sides"])),
            }
        )
        for each in kept
    )
