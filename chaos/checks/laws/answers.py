"""Laws of what the asker gets: an answer, in time, and nothing the model never said."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import ClassVar

from chaos.checks.laws.basis import ANSWERS, MODELS, Basis
from chaos.checks.laws.calls import FIRST_ERROR_STATUS
from chaos.checks.laws.law import TICK_S, Law, count, seconds
from chaos.checks.record import RunRecord
from chaos.ports import CONNECT
from chaos.trace.events import AnswerEvent, AskEvent, Event, ResponseEvent
from chaos.verdict import Verdict

FEWEST_WORDS = 2
"""By how many words half an answer is known again; one is in many texts."""


class EveryAskIsAnswered(Law):
    """Whoever asks gets an answer, within the deadline if one is promised.

    The time runs from the moment when the user asked, so that time in a queue counts.
    """

    name: ClassVar[str] = "every-ask-is-answered"
    doc: ClassVar[str] = "No question ends in an exception or after its deadline."
    rests_on: ClassVar[Basis] = ANSWERS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every question of the run."""
        asks = run.trace.of(AskEvent)
        answers = {answer.ask: answer for answer in run.trace.of(AnswerEvent)}
        deadline_s = run.promises.deadline_s
        slowest_s = 0.0
        for ask in asks:
            answer = answers.get(ask.ask)
            if answer is None:
                return self.broken(
                    f"question #{ask.ask} of {ask.actor!r} was never answered",
                    expected="an answer",
                    seen=f"none by the end of the run, at {seconds(run.ended_s)}",
                    evidence=[ask],
                )
            if answer.mode == "error":
                return self.broken(
                    f"question #{ask.ask} of {ask.actor!r} ended in an exception",
                    expected="an answer",
                    seen=answer.error or "an exception",
                    evidence=[ask, answer],
                )
            took_s = round(answer.at_s - ask.at_s, 6)
            if deadline_s is not None and took_s > deadline_s + TICK_S:
                return self.broken(
                    f"question #{ask.ask} of {ask.actor!r} was answered after its deadline",
                    expected=f"at most {seconds(deadline_s)}",
                    seen=seconds(took_s),
                    evidence=[ask, answer],
                )
            slowest_s = max(slowest_s, took_s)
        if not asks:
            return self.not_exercised("no question was asked")
        bound = "" if deadline_s is None else f", of {seconds(deadline_s)} allowed"
        return self.passed(
            f"{count(len(asks), 'question')} answered, the slowest in {seconds(slowest_s)}{bound}"
        )


class NoFabricatedSuccess(Law):
    """An answer in the target's best mode carries, whole, what a model said for its question.

    A text that the model broke off at its token limit passes only as ``truncated``; one that the
    model or a content filter refused to give does not pass at all. Where a model answers in JSON,
    one of the texts in it is enough. Of users who ask the same at the same time, one call may
    serve all; and what comes from an upstream behind a promised cache, may have been said before.

    Nor does an answer carry, beside that, words of an attempt that broke off: half a sentence and
    a whole answer behind it are a text that no model gave. Two words are enough to be known again.
    What a reset left of a stream is not in the trace; it is known by the whole answer behind it,
    if that begins with the same words.

    A run in which no model said anything is judged where a stand-in tells that one would have
    spoken (`StandIn.speaking`): an answer whose every call had failed is not the model's. So is a
    run in which no answer carries a text, since a target may hand out none.
    """

    name: ClassVar[str] = "no-fabricated-success"
    doc: ClassVar[str] = (
        "An answer in the target's best mode contains the complete text that the model gave."
    )
    rests_on: ClassVar[Basis] = MODELS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every answer in the best mode against the responses to its question."""
        said = [
            response
            for response in run.trace.of(ResponseEvent)
            if response.said is not None and response.said.text is not None
        ]
        answers = run.trace.of(AnswerEvent)
        best = [answer for answer in answers if answer.mode == run.best_mode]
        if not best:
            return self.not_exercised(
                f"no answer was in mode {run.best_mode!r}, the target's best"
            )
        if not said:
            return self._judge_silence(best, run)
        words = _Words(said, run)
        if not any(answer.text for answer in answers):
            # This target may hand out no texts at all, or nothing but empty ones: what the model
            # said tells nothing of it. Where every call failed, it had nothing to hand out.
            return self._judge_wordless(best, words, run)
        for answer in best:
            responses = words.for_answer(answer)
            if not any(_carries(answer, response) for response in responses):
                shown: list[Event] = [*responses, answer]
                return self.broken(
                    f"question #{answer.ask} was answered in mode {run.best_mode!r}, with a text "
                    "that the model did not give for it, or did not finish",
                    expected=_told(responses[-1])
                    if responses
                    else f"no answer in mode {run.best_mode!r}",
                    seen=_quoted(answer.text) + (", truncated" if answer.truncated else ""),
                    evidence=shown,
                )
            broken = _spliced(answer, responses) or _begun_twice(answer, responses, run)
            if broken is not None:
                return self.broken(
                    f"question #{answer.ask} was answered with a complete text, and with words of "
                    "an attempt that broke off",
                    expected="the text of one attempt",
                    seen=_quoted(answer.text),
                    evidence=[broken, answer],
                )
        return self.passed(f"{count(len(best), 'answer')}, each with the model's complete text")

    def _judge_silence(self, best: list[AnswerEvent], run: RunRecord) -> Verdict:
        """Judge a run in which no model said a word: then nobody can have been given any."""
        for answer in best:
            failed = _failed_for(answer, run.speaking, run)
            if failed:
                return self._made_up(answer, failed, run)
        return self.not_exercised("no stand-in reports what a model said")

    def _judge_wordless(self, best: list[AnswerEvent], words: _Words, run: RunRecord) -> Verdict:
        """Judge a run in which models spoke, and nobody was given a word."""
        for answer in best:
            failed = _failed_for(answer, {*run.speaking, *words.speaking}, run)
            said = (response.said for response in words.for_answer(answer))
            heard = any(each is not None and each.whole for each in said)
            if failed and not heard:
                return self._made_up(answer, failed, run)
        return self.not_exercised("no answer contains text")

    def _made_up(
        self, answer: AnswerEvent, failed: list[ResponseEvent], run: RunRecord
    ) -> Verdict:
        return self.broken(
            f"question #{answer.ask} was answered in mode {run.best_mode!r}, but every "
            "request to the model had failed",
            expected=f"no answer in mode {run.best_mode!r}",
            seen=_quoted(answer.text),
            evidence=[*failed, answer],
        )


def _failed_for(
    answer: AnswerEvent, speaking: Collection[tuple[str, str]], run: RunRecord
) -> list[ResponseEvent]:
    """The calls of a model for this question, if all of them failed; else none."""
    upstreams = {upstream for upstream, _ in speaking} - run.promises.caches.keys()
    asked = {*speaking, *((upstream, CONNECT) for upstream in upstreams)}
    calls = [
        response
        for response in run.trace.of(ResponseEvent)
        if response.ask == answer.ask
        and response.seq < answer.seq
        and response.upstream in upstreams
        and (response.upstream, response.operation) in asked
    ]
    return calls if all(map(_is_wordless, calls)) else []


def _is_wordless(response: ResponseEvent) -> bool:
    """Whether a fault kept the model's words from whoever asked; to close a response is none."""
    if response.error is not None:
        return response.error != "Closed"
    is_refused = response.status is not None and response.status >= FIRST_ERROR_STATUS
    return is_refused or bool(response.faults)


class _Words:
    """What models said in a run, found by the question for which it was said.

    A run may have thousands of questions: whoever looked through everything that was said for
    each of them would take longer than the run did.
    """

    def __init__(self, said: Sequence[ResponseEvent], run: RunRecord) -> None:
        self.speaking = {(response.upstream, response.operation) for response in said}
        self._asks = {ask.ask: ask for ask in run.trace.of(AskEvent)}
        self._by_ask = _grouped(said, lambda response: response.ask)
        self._by_question = _grouped(
            [response for response in said if response.ask in self._asks],
            lambda response: self._asks[response.ask].question,
        )
        caches = run.promises.caches
        self._cached = [response for response in said if response.upstream in caches]

    def for_answer(self, answer: AnswerEvent) -> list[ResponseEvent]:
        """What was said for its question, by a call of its own or of another, as it came."""
        found = [*self._by_ask.get(answer.ask, ()), *_between(self._cached, -1, answer.seq)]
        mine = self._asks.get(answer.ask)
        if mine is not None:
            same = self._by_question.get(mine.question, [])
            found += _between(same, mine.seq, answer.seq)
        return sorted({each.seq: each for each in found}.values(), key=_place)


def _grouped(
    said: Sequence[ResponseEvent], key: Callable[[ResponseEvent], Hashable]
) -> dict[Hashable, list[ResponseEvent]]:
    groups: dict[Hashable, list[ResponseEvent]] = {}
    for response in said:
        groups.setdefault(key(response), []).append(response)
    return groups


def _between(said: Sequence[ResponseEvent], after: int, before: int) -> Sequence[ResponseEvent]:
    """Those of them, in order as they came, that came after one event and before another."""
    start = bisect_right(said, after, key=_place)
    return said[start : bisect_left(said, before, key=_place)]


def _place(event: Event) -> int:
    return event.seq


def _spliced(answer: AnswerEvent, responses: list[ResponseEvent]) -> ResponseEvent | None:
    """A response that broke off, and whose words are in the answer beside a whole text."""
    rest = answer.text
    for response in responses:
        if _carries(answer, response) and response.said and response.said.text:
            rest = rest.replace(response.said.text.strip(), " ")
    for response in responses:
        said = response.said
        is_broken = said is not None and said.ended in {"cut_short", "failed"}
        words = (said.text or "").strip() if said is not None and is_broken else ""
        if len(words.split()) >= FEWEST_WORDS and words in rest:
            return response
    return None


def _begun_twice(
    answer: AnswerEvent, responses: list[ResponseEvent], run: RunRecord
) -> ResponseEvent | None:
    """A response that broke off, and whose first words stand before those of a whole one."""
    for whole in responses:
        if not _carries(answer, whole) or whole.said is None or whole.said.text is None:
            continue
        text = whole.said.text.strip()
        before = answer.text[: max(answer.text.find(text), 0)].rstrip()
        longest = min(len(before), len(text) - 1)
        begun = (text[:length] for length in range(longest, 0, -1))
        again = next((words for words in begun if before.endswith(words)), "")
        if len(again.split()) < FEWEST_WORDS:
            continue
        for response in run.trace.of(ResponseEvent):
            is_mine = response.ask == answer.ask and response.seq < whole.seq
            is_broken = response.error is not None and response.status is not None
            if is_mine and is_broken and response.upstream == whole.upstream:
                return response
    return None


def _carries(answer: AnswerEvent, response: ResponseEvent) -> bool:
    said = response.said
    if said is None or said.text is None:
        return False
    is_whole = said.whole and said.ended in {"finished", "asks_for_tools"}
    if not is_whole and not (said.ended == "cut_short" and answer.truncated):
        return False
    return any(text.strip() and text.strip() in answer.text for text in _texts(said.text))


def _texts(said: str) -> Iterator[str]:
    """The text itself, or those that it has in it as JSON."""
    yield said
    if said.lstrip()[:1] in {"{", "["}:
        try:
            waiting = [json.loads(said)]
        except (ValueError, RecursionError):
            return
        while waiting:
            value = waiting.pop()
            if isinstance(value, str):
                yield value
            elif isinstance(value, dict):
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value


def _told(response: ResponseEvent) -> str:
    said = response.said
    assert said is not None, "only what was said is told"
    return f"{_quoted(said.text or '')}, {said.ended.replace('_', ' ')}"


def _quoted(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[: most - 1] + "…")
