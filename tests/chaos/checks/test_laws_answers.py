"""Laws of what the asker gets."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.checks.laws.answers import EveryAskIsAnswered, NoFabricatedSuccess
from chaos.ports import CachePolicy, Promises
from chaos.trace.said import Ended
from tests.chaos.checks.story import Story, broken, passed, untested

IN_TIME = Promises(deadline_s=30)


def test_every_ask_is_answered_passes_an_answer_at_the_deadline() -> None:
    """Exactly the deadline, or one tick of the clock more, is in time."""
    story = Story().asks(1).at(30).answer().asks(2).at(60.000002).answer()

    verdict = story.judged_by(EveryAskIsAnswered, IN_TIME)

    assert passed(verdict)
    assert verdict.reason == "2 questions answered, the slowest in 30.000002s, of 30s allowed"


def test_every_ask_is_answered_fails_a_late_answer() -> None:
    """A few microseconds past the deadline are past the deadline."""
    story = Story().asks(1).at(30.000004).answer()

    assert broken(story.judged_by(EveryAskIsAnswered, IN_TIME))


def test_every_ask_is_answered_judges_no_deadline_that_nobody_promised() -> None:
    """Without a promise, an answer may take its time."""
    story = Story().asks(1).at(3600).answer()
    quick = Story().asks(1).at(0.25).answer()

    assert passed(story.judged_by(EveryAskIsAnswered, Promises()))
    verdict = quick.judged_by(EveryAskIsAnswered, Promises())
    assert verdict.reason == "1 question answered, the slowest in 0.25s"


def test_every_ask_is_answered_counts_from_the_question() -> None:
    """What the target says of its own time does not matter: a user waits in the queue as well."""
    story = Story().asks(1).at(31).answer(elapsed_s=1)

    assert broken(story.judged_by(EveryAskIsAnswered, IN_TIME))


def test_every_ask_is_answered_fails_a_question_left_open() -> None:
    """An ask without an answer fails, and the ask is the evidence."""
    story = Story().asks(1).answer().asks(2)

    verdict = story.judged_by(EveryAskIsAnswered, IN_TIME)

    assert broken(verdict)
    assert verdict.evidence == (2,)


def test_every_ask_is_answered_fails_an_exception() -> None:
    """An ask that ended in an exception fails, and the exception is shown."""
    story = Story().asks(1).answer("error", error="KeyError: 'x'")

    verdict = story.judged_by(EveryAskIsAnswered, IN_TIME)

    assert broken(verdict)
    assert verdict.seen == "KeyError: 'x'"


def test_every_ask_is_answered_needs_a_question() -> None:
    """A run in which nobody asks has not tested it."""
    assert untested(Story().call().judged_by(EveryAskIsAnswered, IN_TIME))


def test_no_fabricated_success_passes_the_models_own_words() -> None:
    """The text may stand in a larger answer; whitespace around it does not matter."""
    story = Story().asks(1).says("  Reboot it.\n").answer(text="Hello. Reboot it. Sources: 3")

    assert passed(story.judged_by(NoFabricatedSuccess, Promises()))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Reboot", id="a part"),
        pytest.param("reboot it.", id="another spelling"),
        pytest.param("", id="nothing"),
    ],
)
def test_no_fabricated_success_fails_other_words(text: str) -> None:
    """Anything but the whole text fails."""
    story = Story().asks(1).says("Reboot it.").answer(text=text)
    story.asks(2).answer("fallback", text="Read this.")

    assert broken(story.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_fails_the_words_of_another_ask() -> None:
    """What the model said to one user is no answer of the model to another."""
    story = Story().asks(1).says("Reboot it.").answer(text="Reboot it.")
    story.asks(2).call(503).answer(text="Reboot it.")

    verdict = story.judged_by(NoFabricatedSuccess, Promises())

    assert broken(verdict)
    assert verdict.reason.startswith("question #2")


def test_no_fabricated_success_wants_a_truncated_text_to_be_marked() -> None:
    """What the model broke off passes only if the answer says so."""
    marked = Story().asks(1).says("Reboot", "cut_short").answer(text="Reboot", truncated=True)
    unmarked = Story().asks(1).says("Reboot", "cut_short").answer(text="Reboot")

    assert passed(marked.judged_by(NoFabricatedSuccess, Promises()))
    assert broken(unmarked.judged_by(NoFabricatedSuccess, Promises()))


@pytest.mark.parametrize("ended", ["cut_short", "failed"])
def test_no_fabricated_success_fails_words_of_two_attempts(ended: Ended) -> None:
    """Half a sentence, and a whole answer behind it, is a text that no model gave."""
    story = Story().asks(1).says("First open the", ended).says("Reboot it.")
    story.answer(text="First open theReboot it.")

    verdict = story.judged_by(NoFabricatedSuccess, Promises())

    assert broken(verdict)
    assert "an attempt that broke off" in verdict.reason


@pytest.mark.parametrize(
    ("half", "whole", "text"),
    [
        pytest.param("Reboot it", "Reboot it now.", "Reboot it now.", id="said again"),
        pytest.param("First", "Reboot it.", "First: Reboot it.", id="a word"),
        pytest.param("First open", "Reboot it.", "Reboot it.", id="thrown away"),
    ],
)
def test_no_fabricated_success_passes_what_only_the_last_attempt_said(
    half: str, whole: str, text: str
) -> None:
    """An attempt that broke off leaves no trace in the answer, or none that can be told."""
    story = Story().asks(1).says(half, "failed").says(whole).answer(text=text)

    assert passed(story.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_fails_a_beginning_that_a_reset_left() -> None:
    """What came before the reset is not in the trace; that the answer begins twice is."""
    story = Story().asks(1).call(200, error="ReadError").says("Reboot it at once.")
    story.answer(text="Answer: Reboot it atReboot it at once.")

    verdict = story.judged_by(NoFabricatedSuccess, Promises())

    assert broken(verdict)
    assert verdict.evidence == (2, 5)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param("ReadError", "Reboot it at once. Reboot it", id="behind the whole"),
        pytest.param("ReadError", "Reboot: Reboot it at once.", id="a word"),
        pytest.param(None, "Reboot it: Reboot it at once.", id="nothing broke off"),
    ],
)
def test_no_fabricated_success_passes_what_may_be_a_heading(error: str | None, text: str) -> None:
    """Only the first words of the answer, at least two, right before it, after a reset."""
    story = Story().asks(1).call(200 if error else 503, error=error).says("Reboot it at once.")

    assert passed(story.answer(text=text).judged_by(NoFabricatedSuccess, Promises()))


SPEAKING = {("openai", "chat.completions")}


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param({"status": 503}, id="refused"),
        pytest.param({"status": None, "error": "ReadTimeout"}, id="silent"),
        pytest.param({"status": 200, "faults": ("html",)}, id="unreadable"),
    ],
)
def test_no_fabricated_success_fails_a_text_though_no_model_ever_spoke(
    ended: dict[str, Any],
) -> None:
    """In a run in which all calls fail, there are no words that an answer could carry."""
    story = Story().asks(1).call(**ended).answer(text="Reboot it.")

    verdict = story.judged_by(NoFabricatedSuccess, Promises(), speaking=SPEAKING)

    assert broken(verdict)
    assert verdict.evidence == (2, 3)


def test_no_fabricated_success_knows_nothing_of_a_silent_run_otherwise() -> None:
    """A good call, one that was closed, a copy, and a provider without a model."""
    failed = Story().asks(1).call(503)
    good = Story().asks(1).call(503).call().answer(text="Yes.")
    closed = Story().asks(1).call(200, error="Closed").answer(text="Yes.")
    uncalled = Story().asks(1).answer(text="Yes.")
    lesser = Story().asks(1).call(503).answer("fallback", text="Yes.")
    for story in (good, closed, uncalled, lesser):
        assert untested(story.judged_by(NoFabricatedSuccess, Promises(), speaking=SPEAKING))
    failed.answer(text="Yes.")
    copied = Promises(caches={"openai": CachePolicy(fresh_for_s=60)})
    assert untested(failed.judged_by(NoFabricatedSuccess, copied, speaking=SPEAKING))
    assert untested(failed.judged_by(NoFabricatedSuccess, Promises(), speaking=()))


def test_no_fabricated_success_fails_an_empty_text_for_an_error() -> None:
    """Whether the target hands out texts or not: every call had failed."""
    silent = Story().asks(1).call(503).answer()
    textless = Story().asks(1).says("Reboot").answer().asks(2).call(503).answer()
    for story, evidence in ((silent, (2, 3)), (textless, (6, 7))):
        verdict = story.judged_by(NoFabricatedSuccess, Promises(), speaking=SPEAKING)

        assert broken(verdict)
        assert verdict.evidence == evidence


def test_no_fabricated_success_leaves_targets_without_texts_alone() -> None:
    """What the model said was of use: by another attempt, or by a call of another question."""
    again = Story().asks(1).call(503).says("Reboot").answer()

    assert untested(again.judged_by(NoFabricatedSuccess, Promises(), speaking=SPEAKING))


def test_no_fabricated_success_fails_a_filtered_text() -> None:
    """What a content filter stopped is not an answer, however it is marked."""
    story = Story().asks(1).says("Reboot", "refused").answer(text="Reboot", truncated=True)

    assert broken(story.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_fails_an_answer_resting_on_an_empty_text() -> None:
    """Every text contains the empty one; that proves nothing."""
    story = Story().asks(1).says(" ").answer(text="Reboot it.")

    assert broken(story.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_fails_an_answer_for_which_nobody_was_asked() -> None:
    """An answer as by the model, without one completion for it, fails."""
    story = Story().asks(1).says("Yes.").answer(text="Yes.").asks(2).answer(text="Reboot it.")

    assert broken(story.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_needs_an_answer_of_the_model() -> None:
    """Fallback answers have not tested it; nor has an upstream that tells no texts."""
    fallback = Story().asks(1).says("Yes.").answer("fallback", text="Read this.")
    silent = Story().asks(1).call().answer(text="Yes.")

    assert untested(fallback.judged_by(NoFabricatedSuccess, Promises()))
    assert untested(silent.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_shows_long_texts_shortened() -> None:
    """A failure shows how both texts begin, on one line."""
    story = Story().asks(1).says("no " * 20).answer(text="yes " * 30)

    verdict = story.judged_by(NoFabricatedSuccess, Promises())

    assert verdict.expected == repr("no " * 20) + ", finished"
    assert verdict.seen == repr(("yes " * 30)[:59] + "…")


def test_no_fabricated_success_needs_answers_with_a_text() -> None:
    """A target that hands out no texts at all claims nothing about them."""
    mute = Story().asks(1).says("Yes.").answer().asks(2).answer("fallback")

    assert untested(mute.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_finds_a_text_in_json() -> None:
    """Where a model answers in JSON, what people read is one of the texts in it."""
    said = '{"steps": [{"text": "Reboot it."}], "sure": 0.9}'
    told = Story().asks(1).says(said).answer(text="Reboot it.")
    other = Story().asks(1).says(said).answer(text="Leave it.")

    assert passed(told.judged_by(NoFabricatedSuccess, Promises()))
    assert broken(other.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_lets_one_call_serve_all_who_ask_the_same() -> None:
    """Two users who ask together may share a call; one who asks later, or something else, not."""
    shared = Story().asks(1).asks(2).by(1).says("Reboot it.").answer(text="Reboot it.")
    shared.by(2).answer(text="Reboot it.")
    late = Story().asks(1).says("Reboot it.").answer(text="Reboot it.")
    late.asks(2).answer(text="Reboot it.")
    other = Story().asks(1).asks(2, "How?").by(1).says("Reboot it.").answer(text="Reboot it.")
    other.by(2).answer(text="Reboot it.")

    assert passed(shared.judged_by(NoFabricatedSuccess, Promises()))
    assert broken(late.judged_by(NoFabricatedSuccess, Promises()))
    assert broken(other.judged_by(NoFabricatedSuccess, Promises()))


def test_no_fabricated_success_knows_a_promised_cache() -> None:
    """What comes from behind a promised cache may have been said before; never what was not."""
    promised = Promises(caches={"openai": CachePolicy(fresh_for_s=60)})
    cached = Story().asks(1).says("Reboot it.").answer(text="Reboot it.")
    cached.asks(2).answer(text="Reboot it.")
    early = Story().asks(2).answer(text="Reboot it.").asks(1).says("Reboot it.")

    assert passed(cached.judged_by(NoFabricatedSuccess, promised))
    assert broken(cached.judged_by(NoFabricatedSuccess, Promises()))
    assert broken(early.answer(text="Reboot it.").judged_by(NoFabricatedSuccess, promised))
