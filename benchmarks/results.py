"""How results are told: a table for people, Markdown and JSON with the machine for documents."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

RECORDED = Path(__file__).with_name("recorded.json")
"""The ratios of an earlier run, which ``--check`` compares with."""

_VERSIONS = ("openai", "httpx2", "pydantic", "typer", "rich", "faiss-cpu", "numpy")


def machine() -> dict[str, Any]:
    """What a run was measured on, and how busy that was."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load of the last minute": round(os.getloadavg()[0], 1),
        "versions": {name: metadata.version(name) for name in _VERSIONS if _is_there(name)},
    }


def _is_there(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def tell(figures: Iterable[Figure], *, title: str) -> None:
    """Measure, and print what ``sys.argv`` asks for; exits with 1 if ``--check`` is not met.

    ``--json`` and ``--markdown`` print documents. ``--record`` keeps the ratios, and ``--check``
    compares with those that were kept.
    """
    asked = set(sys.argv[1:])
    console = Console(stderr=True)
    found: list[Figure] = []
    for figure in figures:
        console.print(f"[dim]{figure.what}: {figure.value:,.1f} {figure.unit}[/]", highlight=False)
        found.append(figure)
    if "--json" in asked:
        document = {"machine": machine(), "figures": [asdict(figure) for figure in found]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    elif "--markdown" in asked:
        sys.stdout.write(as_markdown(found))
    else:
        Console().print(as_table(found, title))
    if "--record" in asked:
        record(found)
    if "--check" in asked:
        slower = check(found)
        sys.stdout.write("\n".join(slower or ["no ratio is worse than recorded"]) + "\n")
        sys.exit(1 if slower else 0)


def as_table(figures: Sequence[Figure], title: str) -> Table:
    """For a terminal."""
    table = Table("", "measured", "ratio", "quartiles", "goal", title=title)
    for figure in figures:
        table.add_row(*_row(figure))
    return table


def as_markdown(figures: Sequence[Figure]) -> str:
    """For a page.

    Example:
        >>> print(as_markdown([Figure("a run", 2.0, "s")]).splitlines()[2])
        | a run | 2.0 s |  |  |  |
    """
    lines = ["| | measured | ratio | quartiles | goal |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(_row(figure))} |" for figure in figures]
    return "\n".join(lines) + "\n"


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.what,
        f"{figure.value:,.1f} {figure.unit}",
        "" if figure.ratio is None else f"{figure.ratio:.2f} x {figure.against}",
        "" if figure.spread is None else "{:.2f} to {:.2f}".format(*figure.spread),
        "" if figure.goal is None else f"{figure.goal:g}",
    )


# What is recorded are ratios: they say the same on a machine that is slower.

TOLERANCE = 1.35
"""A ratio may be so many times the recorded one. A choice, not a measurement: wide enough for a
machine that others use, and far below the defects that it is to find, which double a cost."""


def record(figures: Iterable[Figure]) -> None:
    """Keep the ratios of this run, and what was kept of others."""
    ratios = {_key(figure): round(figure.ratio, 3) for figure in figures if figure.ratio}
    kept = {**_recorded(), **ratios}
    RECORDED.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def check(figures: Iterable[Figure], recorded: dict[str, float] | None = None) -> list[str]:
    """Each ratio that is worse than recorded, in words; and each that nobody recorded.

    A ratio whose better quartile is within the tolerance is not worse: its run was disturbed.

    Example:
        >>> now = Figure("a call", 9.0, "us", 3.0, "bare SDK", (2.9, 3.1))
        >>> check([now], {"a call / bare SDK": 2.0})
        ['a call: 3.00 x bare SDK, recorded 2.00; at most 2.70 was expected']
        >>> check([now], {"a call / bare SDK": 2.9})
        []
    """
    known = _recorded() if recorded is None else recorded
    worse = []
    for figure in figures:
        if figure.ratio is None or figure.spread is None:
            continue
        before = known.get(_key(figure))
        told = f"{figure.what}: {figure.ratio:.2f} x {figure.against}"
        if before is None:
            worse.append(f"{told}, nothing recorded; record it with --record")
        elif figure.spread[0] > before * TOLERANCE:
            most = before * TOLERANCE
            worse.append(f"{told}, recorded {before:.2f}; at most {most:.2f} was expected")
    return worse


def _key(figure: Figure) -> str:
    return f"{figure.what} / {figure.against}"


def _recorded() -> dict[str, float]:
    if not RECORDED.exists():
        return {}
    read: dict[str, float] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return read
