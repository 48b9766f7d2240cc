"""What the helpdesk will act on later: the whole of it, with ages in place of times.

This looks into private parts of the service, because nothing public tells all of it: a trial that
was never settled, for one. A part that is renamed makes the explorer's tests fail; a part that is
added, and matters later, has to be added here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Hashable, Iterator
from pathlib import Path

from helpdesk.circuit_breaker import CircuitBreaker
from helpdesk.faiss_helpdesk_service import FAISSHelpdeskService
from helpdesk.live_index import LiveIndex
from helpdesk.provider_memory import ProviderMemory
from helpdesk.rag_response_service import RAGResponseService


def remembered(
    rag: RAGResponseService, index: FAISSHelpdeskService, folder: Path
) -> Hashable | None:
    """All that decides how the next question is answered; None while a refresh is under way.

    Error messages are left out: they are quoted to people, and nothing is decided by them.
    """
    live = vars(index)["_live"]
    assert isinstance(live, LiveIndex)
    if vars(live)["_flight"] is not None:
        return None
    model = _breaker(vars(rag)["_breaker"]), _provider(vars(rag)["_memory"])
    return model, _index(live), tuple(_on_disk(folder))


def _provider(memory: ProviderMemory) -> Hashable:
    inside = vars(memory)
    pause = memory.pause()
    kept = None if pause is None else (pause.reason, _rounded(pause.left_s))
    return (
        kept,
        inside["_refused_reason"],
        inside["_refused_in_a_row"],
        _breaker(inside["_account"]),
    )


def _breaker(breaker: CircuitBreaker) -> Hashable:
    inside = vars(breaker)
    now_s = time.monotonic()
    seen = breaker.snapshot()
    trials = sorted(round(until_s - now_s, 6) for until_s in inside["_trials"].values())
    return seen.state.value, seen.failures, _rounded(seen.retry_after_s), tuple(trials)


def _index(live: LiveIndex) -> Hashable:
    served = live.served()
    _, wait_s = live.schedule()
    backoff = vars(live)["_backoff"]
    age_s = None if served.age is None else _rounded(served.age.total_seconds())
    copy = served.state, served.generation, served.sha256, age_s
    return copy, _rounded(wait_s), backoff.failures, _rounded(backoff.failed_s_ago())


def _on_disk(folder: Path) -> Iterator[Hashable]:
    """What a new process would find; folders of generations have random names."""
    try:
        pointer = json.loads((folder / "current.json").read_bytes())
    except (FileNotFoundError, ValueError):
        pointer = None
    if pointer is not None:
        yield pointer["generation"], pointer["manifest_sha256"], bool(pointer["previous"])
        yield _rounded(time.time() - pointer["fetched_at"])
    for kind in ("generations", "quarantine"):
        yield kind, sum(1 for _ in folder.glob(f"{kind}/*"))


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
