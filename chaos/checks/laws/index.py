"""Laws of the cached index: kept when a refresh fails, and served whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from chaos.checks.laws.basis import CACHES, Basis
from chaos.checks.laws.calls import FIRST_ERROR_STATUS
from chaos.checks.laws.law import Law, Owner, count, owner, seconds, who
from chaos.checks.record import RunRecord
from chaos.trace.events import ActionEvent, Event, IndexEvent, ResponseEvent
from chaos.trace.trace import Trace
from chaos.verdict import Verdict


@dataclass(frozen=True, slots=True)
class _Copy:
    """A whole generation; ``sha256`` is None where the trace does not tell it."""

    generation: str
    sha256: str | None

    def __str__(self) -> str:
        return f"{self.generation} ({self.sha256[:12] if self.sha256 else 'hash unknown'})"

    def is_same(self, other: _Copy) -> bool:
        """Whether both may be the same bytes."""
        hashes = {self.sha256, other.sha256} - {None}
        return self.generation == other.generation and len(hashes) <= 1


class CacheIsNeverLost(Law):
    """After a failed refresh the same copy is served as before it, byte for byte.

    A copy is known once it was served, installed by a refresh, or announced: an action ``given``
    with ``generation``, and ``cached`` true, says what the first process found. A copy that was
    found damaged and set aside may be missed. A restart changes nothing: the cache outlives it.

    Another process may work on the same folder. An action with ``cached``, whatever it is called,
    says what that one has left there: a copy, or none if false. A process that runs still has its
    own; the next one has what was left.
    """

    name: ClassVar[str] = "cache-is-never-lost"
    doc: ClassVar[str] = (
        "After a failed refresh, the previous index is still served, byte for byte."
    )
    rests_on: ClassVar[Basis] = CACHES

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge the first thing served after each failed refresh."""
        kept = 0
        for failed, copy, event in _served_after_failure(run.trace):
            served = _installed(event)
            if served is None or not copy.is_same(served):
                return self.broken(
                    f"after the refresh that failed at {seconds(failed.at_s)}, {who(event)} was "
                    "not served the previous copy",
                    expected=str(copy),
                    seen=str(served or event.state),
                    evidence=[failed, event],
                )
            kept += 1
        if not kept:
            return self.not_exercised("no copy was served after a failed refresh")
        return self.passed(f"{count(kept, 'failed refresh', 'failed refreshes')}, nothing lost")


def _served_after_failure(trace: Trace) -> Iterator[tuple[IndexEvent, _Copy, IndexEvent]]:
    """Each failed refresh, the copy there was, and what was served next."""
    copy: _Copy | None = None
    left: list[_Copy | None] = []
    failed: IndexEvent | None = None
    for event in trace:
        if isinstance(event, ActionEvent):
            copy = _given(event) or copy
            if event.action == "restart":
                copy, left = left[-1] if left else copy, []
            left += _left_by_another(event)
        elif not isinstance(event, IndexEvent):
            continue
        elif event.what == "failed":
            failed = event
        elif event.what == "quarantined":
            copy = None
        elif event.what == "updated":
            copy, left = _installed(event), []
        elif event.what == "served":
            if failed is not None and copy is not None:
                yield failed, copy, event
            copy, failed = _installed(event), None


class NoTornIndex(Law):
    """Whatever is served is one generation, whole: one hash each, and that of its publication.

    A target that announces one generation (an action, or ``given``, with ``generation`` and
    ``sha256``) announces them all.

    A copy that is said to be updated has come over the network. If whatever was asked of the
    cached upstream for it broke off or was refused, what was taken for a copy is half of one, or
    an error.
    """

    name: ClassVar[str] = "no-torn-index"
    doc: ClassVar[str] = (
        "Every index that is served is one complete generation, with the right hash."
    )
    rests_on: ClassVar[Basis] = CACHES

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every index that was served, against what was published and served before."""
        for update, downloads in _vain_downloads(run):
            if downloads:
                return self.broken(
                    f"{who(update)} installed generation {update.generation} from a download that "
                    "failed or broke off",
                    expected="a complete response",
                    seen=_ended(downloads[-1]),
                    evidence=[*downloads, update],
                )
        published: dict[str, _Known] = {}
        first: dict[str, _Known] = {}
        judged = 0
        for event in run.trace:
            known = _known(event)
            if known is None:
                continue
            if isinstance(event, ActionEvent):
                published[known.generation] = known
                continue
            if published and known.generation not in published:
                return self.broken(
                    f"{who(event)} was served generation {known.generation}, which was never "
                    "published",
                    expected=f"one of: {', '.join(sorted(published))}",
                    seen=known.generation,
                    evidence=[event],
                )
            before = published.get(known.generation) or first.setdefault(known.generation, known)
            if before.sha256 != known.sha256:
                return self.broken(
                    f"{who(event)} was served generation {known.generation} with other bytes than "
                    f"those {'published' if published else 'served'} before",
                    expected=before.sha256,
                    seen=known.sha256,
                    evidence=[before.event, event],
                )
            judged += 1
        if not judged:
            return self.not_exercised("no index with a known hash was served")
        return self.passed(
            f"{count(judged, 'search', 'searches')}, each in one complete generation"
        )


def _vain_downloads(run: RunRecord) -> Iterator[tuple[IndexEvent, list[ResponseEvent]]]:
    """Each update, and the downloads for it if none of them, nor of another's since, was whole."""
    vain: defaultdict[Owner, list[ResponseEvent]] = defaultdict(list)
    for event in run.trace:
        if isinstance(event, ResponseEvent) and event.upstream in run.promises.caches:
            if _came_to_nothing(event):
                vain[owner(event)].append(event)
            else:
                # Whoever waits for the same copy may be the one who reports it.
                vain.clear()
        elif isinstance(event, IndexEvent) and event.what != "served":
            downloads = vain.pop(owner(event), [])
            if event.what == "updated":
                yield event, downloads


def _came_to_nothing(response: ResponseEvent) -> bool:
    """Whether no copy can come of it; who closed it may have read what they wanted."""
    if response.error is not None:
        return response.error != "Closed"
    return response.status is not None and response.status >= FIRST_ERROR_STATUS


def _ended(response: ResponseEvent) -> str:
    return response.error or f"status {response.status}"


@dataclass(frozen=True, slots=True)
class _Known:
    """Which bytes a generation consists of, and the event that says so."""

    generation: str
    sha256: str
    event: Event


def _known(event: Event) -> _Known | None:
    generation: object = None
    sha256: object = None
    if isinstance(event, ActionEvent):
        detail = dict(event.detail)
        generation, sha256 = detail.get("generation"), detail.get("sha256")
    elif isinstance(event, IndexEvent) and event.what == "served":
        generation, sha256 = event.generation, event.sha256
    if generation is None or sha256 is None:
        return None
    return _Known(str(generation), str(sha256), event)


def _given(event: ActionEvent) -> _Copy | None:
    detail = dict(event.detail)
    if event.action != "given" or detail.get("cached") is not True:
        return None
    return _copy(detail.get("generation"), detail.get("sha256"))


def _left_by_another(event: ActionEvent) -> list[_Copy | None]:
    """What another process has left in the folder; empty if the action is about something else."""
    detail = dict(event.detail)
    if event.action == "given" or "cached" not in detail:
        return []
    is_there = detail["cached"] is True
    return [_copy(detail.get("generation"), detail.get("sha256")) if is_there else None]


def _installed(event: IndexEvent) -> _Copy | None:
    return _copy(event.generation, event.sha256)


def _copy(generation: object, sha256: object) -> _Copy | None:
    if generation is None:
        return None
    return _Copy(str(generation), None if sha256 is None else str(sha256))
