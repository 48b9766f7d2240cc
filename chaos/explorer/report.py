"""What searches have come to: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from chaos.explorer import search_text
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Exploration
from chaos.explorer.written_findings import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One search that is over.

    Attributes:
        campaign: What was asked for.
        found: What it has come to.
        written: A scenario for each of its findings, in their order.
    """

    campaign: Campaign
    found: Exploration
    written: tuple[Written, ...] = ()

    @property
    def name(self) -> str:
        """That of the scenario."""
        return self.campaign.loaded.scenario.name


def table(searches: Iterable[Searched]) -> Table:
    """A line for each search."""
    told = Table(title="What was searched", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for title in ("scenario", "runs", "runs/s", "saved", "covered", "findings"):
        is_number = title in {"runs", "runs/s", "saved"}
        told.add_column(
            title,
            justify="right" if is_number else "left",
            overflow="fold",
            # A name that is broken in two cannot be copied; findings may take a second line.
            no_wrap=title != "findings",
        )
    for each in searches:
        found = each.found
        covered = search_text.covered(found, each.campaign.bounds)
        findings = ", ".join(found.findings) or "none"
        rate = f"{found.rate:.0f}"
        told.add_row(each.name, str(found.runs), rate, str(found.saved), covered, findings)
    return told


def dump(searches: Iterable[Searched]) -> str:
    """All searches as one JSON document, ended by a newline."""
    document = {"searches": [_search(each) for each in searches]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _search(searched: Searched) -> dict[str, Any]:
    found, bounds = searched.found, searched.campaign.bounds
    return {
        "scenario": searched.name,
        "path": searched.campaign.loaded.source.path,
        "bounds": {
            "faults": bounds.faults,
            "preemptions": bounds.preemptions,
            "orders": bounds.orders,
            "reduced": bounds.reduces,
            "at_random": searched.campaign.at_random,
        },
        "runs": found.runs,
        "per_second": round(found.rate, 1),
        "real_s": round(found.real_s, 3),
        "virtual_s": round(found.virtual_s, 3),
        "depth": len(found.finished) - 1 if found.finished else None,
        "covered": list(found.finished),
        "not_covered": _not_covered(found),
        "saved": found.saved,
        "put_off": found.put_off,
        "findings": list(_findings(searched)),
    }


def _not_covered(found: Exploration) -> dict[str, Any] | None:
    if not found.stopped or not found.due:
        return None
    return {
        "depth": found.depth,
        "runs": found.due - found.done,
        "of": found.due,
        "because": found.stopped,
    }


def _findings(searched: Searched) -> Iterator[dict[str, Any]]:
    for number, (check, finding) in enumerate(searched.found.findings.items()):
        written = searched.written[number] if searched.written else None
        yield {
            "check": check,
            "reason": finding.problem.reason,
            "runs": finding.runs,
            "deviations": [list(each) for each in finding.deviations],
            "file": str(written.path) if written else None,
            "fails_by_itself": written.fails if written else None,
        }
