"""The service over HTTP: what a browser, a program and an operator get."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from helpdesk.answers import Passage, SearchResult
from helpdesk.app import create_app
from helpdesk.circuit_breaker import CircuitBreaker
from helpdesk.desk import Helpdesk
from helpdesk.events import Listener, RefreshEnded, notify
from helpdesk.rag_response_service import RAGResponseService
from helpdesk.settings import Settings
from tests.conftest import Provider, failure

SOON_S = 10.0
"""Real seconds that a test waits at most for a thread."""

ARTICLE = Passage(
    article_id="vpn",
    title="VPN",
    text="Restart <it>.\n\n| a | b |\n| - | - |\n| 1 | 2 |",
    excerpt="",
    score=0.9,
)

REFRESHED = RefreshEnded(outcome="failed", generation=None, duration_s=1.0, size_bytes=0)


class StaleIndex:
    """An index that is a day and a half old, and says so."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners

    def search(self, question: str, *, top_k: int, deadline: float) -> SearchResult:
        """Find one passage, after a refresh that failed."""
        notify(self._listeners, REFRESHED)
        return SearchResult(
            passages=(ARTICLE,), index_state="stale", age=timedelta(hours=36), stale_reason="503"
        )

    def refresh(self) -> RefreshEnded:
        """Fail again."""
        return REFRESHED

    def article(self, article_id: str) -> Passage | None:
        """Have one article."""
        return ARTICLE if article_id == "vpn" else None

    def get_status(self) -> dict[str, object]:
        """Return the state."""
        return {"state": "stale", "age_s": 129600.0}


@pytest.fixture
def browser(provider: Provider) -> Iterator[TestClient]:
    """Return a client of the app, whose provider follows its script."""
    settings = Settings().replaced(
        {"openai.retry.attempts": 1, "openai.breaker.failure_threshold": 2, "contact": "O'Neil"}
    )

    def make_desk(listeners: Sequence[Listener]) -> Helpdesk:
        rag = RAGResponseService(
            settings,
            client=provider.client(),
            breaker=CircuitBreaker("openai", settings.openai.breaker),
            listeners=listeners,
        )
        return Helpdesk(settings, rag=rag, index=StaleIndex(listeners), listeners=listeners)

    with TestClient(create_app(make_desk=make_desk)) as client:
        # Until then, what is loaded at the start would be counted with what a test does.
        until = time.monotonic() + SOON_S
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.01)
        yield client


def ask(browser: TestClient, question: str = "Is the VPN down?") -> dict[str, object]:
    """Ask over HTTP and return the answer."""
    response = browser.post("/ask", json={"question": question})
    assert response.status_code == 200
    answer = response.json()
    assert isinstance(answer, dict)
    return answer


def test_ask_returns_the_whole_answer(browser: TestClient, provider: Provider) -> None:
    """Text, mode, reason, sources and staleness, as JSON."""
    assert ask(browser) == {
        "text": "Use the self-service portal.",
        "mode": "llm",
        "reason": None,
        "sources": ["vpn"],
        "stale": True,
        "truncated": False,
        "index_state": "stale",
        "titles": ["VPN"],
    }
    assert provider.calls == 1


def test_outage_is_an_answer_and_not_an_error(browser: TestClient, provider: Provider) -> None:
    """The provider's 503 is a fallback answer with status 200, then a refusal of the breaker."""
    provider.will(failure(503), failure(503))

    reasons = [ask(browser)["reason"] for _ in range(3)]

    assert reasons == ["server_error", "server_error", "breaker_open"]
    assert provider.calls == 2
    assert browser.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ('{"question": "  "}', "the question is empty"),
        ('{"question": "' + "x" * 2001 + '"}', "has 2001 characters"),
        ('{"question": "' + " " * 2000 + 'x"}', "has 2001 characters"),
        ("{}", "Field required"),
        ('{"question": 5}', "valid string"),
        ("not JSON", "expected JSON such as"),
        ('{"question": "\\ud800"}', None),
    ],
)
def test_bad_question_is_refused_with_the_reason(
    browser: TestClient, provider: Provider, body: str, complaint: str | None
) -> None:
    """422 and one sentence; half a character is still a question."""
    response = browser.post("/ask", content=body, headers={"content-type": "application/json"})

    assert response.status_code == (200 if complaint is None else 422)
    assert complaint is None or complaint in response.json()["detail"]
    assert provider.calls == (1 if complaint is None else 0)


def test_status_shows_breaker_and_index(browser: TestClient, provider: Provider) -> None:
    """What an operator looks at first."""
    provider.will(failure(503), failure(503))
    ask(browser)
    ask(browser)

    status = browser.get("/status").json()

    assert status["assistant"]["circuit_breaker"]["state"] == "open"
    assert status["assistant"]["mode"] == "fallback"
    assert status["index"] == {"state": "stale", "age_s": 129600.0}
    assert status["load"] == {"questions": 0, "limit": 200, "refused": 0}


def test_metrics_count_what_happened(browser: TestClient, provider: Provider) -> None:
    """Answers by mode and reason, refusals, refreshes, and the state of the breaker."""
    provider.will(failure(503), failure(503))
    for _ in range(3):
        ask(browser)

    text = browser.get("/metrics").text

    for line in (
        "helpdesk_questions 0.0",
        "helpdesk_questions_waiting 0.0",
        "helpdesk_model_available 0.0",
        "helpdesk_index_age_seconds 129600.0",
        "helpdesk_questions_refused_total 0.0",
        'helpdesk_calls_held_back_total{upstream="openai"} 0.0',
        'helpdesk_answers_total{mode="fallback",reason="server_error"} 2.0',
        'helpdesk_answers_total{mode="fallback",reason="breaker_open"} 1.0',
        "helpdesk_stale_answers_total 3.0",
        "helpdesk_answer_seconds_count 3.0",
        'helpdesk_refusals_total{upstream="openai"} 1.0',
        'helpdesk_retries_total{upstream="openai"} 0.0',
        'helpdesk_calls_given_up_total{reason="attempts_used",upstream="openai"} 2.0',
        'helpdesk_calls_given_up_total{reason="no_time_left",upstream="openai"} 0.0',
        # One more when everything was loaded at the start.
        'helpdesk_index_refreshes_total{outcome="failed"} 4.0',
        'helpdesk_breaker_state{helpdesk_breaker_state="open",upstream="openai"} 1.0',
        'helpdesk_breaker_state{helpdesk_breaker_state="closed",upstream="openai"} 0.0',
    ):
        assert line in text.splitlines()


def test_apps_do_not_share_their_metrics(browser: TestClient) -> None:
    """A second app in the process starts from zero and does not clash with the first."""
    ask(browser)

    other = TestClient(create_app(make_desk=lambda _: Helpdesk(Settings(), index=StaleIndex(()))))

    assert 'mode="llm"' in browser.get("/metrics").text
    assert 'mode="llm"' not in other.get("/metrics").text


def test_page_needs_nothing_from_elsewhere(browser: TestClient) -> None:
    """Pages, styles and scripts come from this server, and the policy allows nothing else."""
    pages = [browser.get(path) for path in ("/", "/articles/vpn", "/docs")]

    for page in pages:
        assert page.status_code == 200
        named = re.findall(r"(?:src|href|action)=[\"']([^\"']*)", page.text)
        assert [link for link in named if re.match(r"(?!data:)(\w+:|//)", link)] == []
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        # What a policy without 'unsafe-inline' would silently leave out.
        assert not re.findall(r"<style|<script>|\sstyle=|\son\w+=", page.text)
    for file in ("static/style.css", "static/page.js", "static/vendor/markdown-it.min.js"):
        assert browser.get(f"/{file}").status_code == 200
        assert "sourceMappingURL" not in browser.get(f"/{file}").text


def test_page_can_be_used_without_seeing_it(browser: TestClient) -> None:
    """Language, title, label, and places where what happens is announced."""
    page = browser.get("/").text

    for part in ('<html lang="en">', "<title>", '<label for="question">', 'role="status"'):
        assert part in page


def test_page_quotes_what_comes_from_settings(browser: TestClient) -> None:
    """An apostrophe in the contact breaks no attribute."""
    page = browser.get("/").text

    assert "You can also contact O&#39;Neil." in page
    assert 'data-contact="O&#39;Neil"' in page


def test_article_is_a_page(browser: TestClient) -> None:
    """Whole, as Markdown, and without markup of its own; what is not there says so."""
    found, missing = browser.get("/articles/vpn"), browser.get("/articles/%3Cscript%3E")

    assert (found.status_code, missing.status_code) == (200, 404)
    assert "<h1>VPN</h1>" in found.text
    assert "<table>" in found.text
    assert "Restart &lt;it&gt;." in found.text
    assert "There is no such article" in missing.text
    assert "<script>" not in missing.text


def test_documentation_explains_every_route(browser: TestClient) -> None:
    """From the same description as openapi.json; FastAPI's pages load scripts from elsewhere."""
    page = browser.get("/docs").text

    for path in browser.get("/openapi.json").json()["paths"]:
        assert path in page
    assert browser.get("/redoc").status_code == 404
