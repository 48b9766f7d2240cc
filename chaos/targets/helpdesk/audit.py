"""What the helpdesk tells of itself, held against what the harness knows to be true.

Status, metrics and the folder on disk are looked at when a run is over. Each is compared with what
was seen from outside: the answers that users got, what the bucket holds, the events of the trace.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Self

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

import helpdesk
from chaos.http import Response
from chaos.ports import Answer
from chaos.targets.helpdesk import published
from helpdesk.desk import Helpdesk
from helpdesk.events import (
    BreakerTransition,
    CacheQuarantined,
    CallHeldBack,
    CallRefused,
    Event,
    IndexServed,
    PermitSettled,
    QuestionRefused,
    RefreshEnded,
    RetryGivenUp,
    RetryScheduled,
)
from helpdesk.metrics import Metrics

_NOT_OF_THE_MODEL = frozenset({"breaker_open", "overloaded", "internal_error"})
_OUTCOMES = frozenset({"success", "failure", "neutral"})
_REFUSED_ENOUGH = 3
"""So many refused questions in a row are not the questions' fault."""

_CLOSED = frozenset({"quota_exhausted", "bad_api_key"})
_LASTING = re.compile(r"HTTP (404|405|410)\b|model_not_found|invalid_model|DeploymentNotFound")
"""Refusals that are nobody's question's fault: wrong address, or a model that is not there."""

_WRAPPER = "APIConnectionError"
"""The SDK's name for whatever went wrong with a connection; what did, is its cause."""

_EXACT = 1e-3
_QUARANTINED_KEPT = 3


@dataclass
class Seen:
    """What one process of the service has done, as the harness saw it; also a listener.

    Attributes:
        at_s: When each event came, in seconds of ``time.monotonic``.
        refreshed: What was returned to whoever had the service look for a newer index.
    """

    answers: list[Answer] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    refreshed: list[object] = field(default_factory=list)
    opened_s: float = 0.0
    began_s: float = field(default_factory=time.monotonic)

    def __call__(self, event: Event, /) -> None:
        """Keep an event."""
        self.events.append(event)
        self.at_s.append(time.monotonic())
        if isinstance(event, BreakerTransition) and event.new == "open":
            self.opened_s = time.monotonic()

    def of(self, kind: type[Event]) -> list[Any]:
        """The events of a kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfReport:
    """What a service tells of itself, whichever way it was asked.

    Attributes:
        status: How it is: the assistant, the index, the load.
        counted: Its metrics since its start.
    """

    status: Any
    counted: Iterable[Metric]

    @classmethod
    def of(cls, desk: Helpdesk, metrics: Metrics) -> Self:
        """What the objects tell that do the work."""
        return cls(status=desk.get_status(), counted=metrics.registry.collect())

    @classmethod
    def over_http(cls, status: Response, metrics: Response) -> Self:
        """What operators get to read."""
        text = metrics.body.decode()
        return cls(status=status.json(), counted=text_string_to_metric_families(text))


def audit(  # noqa: PLR0913 - what there is to compare with
    told: SelfReport,
    seen: Seen,
    folder: Path,
    *,
    settings: Mapping[str, Any],
    quarantined: int,
    is_packaged: bool = False,
) -> Iterator[str]:
    """Everything that the service tells, and that is not so.

    Args:
        told: What it tells.
        seen: What was seen of it since its start.
        folder: Its cache.
        settings: What was promised, by setting.
        quarantined: How many copies were set aside in the whole run.
        is_packaged: Whether its articles are those that come with it.
    """
    status = told.status
    yield from _breaker(status["assistant"], seen, settings)
    yield from _assistant(status, seen, settings)
    yield from _packaged(status["index"]) if is_packaged else _index(status["index"])
    yield from _counted(told.counted, seen, status)
    yield from _failures(seen, settings)
    yield from _searches(seen)
    yield from answered(seen.answers)
    yield from refreshed(seen)
    yield from _disk(folder, status["index"], quarantined)


def _breaker(assistant: Any, seen: Seen, settings: Mapping[str, Any]) -> Iterator[str]:
    told = assistant["circuit_breaker"]
    moves = [each for each in seen.of(BreakerTransition) if each.upstream == "openai"]
    settled = [each for each in seen.of(PermitSettled) if each.upstream == "openai"]
    state = moves[-1].new if moves else "closed"
    recovery_s = settings["openai.breaker.recovery_timeout"].total_seconds()
    left_s = None if state == "closed" else 0.0
    if state == "open":
        left_s = max(0.0, seen.opened_s + recovery_s - time.monotonic())
    failures = settled[-1].failures if settled else 0
    yield from differ("breaker state", told["state"], state)
    yield from differ("time until a trial", told["retry_after_s"], left_s)
    yield from differ("breaker failures", told["failures"], failures)
    threshold = settings["openai.breaker.failure_threshold"]
    yield from differ("breaker threshold", told["threshold"], threshold)
    if left_s:
        yield from differ("available", assistant["synthesis_available"], False)  # noqa: FBT003
        yield from differ("reason", assistant["unavailable_reason"], "breaker_open")
        yield from differ("next look", assistant["next_look_in_s"], left_s)
    elif assistant["unavailable_reason"] == "breaker_open":
        yield f"reason: the service says 'breaker_open', and a trial is due ({state})"


def _assistant(status: Any, seen: Seen, settings: Mapping[str, Any]) -> Iterator[str]:
    told, load = status["assistant"], status["load"]
    judged = [each for each in seen.answers if each.reason not in _NOT_OF_THE_MODEL]
    last = (judged[-1].reason or "ok") if judged else "unknown"
    yield from differ("api status", told["api_status"], last)
    yield from differ("API key configured", told["api_key_configured"], True)  # noqa: FBT003
    if judged and judged[-1].reason is None:
        yield from differ("API key valid", told["api_key_valid"], True)  # noqa: FBT003
    refused_last = sum(1 for _ in takewhile(lambda each: each.reason == "rejected", judged[::-1]))
    if refused_last and told["circuit_breaker"]["state"] == "closed":
        is_available = _is_available_after(refused_last, seen)
        if is_available is not None:
            yield from differ("available", told["synthesis_available"], is_available)
    expected = "llm" if told["synthesis_available"] else "fallback"
    yield from differ("mode", told["mode"], expected)
    if told["synthesis_available"]:
        yield from differ("reason", told["unavailable_reason"], None)
        yield from differ("next look", told["next_look_in_s"], None)
    turns = {"taken": 0, "limit": settings["limits.max_calls"], "waiting": 0}
    yield from differ("turns", told["turns"], turns)
    refused = len(seen.of(QuestionRefused))
    limit = settings["limits.max_questions"]
    yield from differ("load", load, {"questions": 0, "limit": limit, "refused": refused})


def _is_available_after(refused_last: int, seen: Seen) -> bool | None:
    """Whether an answer can be expected after so many refusals in a row; None if in doubt."""
    lasts = [bool(_LASTING.search(each.cause)) for each in seen.of(RetryGivenUp)]
    if refused_last >= _REFUSED_ENOUGH or lasts[-1:] == [True]:
        return False
    # After an account that was closed, one wrong question does not show that it is open again.
    closed = any(each.reason in _CLOSED for each in seen.answers)
    return None if closed or any(lasts) else True


def _index(told: Any) -> Iterator[str]:
    if told["state"] == "absent":
        absent = {"age_s": None, "generation": None, "sha256": None, "articles": 0}
        yield from differ("no index", {key: told[key] for key in absent}, absent)
        return
    sha256 = published.content_sha256(int(told["generation"]))
    yield from differ("index content", told["sha256"], sha256)
    yield from differ("articles", told["articles"], published.ARTICLES)


def _packaged(told: Any) -> Iterator[str]:
    """What is told of the articles that come with it; as many as there are files."""
    yield from differ("index state", told["state"], "fresh")
    articles = sum(1 for _ in (Path(helpdesk.__file__).parent / "knowledge").glob("*.md"))
    yield from differ("articles", told["articles"], articles)
    yield from differ("next refresh", told["next_refresh_in_s"], None)


def _failures(seen: Seen, settings: Mapping[str, Any]) -> Iterator[str]:
    """Whether operators are told of each failure, and of which object it was."""
    # A breaker of attempts settles several permits for a call that is given up once.
    for each in seen.of(PermitSettled):
        if each.outcome not in _OUTCOMES:
            yield f"a permit: the service says that it ended in {each.outcome!r}"
    counts_calls = settings["openai.breaker.count"] == "calls"
    failed = [
        each
        for each in seen.of(PermitSettled)
        if each.upstream == "openai" and each.outcome == "failure"
    ]
    given_up = [each for each in seen.of(RetryGivenUp) if each.upstream == "openai"]
    if counts_calls and len(given_up) < len(failed):
        yield f"calls given up: the service tells of {len(given_up)}, and {len(failed)} failed"
    for each in seen.of(RetryGivenUp):
        if _WRAPPER in each.cause:
            yield f"a call was given up, and its cause is what the SDK makes of it: {each.cause!r}"
    for each in seen.of(RefreshEnded):
        if each.outcome == "failed":
            yield from differ("bytes of a failed refresh", each.size_bytes, 0)
            yield from _misleading(each.error or "")


def _misleading(why: str) -> Iterator[str]:
    """What is wrong with the reason why a refresh failed."""
    if re.match(r"\w+(Error|Exception)\b", why):
        yield f"a refresh failed for a reason that nobody foresaw: {why!r}"
    if " for " in why and published.BUCKET not in why:
        yield f"a refresh failed, and its reason does not name the bucket: {why!r}"


def _searches(seen: Seen) -> Iterator[str]:
    """Whether each answer that tells of the index comes with the event of a search in it."""
    told = len(seen.of(IndexServed))
    searched = sum(each.index_state is not None for each in seen.answers)
    if told < searched:
        yield f"searches: the service tells of {told}, and {searched} answers rest on one"


def answered(answers: Iterable[Answer]) -> Iterator[str]:
    """Whether an answer from the articles has each article that it names."""
    for answer in answers:
        shown = len(re.findall(r"^## ", answer.text, re.MULTILINE))
        if answer.mode == "fallback" and shown != len(answer.sources):
            yield f"a fallback: it names {len(answer.sources)} articles, and shows {shown}"


def refreshed(seen: Seen) -> Iterator[str]:
    """Whether who had a newer index looked for was told what came of it."""
    told = seen.of(RefreshEnded)
    so_long_s = time.monotonic() - seen.began_s
    for each in told:
        if not 0 <= each.duration_s <= so_long_s:
            yield f"a refresh: it is said to have taken {each.duration_s} s, in {so_long_s} s"
    yield from _generations(seen)
    for each in seen.refreshed:
        if not isinstance(each, RefreshEnded):
            yield f"a refresh: the service returns {each!r}, and not what came of it"
        elif each.outcome == "failed":
            # One that waited in vain, or was not let through, has no event of its own.
            if not each.error:
                yield "a refresh: it failed, and the service does not say why"
        elif each not in told:
            yield f"a refresh: it is said to be {each.outcome!r}, and none such is reported"


def _generations(seen: Seen) -> Iterator[str]:
    """Whether a refresh that is said to have changed the index has done so."""
    before = None
    served: list[tuple[float, str]] = []
    for at_s, event in zip(seen.at_s, seen.events, strict=True):
        if isinstance(event, IndexServed) and event.generation is not None:
            served.append((at_s, event.generation))
        elif isinstance(event, RefreshEnded) and event.outcome != "failed":
            # While it runs, others may be served the new index before it says that it is there.
            began_s = at_s - event.duration_s - _EXACT
            before = next((told for then_s, told in reversed(served) if then_s < began_s), before)
            is_same = event.generation == before
            if before is not None and is_same != (event.outcome == "unchanged"):
                yield (
                    f"a refresh: the service says {event.outcome!r} of generation "
                    f"{event.generation}, and served {before} before"
                )
            before = event.generation
            served.clear()


def _counted(counted: Iterable[Metric], seen: Seen, status: Any) -> Iterator[str]:
    told = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in counted
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket", "_sum"))
    }
    expected = Counter[tuple[str, ...]]()
    for answer in seen.answers:
        labels = sorted((answer.mode, answer.reason or "none"))
        expected["helpdesk_answers_total", *labels] += 1
        expected["helpdesk_stale_answers_total",] += answer.stale
        expected["helpdesk_answer_seconds_count",] += 1
    for each in seen.of(RetryScheduled):
        expected["helpdesk_retries_total", each.upstream] += 1
    for each in seen.of(RetryGivenUp):
        expected["helpdesk_calls_given_up_total", *sorted((each.upstream, each.reason))] += 1
    for each in seen.of(CallRefused):
        expected["helpdesk_refusals_total", each.upstream] += 1
    for each in seen.of(RefreshEnded):
        expected["helpdesk_index_refreshes_total", each.outcome] += 1
    for each in seen.of(CallHeldBack):
        expected["helpdesk_calls_held_back_total", each.upstream] += 1
    expected["helpdesk_index_quarantined_total",] += len(seen.of(CacheQuarantined))
    expected["helpdesk_questions_refused_total",] += len(seen.of(QuestionRefused))
    state = status["assistant"]["circuit_breaker"]["state"]
    moves = seen.of(BreakerTransition)
    for each in ("closed", "open", "half_open"):
        is_it = each == (moves[-1].new if moves else state)
        expected["helpdesk_breaker_state", *sorted((each, "openai"))] += is_it
    expected["helpdesk_model_available",] += status["assistant"]["synthesis_available"]
    for key in told.keys() | expected.keys():
        if key == ("helpdesk_index_age_seconds",):
            age_s = status["index"]["age_s"]
            yield from differ(key[0], told.get(key), -1.0 if age_s is None else age_s)
        else:
            yield from differ(" ".join(key), told.get(key, 0.0), float(expected[key]))


def _disk(folder: Path, told: Any, quarantined: int) -> Iterator[str]:
    aside = sorted(folder.glob("quarantine/*"))
    yield from differ("copies set aside", len(aside), min(quarantined, _QUARANTINED_KEPT))
    unfinished = [*folder.glob(".current-*"), *folder.glob("generations/.new-*")]
    yield from differ("unfinished files", len(unfinished), 0)
    pointer_path = folder / "current.json"
    if not pointer_path.exists():
        return
    pointer = json.loads(pointer_path.read_bytes())
    copy = folder / "generations" / pointer["folder"]
    files = {name: (copy / name).read_bytes() for name in (published.INDEX, published.DOCUMENTS)}
    whole = told["sha256"]
    if pointer["generation"].isdecimal():
        whole = published.content_sha256(int(pointer["generation"]))
    yield from differ("files on disk", published.sha256_of(files), whole)
    manifest = (copy / published.MANIFEST).read_bytes()
    seen_sha256 = hashlib.sha256(manifest).hexdigest()
    yield from differ("manifest on disk", pointer["manifest_sha256"], seen_sha256)
    yield from differ("generation on disk", pointer["generation"], told["generation"])
    known = {each.name for each in folder.glob("generations/*")}
    expected = {pointer["folder"], *filter(None, [pointer["previous"]])}
    yield from differ("copies on disk", known, expected & known)


def differ(what: str, told: object, known: object) -> Sequence[str]:
    """What is told otherwise than it is known to be, in a sentence; empty if it is so."""
    if isinstance(told, float) and isinstance(known, float):
        is_so = abs(told - known) <= _EXACT
    else:
        is_so = told == known
    return () if is_so else (f"{what}: the service says {told!r}, and it is {known!r}",)
