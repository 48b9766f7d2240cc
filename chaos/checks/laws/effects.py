"""The law of effects: what must not happen twice, does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from chaos.checks.laws.another_attempt import another_attempt, is_lost
from chaos.checks.laws.basis import DEEDS, Basis
from chaos.checks.laws.law import Law, Owner, count, owner, seconds, who
from chaos.checks.record import RunRecord
from chaos.trace.events import AskEvent, RequestEvent, ResponseEvent
from chaos.trace.said import Deed
from chaos.verdict import Verdict


class AtMostOnce(Law):
    """No question has the same effect twice: no order is placed, no message sent again.

    An answer that is lost says nothing of the request: it may well have been carried out. So it
    may be sent again only if it carries what makes that safe, an idempotency key or a
    precondition. What was done, a stand-in tells (`chaos.trace.said.Said.deed`), whatever became
    of its answer.

    A key stands for one effect. Under a key that it knows, a provider does nothing: who asks for
    something else under it gets what was done before, and not what they asked for.

    A request may bear an id or a time that is made anew for each attempt, and then no two are the
    same; see `chaos.checks.laws.another_attempt`.
    """

    name: ClassVar[str] = "at-most-once"
    doc: ClassVar[str] = (
        "An effect happens once per question, unless the request is safe to repeat."
    )
    rests_on: ClassVar[Basis] = DEEDS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every deed that a stand-in tells of."""
        done: defaultdict[tuple[Owner, str, Deed], list[ResponseEvent]] = defaultdict(list)
        keys: set[tuple[Owner, str, str]] = set()
        for response in run.trace.of(ResponseEvent):
            if response.deed is None:
                continue
            deed = Deed.of(response.deed)
            under_key = owner(response), response.upstream, response.deed
            if deed.key and under_key in keys:
                # The provider knows it by its key, and does nothing.
                continue
            keys.add(under_key)
            done[owner(response), response.upstream, replace(deed, key="")].append(response)
        for (_, upstream, _), responses in done.items():
            if len(responses) > 1:
                how = f"made {upstream} do this {len(responses)} times"
                return self._done_again(how, responses)
        again = another_attempt(run)
        if again is not None:
            how = (
                f"made {again[0].upstream} do this again, with only another id or another time in "
                "the request"
            )
            return self._done_again(how, again)
        shared = _shared_key(run)
        if shared is not None:
            first, second = shared
            return self.broken(
                f"{who(second)} sent {second.upstream} a different request with the idempotency "
                f"key of {who(first)}",
                expected="a different key for each effect",
                seen=f"{first.deed}; {second.deed}",
                evidence=shared,
            )
        if not done:
            return self.not_exercised("no stand-in reported an effect that must happen only once")
        lost = [first for first, *_ in done.values() if is_lost(first)]
        if not lost:
            return self.not_exercised(
                f"{count(len(done), 'effect')}, and no answer left a doubt about any"
            )
        return self.passed(
            f"{count(len(done), 'effect')}, none twice, though {count(len(lost), 'answer')} got "
            "lost"
        )

    def _done_again(self, how: str, responses: Sequence[ResponseEvent]) -> Verdict:
        return self.broken(
            f"{who(responses[-1])} {how}: {Deed.of(responses[0].deed).what}",
            expected="once, or each time with the same idempotency key",
            seen=", ".join(f"{_ended(each)} at {seconds(each.at_s)}" for each in responses),
            evidence=responses,
        )


def _shared_key(run: RunRecord) -> tuple[ResponseEvent, ResponseEvent] | None:
    """Two deeds of one kind under one key, for questions that differ; None if there are none.

    Of one question, or of one that was asked twice, the second request may be the first again,
    with the time of day in it.
    """
    questions = {ask.ask: ask.question for ask in run.trace.of(AskEvent)}
    objects = {request.call: request.object for request in run.trace.of(RequestEvent)}
    first: dict[tuple[str, str, str | None, str], ResponseEvent] = {}
    for response in run.trace.of(ResponseEvent):
        deed = Deed.of(response.deed)
        if not deed.key or response.ask not in questions:
            continue
        kind = response.upstream, response.operation, objects.get(response.call), deed.key
        before = first.setdefault(kind, response)
        is_another = questions[before.ask] != questions[response.ask]
        if is_another and replace(Deed.of(before.deed), key=deed.key) != deed:
            return before, response
    return None


def _ended(response: ResponseEvent) -> str:
    return response.error or f"status {response.status}"
