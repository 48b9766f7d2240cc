"""Runs that were saved with ``chaos run --json --traces``, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chaos import inputs
from chaos.errors import ChaosError
from chaos.runner.result import RunResult
from chaos.trace import ndjson
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict

_HOW_TO_SAVE = "save both with: chaos run --json results.json --traces traces"


def read_trace(path: Path) -> Trace:
    """Read one saved trace.

    Raises:
        ChaosError: There is none, or it is damaged.
    """
    try:
        return ndjson.load(inputs.read_text(path))
    except inputs.UnreadableError as error:
        if error.is_missing:
            raise ChaosError(f"no trace at '{path}'; {_HOW_TO_SAVE}") from None
        raise
    except ValueError as error:
        raise ChaosError(f"trace '{path}' cannot be read: {error}") from error


def read_results(path: Path, traces: Path | None = None) -> list[RunResult]:
    """Read saved results and the traces that belong to them.

    Args:
        path: What ``chaos run --json`` wrote.
        traces: What ``--traces`` wrote; by default the folder ``traces`` beside ``path``.

    Raises:
        ChaosError: Something is missing, damaged, or not of the same run.
    """
    try:
        document = inputs.parse_json(inputs.read_text(path))
    except inputs.UnreadableError as error:
        if error.is_missing:
            raise ChaosError(f"no results at '{path}'; {_HOW_TO_SAVE}") from None
        raise
    except inputs.NotJsonError as error:
        raise ChaosError(f"results '{path}' cannot be read: {error}; {_HOW_TO_SAVE}") from None
    try:
        return list(_runs(document, traces or path.parent / "traces"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ChaosError(f"'{path}' does not hold results of `chaos run --json`") from error


def _runs(document: Mapping[str, Any], traces: Path) -> Iterator[RunResult]:
    for saved in document["scenarios"]:
        trace = read_trace(traces / f"{saved['name']}.ndjson")
        if (found := ndjson.digest(trace)) != saved["digest"]:
            raise ChaosError(
                f"the trace of {saved['name']} in '{traces}' is of another run: its digest is "
                f"{found}, the results say {saved['digest']}; {_HOW_TO_SAVE}"
            )
        run = RunResult(
            name=saved["name"],
            path=saved["path"],
            hypothesis=saved["hypothesis"],
            tags=tuple(saved["tags"]),
            target=saved["target"],
            source=_source(Path(saved["path"])),
            tier=saved["tier"],
            seed=saved["seed"],
            trace=trace,
            verdicts=tuple(map(_verdict, saved["verdicts"])),
            laws=tuple(map(_verdict, saved["laws"])),
            waived=tuple(saved["waived"]),
            virtual_s=saved["virtual_s"],
            best_mode=saved["best_mode"],
            replay=saved["replay"],
        )
        if run.outcome.value != saved["outcome"]:
            raise ChaosError(
                f"{saved['name']} is {saved['outcome']} in the results, but its verdicts come to "
                f"{run.outcome.value}; the file was edited; {_HOW_TO_SAVE}"
            )
        yield run


def _verdict(saved: Mapping[str, Any]) -> Verdict:
    return Verdict(
        check=saved["check"],
        outcome=Outcome(saved["outcome"]),
        reason=saved["reason"],
        expected=saved["expected"],
        seen=saved["seen"],
        line=saved["line"],
        evidence=tuple(saved["evidence"]),
    )


def _source(path: Path) -> tuple[str, ...]:
    """The file as it is now; a report without it is still worth having."""
    try:
        lines = tuple(inputs.read_text(path).split("\n"))
    except inputs.UnreadableError:
        return ()
    return lines if lines[-1] else lines[:-1]
