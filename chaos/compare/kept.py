"""Whole results as JSON and back: for reports on runs that were played somewhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chaos.runner.result import RunResult
from chaos.trace import ndjson
from chaos.verdict import Outcome, Verdict


def dump(result: RunResult) -> dict[str, Any]:
    """A result; the lines of its scenario are in a file of its own."""
    return {
        "name": result.name,
        "path": result.path,
        "hypothesis": result.hypothesis,
        "tags": list(result.tags),
        "target": result.target,
        "tier": result.tier,
        "seed": result.seed,
        "digest": result.digest,
        "verdicts": [_verdict(each) for each in result.verdicts],
        "laws": [_verdict(each) for each in result.laws],
        "waived": list(result.waived),
        "promised": sorted(result.promised),
        "virtual_s": result.virtual_s,
        "real_s": result.real_s,
        "outside_s": result.outside_s,
        "best_mode": result.best_mode,
        "replay": result.replay,
        "trace": ndjson.dump(result.trace),
    }


def load(kept: Mapping[str, Any], source: Sequence[str]) -> RunResult:
    """The result that `dump` was given.

    Args:
        kept: What `dump` has made of it.
        source: The lines of its scenario.

    Raises:
        ValueError: Its trace is not the one that was judged.
        KeyError: Something is not there.
    """
    values = dict(kept)
    digest = values.pop("digest")
    result = RunResult(
        **{
            **values,
            "tags": tuple(values["tags"]),
            "source": tuple(source),
            "trace": ndjson.load(values["trace"]),
            "verdicts": _verdicts(values["verdicts"]),
            "laws": _verdicts(values["laws"]),
            "waived": tuple(values["waived"]),
            "promised": frozenset(values["promised"]),
        }
    )
    if result.digest != digest:
        raise ValueError(f"the trace of {result.name!r} has another digest")
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
