"""RAGResponseService with the real openai SDK: answers, falls back, retries, and leaves alone."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx2
import pytest

from helpdesk.answers import Answer, Passage, SearchResult
from helpdesk.chat_replies import OnText
from helpdesk.circuit_breaker import CircuitBreaker, State
from helpdesk.errors import AskerGoneError, ChatError
from helpdesk.events import BreakerTransition, CallHeldBack, CallRefused, Event, RetryScheduled
from helpdesk.rag_response_service import RAGResponseService
from helpdesk.settings import BreakerSettings, Settings
from helpdesk.shared_breakers import forget_shared_breakers
from tests.conftest import Clock, Provider, completion, event_stream, failure, streamed

QUESTION = "How do I reset my password?"

FOUND = SearchResult(
    passages=(
        Passage(
            article_id="reset-password",
            title="Reset it",
            text="Use the portal.\n\n## No portal?\n\nRing.",
            excerpt="## No portal?\n\nRing.",
            score=0.9,
        ),
        Passage(
            article_id="locked-out",
            title="Locked out",
            text="It happens.\n\n## Wait\n\nWait 15 minutes.",
            excerpt="## Wait\n\nWait 15 minutes.",
            score=0.5,
        ),
    ),
    index_state="fresh",
    generation="1",
    age=timedelta(hours=2),
)


class Service:
    """A service with its own breaker, before a provider that follows a script."""

    def __init__(self, provider: Provider, **changes: object) -> None:
        options = {name.replace("__", "."): value for name, value in changes.items()}
        settings = Settings().replaced({"openai.retry.jitter": "0s", **options})
        self.events: list[Event] = []
        self.breaker = CircuitBreaker("openai", settings.openai.breaker)
        self.rag = RAGResponseService(
            settings,
            client=provider.client(),
            breaker=self.breaker,
            listeners=[self.events.append],
        )

    def ask(self, found: SearchResult = FOUND, *, on_text: OnText | None = None) -> Answer:
        """Ask with 30 s to go."""
        deadline = time.monotonic() + 30
        return self.rag.respond(QUESTION, found, deadline=deadline, on_text=on_text)


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    forget_shared_breakers()
    yield
    forget_shared_breakers()


def times(count: int, step: Callable[[], httpx2.Response]) -> list[httpx2.Response]:
    """Return that many responses; one cannot be sent twice."""
    return [step() for _ in range(count)]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("stream", [False, True])
def test_answer_is_what_the_model_said(provider: Provider, *, stream: bool) -> None:
    """Mode llm, the model's own text, the articles put before it, one request."""
    if stream:
        provider.will(streamed(event_stream("Use the ", "self-service portal.")))

    answer = Service(provider, openai__stream=stream).ask()

    assert answer == Answer(
        text="Use the self-service portal.", mode="llm", sources=("reset-password", "locked-out")
    )
    assert provider.calls == 1
    assert b"Wait 15 minutes." in provider.requests[0].read()


def test_transient_failures_are_tried_again(provider: Provider, clock: Clock) -> None:
    """Two failures, waits of 2 and 4 s, then the answer."""
    provider.will(httpx2.ConnectError("refused"), failure(503))
    service = Service(provider)

    answer = service.ask()

    assert answer.mode == "llm"
    assert (provider.calls, clock.waits) == (3, [2.0, 4.0])
    assert [e.cause for e in service.events if isinstance(e, RetryScheduled)] == [
        "no connection: ConnectError: refused",
        "the provider answered HTTP 503",
    ]
    assert (service.breaker.state, service.breaker.failures) == (State.CLOSED, 0)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (lambda: failure(400), "rejected"),
        (lambda: failure(403), "rejected"),
        (lambda: failure(422), "rejected"),
        (lambda: completion(None, finish_reason="content_filter"), "declined"),
    ],
)
def test_hopeless_failures_are_neither_retried_nor_counted(
    provider: Provider, step: Callable[[], httpx2.Response], reason: str
) -> None:
    """One request each; ten of them in a row leave the breaker as it was."""
    provider.will(*times(10, step))
    service = Service(provider)

    answers = [service.ask() for _ in range(10)]

    assert {(answer.mode, answer.reason) for answer in answers} == {("fallback", reason)}
    assert provider.calls == 10
    assert (service.breaker.state, service.breaker.failures) == (State.CLOSED, 0)


LASTING = [
    pytest.param(lambda: failure(401), "bad_api_key", id="key"),
    pytest.param(lambda: failure(404, "model_not_found"), "rejected", id="model"),
    pytest.param(lambda: failure(429, "insufficient_quota"), "quota_exhausted", id="allowance"),
    pytest.param(lambda: failure(402), "quota_exhausted", id="balance"),
]


@pytest.mark.parametrize(("step", "reason"), LASTING)
def test_lasting_refusal_is_remembered_and_looked_at_rarely(
    provider: Provider, clock: Clock, step: Callable[[], httpx2.Response], reason: str
) -> None:
    """One request, then none for a minute: the same reason at once, and no mark in the breaker."""
    provider.will(*times(2, step))
    service = Service(provider)

    answers = [service.ask() for _ in range(10)]
    clock.advance(59.0)
    answers.append(service.ask())

    assert {(answer.mode, answer.reason) for answer in answers} == {("fallback", reason)}
    assert provider.calls == 1
    assert (service.breaker.state, service.breaker.failures) == (State.CLOSED, 0)
    clock.advance(1.0)
    assert service.ask().reason == reason
    assert (service.ask().reason, provider.calls) == (reason, 2)
    clock.advance(60.0)
    assert [service.ask().mode, service.ask().mode] == ["llm", "llm"]


@pytest.mark.parametrize(("step", "reason"), LASTING)
def test_status_says_that_no_answer_will_come(
    provider: Provider, clock: Clock, step: Callable[[], httpx2.Response], reason: str
) -> None:
    """Unavailable, why, and when it is looked at next; until an answer came, however late."""
    provider.will(step())
    service = Service(provider)

    def status() -> list[object]:
        found = service.rag.get_status()
        keys = ("synthesis_available", "unavailable_reason", "next_look_in_s", "mode")
        return [found[key] for key in keys]

    service.ask()
    assert status() == [False, reason, 60.0, "fallback"]
    clock.advance(3600.0)
    assert status() == [False, reason, 0.0, "fallback"]
    service.ask()
    assert status() == [True, None, None, "llm"]


@pytest.mark.usefixtures("clock")
def test_status_does_not_call_available_what_refuses_every_question(provider: Provider) -> None:
    """One refusal may be the question's fault; three in a row are not. They are still asked."""
    provider.will(*times(4, lambda: failure(403)))
    service = Service(provider)

    seen = []
    for _ in range(5):
        service.ask()
        found = service.rag.get_status()
        seen.append((found["synthesis_available"], found["unavailable_reason"]))

    refused = (False, "rejected")
    assert seen == [(True, None), (True, None), refused, refused, (True, None)]


def test_one_question_looks_whether_a_refusal_still_holds(
    provider: Provider, clock: Clock
) -> None:
    """While it is under way, nobody else is sent after it."""
    provider.will(failure(429, "insufficient_quota"))
    service = Service(provider)
    service.ask()
    clock.advance(60.0)
    others: list[Answer] = []

    def see_others_held_back(_: httpx2.Request) -> httpx2.Response:
        others.append(service.ask())
        return completion()

    provider.will(see_others_held_back)

    assert service.ask().mode == "llm"
    assert [answer.reason for answer in others] == ["quota_exhausted"]


@pytest.mark.usefixtures("clock")
def test_services_of_a_process_share_what_the_provider_said() -> None:
    """A second service would otherwise spend the pause that the first was asked for."""
    assert RAGResponseService(Settings())._memory is RAGResponseService(Settings())._memory


@pytest.mark.parametrize("status", [429, 503])
def test_pause_longer_than_the_deadline_is_kept_by_all(
    provider: Provider, clock: Clock, status: int
) -> None:
    """Asked for two minutes, the provider is left alone for two minutes, whoever asks what."""
    provider.will(failure(status, retry_after="120"))
    service = Service(provider)
    reason = service.ask().reason
    clock.advance(80.0)

    held_back = service.ask()

    assert (held_back.reason, provider.calls, clock.waits) == (reason, 1, [])
    found = service.rag.get_status()
    assert (found["unavailable_reason"], found["next_look_in_s"]) == (reason, 40.0)
    assert CallHeldBack(upstream="openai", reason=str(reason), wait_s=40.0, given_up=True) in (
        service.events
    )
    clock.advance(40.0)
    assert (service.ask().mode, provider.calls) == ("llm", 2)


def test_short_pause_is_waited_for_by_the_next_question(provider: Provider, clock: Clock) -> None:
    """As between two attempts, up to ten seconds; for longer, the articles serve better."""
    provider.will(failure(429, retry_after="40"))
    service = Service(provider)
    service.ask()
    clock.advance(30.0)

    answer = service.ask()

    assert (answer.mode, clock.waits, provider.calls) == ("llm", [10.0], 2)


def test_pause_that_others_were_asked_for_holds_for_a_retry(
    provider: Provider, clock: Clock
) -> None:
    """Between two attempts somebody else was told to wait; the second attempt waits, too."""
    service = Service(provider)

    def fail_and_see_others_told(_: httpx2.Request) -> httpx2.Response:
        other = ChatError(
            "429", reason="rate_limited", retryable=True, counts=True, retry_after_s=9.0
        )
        service.rag._memory.note_pause(other)
        return failure(503)

    provider.will(fail_and_see_others_told)

    assert (service.ask().mode, clock.waits) == ("llm", [2.0, 7.0])


def test_retry_held_back_for_too_long_keeps_its_reason(provider: Provider, clock: Clock) -> None:
    """What failed is why there is no answer, and counts; the pause is somebody else's."""
    service = Service(provider)

    def fail_and_see_others_told(_: httpx2.Request) -> httpx2.Response:
        other = ChatError(
            "429", reason="rate_limited", retryable=True, counts=True, retry_after_s=300.0
        )
        service.rag._memory.note_pause(other)
        return failure(503)

    provider.will(fail_and_see_others_told)

    assert (service.ask().reason, provider.calls) == ("server_error", 1)
    assert service.breaker.failures == 1


def test_breaker_opens_after_five_failed_questions(provider: Provider, clock: Clock) -> None:
    """Fifteen requests; the sixth question sends none and waits for nothing."""
    provider.will(*times(15, lambda: failure(503)))
    service = Service(provider)
    answers = [service.ask() for _ in range(4)]
    assert service.breaker.state is State.CLOSED
    answers.append(service.ask())
    assert {answer.reason for answer in answers} == {"server_error"}
    assert (service.breaker.state, provider.calls) == (State.OPEN, 15)

    asked_s = time.monotonic()
    refused = service.ask()

    assert (refused.mode, refused.reason) == ("fallback", "breaker_open")
    assert (time.monotonic() - asked_s, provider.calls) == (0.0, 15)
    assert isinstance(service.events[-1], CallRefused)

    clock.advance(60.0)
    assert service.ask().mode == "llm"
    moves = [(e.old, e.new) for e in service.events if isinstance(e, BreakerTransition)]
    assert moves == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]


@pytest.mark.usefixtures("clock")
def test_streams_that_break_off_open_the_breaker(provider: Provider) -> None:
    """A stream is a success at its end and not at its beginning."""
    broken = event_stream("Use the ", finish_reason=None)
    provider.will(*times(15, lambda: streamed(broken)))
    service = Service(provider, openai__stream=True)

    answers = [service.ask() for _ in range(5)]

    assert {answer.reason for answer in answers} == {"malformed_reply"}
    assert (service.breaker.state, provider.calls) == (State.OPEN, 15)


class Listener:
    """Somebody who reads an answer while it is written, or goes away after some pieces."""

    def __init__(self, leaves_after: int = 1_000) -> None:
        self.heard: list[str] = []
        self._leaves_after = leaves_after

    def __call__(self, text: str) -> None:
        """Hear a piece."""
        if len(self.heard) == self._leaves_after:
            raise AskerGoneError
        self.heard.append(text)


@pytest.mark.usefixtures("clock")
def test_answer_is_heard_while_it_is_written(provider: Provider) -> None:
    """Piece by piece; the answer that is returned at the end is the whole."""
    provider.will(streamed(event_stream("Use the ", "portal.")))
    service, listener = Service(provider), Listener()

    answer = service.ask(on_text=listener)

    assert (listener.heard, answer.text) == (["Use the ", "portal."], "Use the portal.")


def test_what_fails_before_the_first_word_is_tried_again(provider: Provider, clock: Clock) -> None:
    """Nobody has heard anything yet."""
    provider.will(failure(503), streamed(event_stream("Use the ", "portal.")))
    service, listener = Service(provider), Listener()

    answer = service.ask(on_text=listener)

    assert (answer.mode, clock.waits) == ("llm", [2.0])
    assert listener.heard == ["Use the ", "portal."]


@pytest.mark.usefixtures("clock")
def test_what_breaks_off_after_the_first_word_is_a_fallback(provider: Provider) -> None:
    """What was heard cannot be taken back, so nothing is tried again; it counts as a failure."""
    provider.will(streamed(event_stream("Use the ", finish_reason=None)))
    service, listener = Service(provider), Listener()

    answer = service.ask(on_text=listener)

    assert (answer.mode, answer.reason, provider.calls) == ("fallback", "malformed_reply", 1)
    assert (listener.heard, service.breaker.failures) == (["Use the "], 1)


def test_asker_who_leaves_decides_nothing(provider: Provider, clock: Clock) -> None:
    """Reading stops at once; a trial of the breaker goes back to whoever comes next."""
    service = Service(provider)
    for _ in range(5):
        service.breaker.acquire().failure()
    clock.advance(60.0)
    provider.will(streamed(event_stream("Use ", "the ", "portal.")))

    with pytest.raises(AskerGoneError):
        service.ask(on_text=Listener(leaves_after=1))

    assert (service.breaker.state, provider.calls) == (State.HALF_OPEN, 1)
    assert service.ask().mode == "llm"


@pytest.mark.usefixtures("clock")
def test_stream_that_broke_off_is_read_anew(provider: Provider) -> None:
    """What came before the break is in no answer, and so is not there twice."""
    provider.will(
        streamed(event_stream("Use the ", finish_reason=None)),
        streamed(event_stream("Use the ", "portal.")),
    )
    service = Service(provider, openai__stream=True)

    answer = service.ask()

    assert (answer.text, provider.calls) == ("Use the portal.", 2)


def test_breaker_can_count_attempts(provider: Provider, clock: Clock) -> None:
    """Five failed requests open it, in the second question, which keeps its own reason."""
    provider.will(*times(5, lambda: failure(503)))
    service = Service(provider, openai__breaker__count="attempts")

    answers = [service.ask(), service.ask()]

    assert [answer.reason for answer in answers] == ["server_error", "server_error"]
    assert (service.breaker.state, provider.calls) == (State.OPEN, 5)
    # No wait after the fifth: the breaker would refuse the sixth.
    assert clock.waits == [2.0, 4.0, 2.0]


def test_call_is_not_tried_again_once_others_opened_the_breaker(
    provider: Provider, clock: Clock
) -> None:
    """An open breaker lets nothing through, not even the second attempt of an older call."""
    service = Service(provider, openai__breaker__failure_threshold=1)

    def fail_and_see_others_fail(_: httpx2.Request) -> httpx2.Response:
        service.breaker.acquire().failure()
        return failure(503)

    provider.will(fail_and_see_others_fail)

    answer = service.ask()

    assert (answer.reason, provider.calls) == ("breaker_open", 1)


def test_hopeless_failure_in_half_open_decides_nothing(provider: Provider, clock: Clock) -> None:
    """A 400 neither closes nor opens a half-open breaker; the next question is the trial."""
    service = Service(provider)
    for _ in range(5):
        service.breaker.acquire().failure()
    clock.advance(60.0)
    provider.will(failure(400))

    states = []
    for _ in range(2):
        service.ask()
        states.append(service.breaker.state)

    assert states == [State.HALF_OPEN, State.CLOSED]


@pytest.mark.parametrize(("asked", "waits"), [("7", [7.0]), ("60", [])])
def test_pause_is_kept_if_it_fits_and_given_up_at_once_if_not(
    provider: Provider, clock: Clock, asked: str, waits: list[float]
) -> None:
    """Retry-After is never cut short, and never waited for in vain."""
    provider.will(failure(429, "rate_limit_exceeded", retry_after=asked))

    answer = Service(provider).ask()

    assert clock.waits == waits
    assert answer.reason == (None if waits else "rate_limited")
    assert provider.calls == 1 + len(waits)


def test_hanging_provider_ends_at_the_deadline(provider: Provider, clock: Clock) -> None:
    """15 s, a wait, then only what is left; together exactly the 30 s."""

    def hang(request: httpx2.Request) -> httpx2.Response:
        timeout_s = request.extensions["timeout"]["read"]
        clock.advance(timeout_s)
        raise httpx2.ReadTimeout("silence")

    provider.will(hang, hang, hang)
    started_s = time.monotonic()

    answer = Service(provider).ask()

    assert answer.reason == "timeout"
    assert time.monotonic() - started_s == pytest.approx(30.0, abs=1e-5)
    assert provider.calls == 2


@pytest.mark.usefixtures("clock")
def test_fallback_quotes_the_articles_and_says_why(provider: Provider) -> None:
    """The asker reads the best articles, the reason in plain words, and whom to contact."""
    provider.will(*times(3, lambda: failure(503)))

    answer = Service(provider, contact="extension 4357").ask()

    assert (answer.mode, answer.reason, answer.stale) == ("fallback", "server_error", False)
    assert answer.sources == ("reset-password", "locked-out")
    assert answer.text == (
        "The assistant cannot answer right now: the provider of the language model has a fault."
        "\n\nThis article from the knowledge base fits your question best."
        "\n\n## Reset it\n\nUse the portal.\n\n### No portal?\n\nRing."
        "\n\nThese may help as well.\n\n## Locked out\n\n### Wait\n\nWait 15 minutes."
        "\n\n---\n\nIf this does not help, please contact extension 4357."
    )


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("is_up", [True, False])
def test_stale_index_is_said(provider: Provider, *, is_up: bool) -> None:
    """With the model or without, the answer knows; the fallback tells how old, in plain words."""
    stale = SearchResult(
        passages=FOUND.passages,
        index_state="stale",
        age=timedelta(hours=30),
        stale_reason="Cloud Storage answered 503",
    )
    provider.will(*([] if is_up else [failure(400)]))

    answer = Service(provider).ask(stale)

    assert (answer.stale, answer.index_state) == (True, "stale")
    assert ("last updated 30 hours ago and may be out of date" in answer.text) is not is_up
    assert "Cloud Storage" not in answer.text


@pytest.mark.usefixtures("clock")
def test_answer_without_passages_is_honest(provider: Provider) -> None:
    """With neither model nor index it says so, and sends the asker to a person."""
    provider.will(failure(400))

    answer = Service(provider).ask(SearchResult(passages=(), index_state="absent"))

    assert answer.sources == ()
    assert "knowledge base cannot be read" in answer.text
    assert "contact your IT help desk" in answer.text


@pytest.mark.usefixtures("clock")
def test_answer_cut_at_the_token_limit_says_so(provider: Provider) -> None:
    """Half an answer is not passed off as a whole one."""
    provider.will(completion("First,", finish_reason="length"))

    answer = Service(provider).ask()

    assert (answer.text, answer.truncated) == ("First,", True)


def test_service_works_without_a_key_and_spends_no_trial(clock: Clock) -> None:
    """No key is a mode, not a failure: nothing is sent, and the breaker is not asked."""
    breaker = CircuitBreaker("openai", BreakerSettings(failure_threshold=1))
    breaker.acquire().failure()
    clock.advance(60.0)
    service = RAGResponseService(Settings(), breaker=breaker)

    answer = service.respond(QUESTION, FOUND, deadline=time.monotonic() + 30)

    assert (answer.mode, answer.reason) == ("fallback", "no_api_key")
    assert breaker.state is State.OPEN


def test_fresh_service_reports_a_closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments and environment it is built, and its status is complete."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert RAGResponseService().get_status() == {
        "api_key_configured": False,
        "api_key_valid": None,
        "api_status": "not_configured",
        "synthesis_available": False,
        "unavailable_reason": "no_api_key",
        "next_look_in_s": None,
        "mode": "fallback",
        "turns": {"taken": 0, "limit": 100, "waiting": 0},
        "circuit_breaker": {
            "state": "closed",
            "failures": 0,
            "threshold": 5,
            "retry_after_s": None,
        },
    }


def test_status_follows_what_happens(provider: Provider, clock: Clock) -> None:
    """Unknown, well, key rejected, breaker open, and ready for a trial."""
    provider.will(completion(), failure(401), *times(15, lambda: failure(500)))
    service = Service(provider)

    def status() -> tuple[object, ...]:
        found = service.rag.get_status()
        return found["api_status"], found["api_key_valid"], found["mode"]

    seen = [status()]
    for _ in range(2):
        service.ask()
        seen.append(status())
    assert seen == [
        ("unknown", None, "llm"),
        ("ok", True, "llm"),
        ("bad_api_key", False, "fallback"),
    ]

    service = Service(provider)
    for _ in range(5):
        service.ask()
    assert status() == ("server_error", None, "fallback")
    clock.advance(60.0)
    assert status() == ("server_error", None, "llm")


def test_services_of_a_process_share_a_breaker(clock: Clock) -> None:
    """Otherwise each would see its share of the failures, and none would open."""
    first, second = RAGResponseService(Settings()), RAGResponseService(Settings())

    assert first._breaker is second._breaker


@pytest.mark.usefixtures("clock")
def test_slow_call_does_not_hold_up_others(provider: Provider) -> None:
    """Eight questions are with the provider at the same time: no lock is held over a call."""
    together = threading.Barrier(8)

    def meet(_: httpx2.Request) -> httpx2.Response:
        together.wait(timeout=30)
        return completion()

    provider.will(*[meet] * 8)
    service = Service(provider)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        modes = list(pool.map(lambda _: service.ask().mode, range(8)))

    assert modes == ["llm"] * 8


@pytest.mark.usefixtures("clock")
def test_log_has_reasons_but_no_question_and_no_key(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """Each failed attempt and each fallback is logged; what was asked is not."""
    caplog.set_level("INFO")
    provider.will(*times(3, lambda: failure(503)))

    Service(provider).ask()

    assert caplog.text.count("openai: attempt") == 3
    assert "answering from the knowledge base: server_error" in caplog.text
    assert QUESTION not in caplog.text
    assert "sk-test" not in caplog.text
