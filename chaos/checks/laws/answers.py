"""Laws of what the asker gets: an answer, in time, and nothing the model never said."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from chaos.checks.laws.basis import ANSWERS, MODEL, Basis
from chaos.checks.laws.law import TICK_S, Law, count, seconds
from chaos.checks.record import RunRecord
from chaos.trace.events import AnswerEvent, AskEvent, Event, ResponseEvent
from chaos.verdict import Verdict


class EveryAskIsAnswered(Law):
    """Whoever asks gets an answer, within the deadline if one is promised."""

    name: ClassVar[str] = "every-ask-is-answered"
    doc: ClassVar[str] = "No ask ends in an exception or past its deadline."
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
                    f"ask {ask.ask} of {ask.actor!r} was never answered",
                    expected="an answer",
                    seen=f"none by the end, {seconds(run.ended_s)}",
                    evidence=[ask],
                )
            if answer.mode == "error":
                return self.broken(
                    f"ask {ask.ask} of {ask.actor!r} ended in an exception",
                    expected="an answer",
                    seen=answer.error or "an exception",
                    evidence=[ask, answer],
                )
            if deadline_s is not None and answer.elapsed_s > deadline_s + TICK_S:
                return self.broken(
                    f"ask {ask.ask} of {ask.actor!r} was answered past its deadline",
                    expected=f"at most {seconds(deadline_s)}",
                    seen=seconds(answer.elapsed_s),
                    evidence=[ask, answer],
                )
            slowest_s = max(slowest_s, answer.elapsed_s)
        if not asks:
            return self.not_exercised("nobody asked anything")
        bound = "" if deadline_s is None else f" of {seconds(deadline_s)} allowed"
        return self.passed(
            f"{count(len(asks), 'ask')} answered, the slowest in {seconds(slowest_s)}{bound}"
        )


class NoFabricatedSuccess(Law):
    """An answer in ``llm`` mode carries, whole, a text that the model gave for this question.

    A text that the model broke off at its token limit passes only as ``truncated``; one that a
    content filter stopped does not pass at all.
    """

    name: ClassVar[str] = "no-fabricated-success"
    doc: ClassVar[str] = "An answer in `llm` mode carries the text the model really gave, whole."
    rests_on: ClassVar[Basis] = MODEL

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every answer in ``llm`` mode against the responses to its question."""
        answers = [answer for answer in run.trace.of(AnswerEvent) if answer.mode == "llm"]
        given: defaultdict[int | None, list[ResponseEvent]] = defaultdict(list)
        for response in run.trace.of(ResponseEvent):
            if isinstance(dict(response.detail).get("text"), str):
                given[response.ask].append(response)
        if not answers:
            return self.not_exercised("no answer came from the model")
        if not given:
            return self.not_exercised("no response tells what the model said")
        for answer in answers:
            responses = given[answer.ask]
            if not any(_carries(answer, response) for response in responses):
                shown: list[Event] = [*responses, answer]
                return self.broken(
                    f"ask {answer.ask} was answered as by the model, with a text that no whole "
                    "completion of this ask contains",
                    expected=_told(responses[-1]) if responses else "no answer in llm mode",
                    seen=_quoted(answer.text) + (", truncated" if answer.truncated else ""),
                    evidence=shown,
                )
        return self.passed(f"{count(len(answers), 'answer')} with the model's own words, whole")


def _carries(answer: AnswerEvent, response: ResponseEvent) -> bool:
    detail = dict(response.detail)
    text, end = str(detail["text"]).strip(), detail.get("finish_reason")
    whole = end == "stop" or (end == "length" and answer.truncated)
    return whole and text != "" and text in answer.text


def _told(response: ResponseEvent) -> str:
    detail = dict(response.detail)
    return f"{_quoted(str(detail['text']))}, finish_reason {detail.get('finish_reason')}"


def _quoted(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[: most - 1] + "…")
