"""Searches of which this machine plays a part, or of which the parts are merged.

What a shard plays is its part of the tree, as it would be without the others. Of those runs the
whole tree needs most: what one part has shown to come to the same as a run of another need not be
tried. So a merge searches the whole tree, with the runs of the shards in the place of playing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos.commands.sharing import made_of_these
from chaos.explorer import search_text
from chaos.explorer.campaign import Campaign, Memory
from chaos.explorer.exploration import Exploration
from chaos.explorer.journal import Journal
from chaos.explorer.records import Key, Points
from chaos.explorer.subject import Run
from chaos.explorer.workers import Job
from chaos.shards.file import ShardError
from chaos.shards.made_of import differences

if TYPE_CHECKING:
    from rich.console import Console

    from chaos.commands.sharing import Sharing
    from chaos.shards.file import ShardFile


class SharedSearches:
    """The searches of one command, in order."""

    def __init__(
        self, sharing: Sharing, campaigns: Sequence[Campaign], resume: Path | None = None
    ) -> None:
        self._sharing = sharing
        self._files = [each.loaded.source.path for each in campaigns]
        self._targets = [each.loaded.scenario.target for each in campaigns]
        self._kept: list[dict[str, Any]] = []
        self._again = 0
        self._journal = self._opened(resume) if resume else None
        self._known: Mapping[str, Memory] = {}
        if sharing.parts:
            parts = sharing.taken(_searches, self._files, self._targets)
            names = [each.loaded.scenario.name for each in campaigns]
            self._known = {name: _together([part[name] for part in parts]) for name in names}

    def search(self, campaign: Campaign, on_progress: Callable[[str], None]) -> Exploration:
        """Search what is to be searched here; see `Campaign.search`."""
        name = campaign.loaded.scenario.name
        if self._journal is not None:
            with self._journal.search(name) as memory:
                return campaign.search(on_progress=on_progress, memory=memory)
        shard, points = self._sharing.shard, Points()
        runs: list[Any] = []
        self._again = 0

        def on_played(job: Job, run: Run) -> None:
            self._again += 1
            if shard is not None:
                runs.append(points.dump(job, run))

        known = self._known.get(name, Memory())
        found = campaign.search(
            on_progress=on_progress,
            memory=Memory(runs=known.runs, real_s=known.real_s, on_played=on_played),
            takes=shard.takes if shard else None,
        )
        self._kept.append({"scenario": name, "real_s": found.real_s, "runs": runs})
        return found

    def summary(self, campaign: Campaign, found: Exploration) -> Iterator[str]:
        """What the search that was just made has come to, in lines."""
        if self._sharing.shard is None:
            if self._known and self._again:
                yield (
                    f"played here: {search_text.count(self._again, 'run')} that no shard could "
                    "know to be needed"
                )
            yield from campaign.summary(found)
            return
        yield (
            f"shard {self._sharing.shard}: {search_text.count(found.runs, 'run')}, "
            f"{found.rate:.0f} a second; what that covers is known when all are merged"
        )
        yield from campaign.found(found)

    def keep(self, console: Console) -> None:
        """Write the file of a shard."""
        self._sharing.keep(console, {"searches": self._kept}, self._files, self._targets)

    def _opened(self, resume: Path) -> Journal:
        options = {
            name: value for name, value in self._sharing.options.items() if name not in _LIMITS
        }
        made = made_of_these(self._files, self._targets)
        return Journal(resume, {"options": options, "made_of": made}, _differences)


_LIMITS = {"paths", "runs", "stop_at_first"}
"""What says how far to go, and not where."""


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(then["options"].keys() | now["options"].keys()):
        was, becomes = (each["options"].get(name) for each in (then, now))
        if was != becomes:
            yield f"{name} was {was!r}, but is {becomes!r}"
    for each in differences(then["made_of"], now["made_of"]):
        yield f"{each} is not the same"


def _searches(part: ShardFile) -> dict[str, Memory]:
    found: dict[str, Memory] = {}
    for search in part.results["searches"]:
        points = Points()
        runs = dict(map(points.load, search["runs"]))
        found[search["scenario"]] = Memory(runs=runs, real_s=search["real_s"])
    return found


def _together(parts: Sequence[Memory]) -> Memory:
    runs: dict[Key, Run] = {}
    for part in parts:
        for key, run in part.runs.items():
            if runs.setdefault(key, run) != run:
                raise ShardError(
                    f"the shards disagree about the run with deviations {key[0]}, which more than "
                    "one has played; expected the same on every machine; find out what differs "
                    "with: chaos run --check-order"
                )
    return Memory(runs=runs, real_s=sum(part.real_s for part in parts))
