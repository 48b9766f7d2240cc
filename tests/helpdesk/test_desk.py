"""Every question gets an answer in time, whatever breaks."""

from __future__ import annotations

import time

import pytest

from helpdesk.answers import Answer, Passage, SearchResult
from helpdesk.chat_replies import OnText
from helpdesk.desk import Helpdesk, checked_question
from helpdesk.errors import QuestionError
from helpdesk.events import AnswerGiven, Event, RefreshEnded
from helpdesk.settings import Settings
from tests.conftest import Clock

REFRESHED = RefreshEnded(outcome="unchanged", generation="1", duration_s=0.1, size_bytes=0)
PASSAGE = Passage(article_id="vpn", title="VPN", text="Restart it.", excerpt="", score=0.9)


class FakeIndex:
    """An index that finds one passage, or breaks."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, int, float]] = []

    def search(self, question: str, *, top_k: int, deadline: float) -> SearchResult:
        """Note what was asked."""
        self.asked.append((question, top_k, deadline - time.monotonic()))
        if self.error:
            raise self.error
        return SearchResult(passages=(PASSAGE,), index_state="stale")

    def refresh(self) -> RefreshEnded:
        """Find nothing new."""
        return REFRESHED

    def article(self, article_id: str) -> Passage | None:
        """Have one article."""
        return PASSAGE if article_id == PASSAGE.article_id else None

    def get_status(self) -> dict[str, object]:
        """Return a status to recognise."""
        return {"state": "fresh"}


class FakeRag:
    """A responder that repeats the question, or breaks."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, SearchResult, float]] = []

    def respond(
        self,
        question: str,
        found: SearchResult,
        *,
        deadline: float,
        on_text: OnText | None = None,
    ) -> Answer:
        """Note what was asked; whoever listens hears the question."""
        if on_text is not None:
            on_text(question)
        self.asked.append((question, found, deadline - time.monotonic()))
        if self.error:
            raise self.error
        return Answer(text=question, mode="llm")

    def get_status(self) -> dict[str, object]:
        """Return a status to recognise."""
        return {"mode": "llm"}


def test_question_passes_through_both_halves(clock: Clock) -> None:
    """One deadline for both, two seconds before the asker's; a setting says how many passages."""
    index, rag, events = FakeIndex(), FakeRag(), list[Event]()
    desk = Helpdesk(Settings(), rag=rag, index=index, listeners=[events.append])

    answer = desk.ask("Is the VPN down?")

    assert answer.text == "Is the VPN down?"
    assert index.asked[0][:2] == ("Is the VPN down?", 3)
    assert index.asked[0][2] == pytest.approx(28.0)
    assert rag.asked[0][1].passages == (PASSAGE,)
    assert rag.asked[0][2] == pytest.approx(28.0)
    assert events == [AnswerGiven(mode="llm", reason=None, stale=False)]


@pytest.mark.usefixtures("clock")
def test_broken_responder_leaves_the_articles(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is logged with its traceback; the asker gets what was found."""
    events: list[Event] = []
    rag = FakeRag(KeyError("a bug"))
    desk = Helpdesk(Settings(), rag=rag, index=FakeIndex(), listeners=[events.append])

    answer = desk.ask("Is the VPN down?")

    assert (answer.mode, answer.reason, answer.sources) == ("fallback", "internal_error", ("vpn",))
    assert answer.stale
    assert "KeyError: 'a bug'" in caplog.text
    assert "KeyError" not in answer.text
    assert events == [AnswerGiven(mode="fallback", reason="internal_error", stale=True)]


@pytest.mark.usefixtures("clock")
def test_broken_search_leaves_the_model(caplog: pytest.LogCaptureFixture) -> None:
    """The model is asked without passages; the failure is logged."""
    rag = FakeRag()
    desk = Helpdesk(Settings(), rag=rag, index=FakeIndex(RuntimeError("damaged")))

    answer = desk.ask("Is the VPN down?")

    assert answer.mode == "llm"
    assert rag.asked[0][1].index_state == "absent"
    assert "RuntimeError: damaged" in caplog.text


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("index", "rag"),
    [(FakeIndex(KeyboardInterrupt()), FakeRag()), (FakeIndex(), FakeRag(KeyboardInterrupt()))],
    ids=["while searching", "while answering"],
)
def test_ctrl_c_ends_the_question(index: FakeIndex, rag: FakeRag) -> None:
    """Whoever stops the process is obeyed, and gets no fallback instead."""
    with pytest.raises(KeyboardInterrupt):
        Helpdesk(Settings(), rag=rag, index=index).ask("Is the VPN down?")


@pytest.mark.usefixtures("clock")
def test_failing_listener_does_not_reach_the_asker() -> None:
    """Watching must not break what is watched."""

    def broken(event: Event) -> None:
        raise RuntimeError

    desk = Helpdesk(Settings(), rag=FakeRag(), index=FakeIndex(), listeners=[broken])

    assert desk.ask("Is the VPN down?").mode == "llm"


@pytest.mark.usefixtures("clock")
def test_half_a_character_is_replaced_before_anyone_sees_it() -> None:
    """Bytes of a terminal that is not UTF-8 arrive as half pairs; no provider takes them."""
    index = FakeIndex()

    Helpdesk(Settings(), rag=FakeRag(), index=index).ask("caf\udce9")

    assert index.asked[0][0] == "caf?"


@pytest.mark.usefixtures("clock")
def test_question_is_logged_at_debug_only(caplog: pytest.LogCaptureFixture) -> None:
    """What people ask is nobody's business above DEBUG."""
    caplog.set_level("DEBUG")

    Helpdesk(Settings(), rag=FakeRag(), index=FakeIndex()).ask("my secret trouble")

    levels = {record.levelname for record in caplog.records if "secret" in record.getMessage()}
    assert levels == {"DEBUG"}
    assert "answered in 0.000 s: mode llm" in caplog.text


def test_status_and_refresh_speak_for_the_parts() -> None:
    """The status has both halves; a refresh says what came of it."""
    desk = Helpdesk(Settings(), rag=FakeRag(), index=FakeIndex())

    assert desk.get_status() == {
        "assistant": {"mode": "llm"},
        "index": {"state": "fresh"},
        "load": {"questions": 0, "limit": 200, "refused": 0},
    }
    assert desk.refresh_index() is REFRESHED


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "the question is empty"), (" \n", "is empty"), ("x" * 2001, "has 2001 characters")],
)
def test_question_nobody_can_answer_is_refused_with_advice(text: str, complaint: str) -> None:
    """Empty and overlong questions are named as such."""
    with pytest.raises(QuestionError, match=complaint):
        checked_question(text)
