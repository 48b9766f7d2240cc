"""Effects that differ in ids and times alone: two effects, or two attempts at one.

A batch pays many accounts, each by its id. A careless retry pays one account twice, each time with
an id made anew. No single request tells the one from the other. What does, is that the answer to
the first got lost, and that there is one effect more than the service needs in good health; or,
where it was never seen in good health, that the second comes just when a retry is due.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from chaos.checks.laws.calls import FIRST_ERROR_STATUS, longest_wait_s, shortest_wait_s
from chaos.checks.laws.law import TICK_S, Owner, owner
from chaos.checks.record import RunRecord
from chaos.ports import RetryPolicy
from chaos.trace.events import RequestEvent, ResponseEvent
from chaos.trace.said import Deed


def another_attempt(run: RunRecord) -> tuple[ResponseEvent, ResponseEvent] | None:
    """A deed whose answer got lost, and another that was an attempt at the same; None if none."""
    sent_s = {request.call: request.at_s for request in run.trace.of(RequestEvent)}
    by_owner: defaultdict[tuple[Owner, str, str], list[ResponseEvent]] = defaultdict(list)
    failed: set[tuple[Owner, str]] = set()
    for response in run.trace.of(ResponseEvent):
        if is_lost(response):
            failed.add((owner(response), response.upstream))
        if response.deed is not None:
            by_owner[owner(response), response.upstream, response.operation].append(response)
    usual: Counter[tuple[str, str]] = Counter()
    for (asker, *kind), deeds in by_owner.items():
        upstream, operation = kind
        if (asker, upstream) not in failed:
            usual[upstream, operation] = max(usual[upstream, operation], _effects(deeds))
    for (_, upstream, operation), deeds in by_owner.items():
        most = usual[upstream, operation]
        policy = run.promises.retries.get(upstream)
        if most and _effects(deeds) <= most:
            continue
        for first, second in _alike(deeds):
            gap_s = sent_s[second.call] - first.at_s
            if is_lost(first) and (gap_s >= 0 if most else _is_due(policy, first, gap_s)):
                return first, second
    return None


def is_lost(response: ResponseEvent) -> bool:
    """Whether the caller cannot know that it was done."""
    status = response.status
    return response.error is not None or status is None or status >= FIRST_ERROR_STATUS


def _alike(deeds: Sequence[ResponseEvent]) -> list[tuple[ResponseEvent, ResponseEvent]]:
    """Deeds that bear the same mark, each with the next; the same one is told elsewhere."""
    by_mark: defaultdict[str, list[ResponseEvent]] = defaultdict(list)
    for each in deeds:
        mark = Deed.of(each.deed).mark
        if mark:
            by_mark[mark].append(each)
    pairs = [pair for marked in by_mark.values() for pair in pairwise(marked)]
    return [
        (one, other)
        for one, other in pairs
        if one.deed != other.deed and not _same_key(one, other)
    ]


def _same_key(one: ResponseEvent, other: ResponseEvent) -> bool:
    keys = {Deed.of(each.deed).key for each in (one, other)}
    return len(keys) == 1 and "" not in keys


def _effects(deeds: Sequence[ResponseEvent]) -> int:
    """How many things were done: what comes under one key is done once."""
    return len({Deed.of(each.deed).key or each.deed for each in deeds})


def _is_due(policy: RetryPolicy | None, first: ResponseEvent, gap_s: float) -> bool:
    """Whether a retry comes so long after a failure, and nothing else would."""
    if policy is None or policy.attempts == 1:
        return False
    counts = range(1, policy.attempts)
    spans = [(shortest_wait_s(policy, n, first), longest_wait_s(policy, n, first)) for n in counts]
    return any(0 < least - TICK_S <= gap_s <= most + TICK_S for least, most in spans)
