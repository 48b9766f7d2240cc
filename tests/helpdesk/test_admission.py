"""A bounded number of questions, and a bounded number of them with the model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from helpdesk.admission import Admission
from helpdesk.answers import Answer, SearchResult
from helpdesk.chat_replies import OnText
from helpdesk.desk import Helpdesk
from helpdesk.errors import AskerGoneError, ChatError, OverloadedError
from helpdesk.events import Event, QuestionRefused
from helpdesk.settings import LimitSettings, Settings
from helpdesk.turns import Turns
from tests.conftest import Clock
from tests.helpdesk.test_desk import FakeIndex, FakeRag

SOON_S = 5.0
"""Real seconds that a test waits at most for another thread."""


def turns(max_calls: int = 1, max_wait: str = "12s") -> Turns:
    """Few turns."""
    return Turns(LimitSettings.model_validate({"max_calls": max_calls, "max_wait": max_wait}))


def soon(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    until = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


@pytest.mark.usefixtures("clock")
def test_question_beyond_the_limit_is_refused_and_counted() -> None:
    """At once; a place that is given back is free for the next, and given back once only."""
    admission = Admission(LimitSettings(max_questions=2))
    first, _ = admission.admit(), admission.admit()

    for _ in range(3):
        with pytest.raises(OverloadedError, match="2 questions are in progress"):
            admission.admit()

    assert (admission.under_way, admission.refused) == (2, 3)
    first.over()
    first.over()
    assert admission.under_way == 1
    admission.admit()


def test_time_to_come_back_follows_how_long_answers_take(clock: Clock) -> None:
    """A second when answers are quick; half of an answer's time when they are slow; never ages."""
    admission = Admission(LimitSettings(max_questions=1))

    def refused_s() -> float:
        with pytest.raises(OverloadedError) as refused:
            admission.admit()
        return refused.value.retry_after_s

    ticket = admission.admit()
    seen = [refused_s()]
    for took_s in (20.0, 1_000_000.0):
        for _ in range(60):
            clock.advance(took_s)
            ticket.over()
            ticket = admission.admit()
        seen.append(refused_s())

    assert seen == [1.0, 10.0, 30.0]


@pytest.mark.usefixtures("clock")
def test_place_is_given_back_however_the_question_ends() -> None:
    """Answered, broken, abandoned."""
    for rag in (FakeRag(), FakeRag(KeyError("a bug"))):
        desk = Helpdesk(Settings(), rag=rag, index=FakeIndex())
        desk.ask("Is the VPN down?")
        assert desk.get_status()["load"] == {"questions": 0, "limit": 200, "refused": 0}
    desk = Helpdesk(Settings(), rag=FakeRag(AskerGoneError()), index=FakeIndex())
    with pytest.raises(AskerGoneError):
        desk.answer("Is the VPN down?", desk.admit())
    assert desk.get_status()["load"] == {"questions": 0, "limit": 200, "refused": 0}


def test_one_question_too_many_gets_the_articles_at_once(clock: Clock) -> None:
    """Who asks without a front door is answered all the same, and the model is left alone."""
    events: list[Event] = []
    rag = FakeRag()
    settings = Settings().replaced({"limits.max_questions": 1})
    desk = Helpdesk(settings, rag=rag, index=FakeIndex(), listeners=[events.append])

    with desk.admit():
        answer = desk.ask("Is the VPN down?")

    assert (answer.mode, answer.reason, answer.sources) == ("fallback", "overloaded", ("vpn",))
    assert (rag.asked, clock.waits) == ([], [])
    assert isinstance(events[0], QuestionRefused)


def test_deadline_counts_from_the_arrival(clock: Clock) -> None:
    """However long the question then waits for a thread."""
    rag = FakeRag()
    desk = Helpdesk(Settings(), rag=rag, index=FakeIndex())
    ticket = desk.admit()
    clock.advance(10.0)

    desk.answer("Is the VPN down?", ticket)

    assert rag.asked[0][2] == pytest.approx(18.0)


def test_turns_are_taken_in_the_order_of_coming() -> None:
    """Nobody overtakes who has waited, and each hands on to exactly one."""
    desk, order = turns(), list[int]()
    begun = threading.Event()
    end = threading.Event()

    def first() -> None:
        with desk.turn(time.monotonic() + SOON_S):
            begun.set()
            end.wait(SOON_S)

    def later(number: int) -> None:
        with desk.turn(time.monotonic() + SOON_S):
            order.append(number)
            assert desk.taken == 1

    threads = [threading.Thread(target=first)]
    threads[0].start()
    begun.wait(SOON_S)
    for number in range(5):
        threads.append(threading.Thread(target=later, args=(number,)))
        threads[-1].start()
        soon(lambda number=number: desk.waiting == number + 1)  # type: ignore[misc] # bound now
    end.set()
    for thread in threads:
        thread.join(SOON_S)

    assert order == [0, 1, 2, 3, 4]
    assert (desk.taken, desk.waiting) == (0, 0)


@pytest.mark.parametrize(("max_wait", "left_s"), [("0s", 30.0), ("12s", -1.0), ("12s", 0.05)])
def test_who_waits_too_long_is_told_and_leaves_no_trace(max_wait: str, left_s: float) -> None:
    """By its own patience, or because its deadline is near; the turn goes to somebody else."""
    desk = turns(max_wait=max_wait)
    with desk.turn(time.monotonic() + SOON_S):
        with pytest.raises(ChatError) as raised, desk.turn(time.monotonic() + left_s):
            pass
        assert (desk.taken, desk.waiting) == (1, 0)

    assert (raised.value.reason, raised.value.retryable, raised.value.counts) == (
        "overloaded",
        False,
        False,
    )
    with desk.turn(time.monotonic()):
        assert desk.taken == 1


@pytest.mark.parametrize("is_handed_over", [False, True])
def test_ctrl_c_while_waiting_loses_no_turn(
    monkeypatch: pytest.MonkeyPatch, *, is_handed_over: bool
) -> None:
    """Whether it comes before the turn, or just after it was handed over."""
    desk = turns()
    holder = desk.turn(time.monotonic() + SOON_S)
    holder.__enter__()

    def interrupted(event: threading.Event, timeout: float | None = None) -> bool:
        if is_handed_over:
            holder.__exit__(None, None, None)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt), desk.turn(time.monotonic() + SOON_S):
            pass
    if not is_handed_over:
        holder.__exit__(None, None, None)

    assert (desk.taken, desk.waiting) == (0, 0)


@pytest.mark.usefixtures("clock")
def test_failing_answer_gives_its_turn_back() -> None:
    """Whatever ends it."""
    desk = turns()

    with pytest.raises(KeyError), desk.turn(time.monotonic() + SOON_S):
        raise KeyError

    assert desk.taken == 0


def test_slow_model_has_a_bounded_number_of_questions() -> None:
    """A hundred ask; four are with the model at once, and all of them are answered."""
    at_once = most = 0
    lock = threading.Lock()
    bounded = turns(max_calls=4)

    class Slow(FakeRag):
        def respond(
            self,
            question: str,
            found: SearchResult,
            *,
            deadline: float,
            on_text: OnText | None = None,
        ) -> Answer:
            nonlocal at_once, most
            with bounded.turn(deadline):
                with lock:
                    at_once += 1
                    most = max(most, at_once)
                time.sleep(0.001)
                with lock:
                    at_once -= 1
            return Answer(text=question, mode="llm")

    desk = Helpdesk(Settings(), rag=Slow(), index=FakeIndex())
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(desk.ask("?"))) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)

    assert [answer.mode for answer in answers] == ["llm"] * 100
    assert most == 4
