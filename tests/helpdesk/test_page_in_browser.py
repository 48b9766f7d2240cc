"""The page as people meet it: in a real browser, against a real server."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import axe_core_python
import pytest
import uvicorn
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from helpdesk.answers import Answer, Passage, SearchResult
from helpdesk.app import create_app
from helpdesk.chat_replies import OnText
from helpdesk.desk import Helpdesk
from helpdesk.errors import AskerGoneError
from helpdesk.settings import Settings
from helpdesk.web.server import ImpatientProtocol
from tests.helpdesk.test_desk import FakeIndex, FakeRag

SOON_S = 20.0
"""Real seconds that a test waits at most for the browser."""

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

MARKDOWN = """\
# Check the VPN

Most drops can be mended **by yourself**, *quickly*:

1. Close the app.
2. Choose another gateway:
   - Frankfurt
   - Dublin
3. Restart the router.

| Sign | Meaning |
| --- | --- |
| red | no network |

> If it drops every ten minutes, the router is the cause.

```
ipconfig /renew
```

See [the portal](https://help.example.com) or `vpn`. ~~Do not~~ <b onclick="x()">reinstall</b> it.
[bad](javascript:alert(1)) ![picture](https://elsewhere.example.com/x.png)
"""

VPN = Passage(
    article_id="vpn & more", title="Mend the VPN", text="Restart **it**.", excerpt="", score=0.9
)


class Shelf(FakeIndex):
    """Has one article, whose id has to be escaped."""

    def article(self, article_id: str) -> Passage | None:
        """Return it."""
        return VPN if article_id == VPN.article_id else None

    def get_status(self) -> dict[str, object]:
        """Return what the page looks at."""
        return {"state": "fresh", "age_s": 1.0}


class Writer(FakeRag):
    """Writes an answer piece by piece; waits before the last piece while it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: Sequence[str] = ()
        self.answer: Answer | None = None
        self.is_here = True
        self.go_on = threading.Event()
        self.stopped = threading.Event()

    def writes(self, *pieces: str, answer: Answer | None = None, is_held: bool = False) -> None:
        """Say what the next answers are."""
        self.pieces = pieces
        self.answer = answer
        self.go_on.clear()
        self.stopped.clear()
        if not is_held:
            self.go_on.set()

    def respond(
        self,
        question: str,
        found: SearchResult,
        *,
        deadline: float,
        on_text: OnText | None = None,
    ) -> Answer:
        """Write."""
        assert on_text is not None
        try:
            for piece in self.pieces:
                on_text(piece)
            # A stopped asker is noticed with the next word.
            while not self.go_on.wait(0.02):
                on_text(" ")
        except AskerGoneError:
            self.stopped.set()
            raise
        text = "".join(self.pieces)
        written = Answer(text=text, mode="llm", sources=(VPN.article_id,), titles=(VPN.title,))
        return self.answer or written

    def get_status(self) -> dict[str, object]:
        """Return what the page looks at."""
        return {"synthesis_available": self.is_here}


class Page:
    """The page in the browser."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self) -> None:
        """Open it anew."""
        self.browser.get(self.url)
        self.until(lambda: "Looking" not in self.one("#state").text)

    def all(self, css: str) -> list[WebElement]:
        """Every element that can be seen."""
        found = self.browser.find_elements(By.CSS_SELECTOR, css)
        return [element for element in found if element.is_displayed()]

    def one(self, css: str) -> WebElement:
        """The only element that can be seen."""
        (found,) = self.all(css)
        return found

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def run(self, script: str) -> Any:
        """Ask the page something."""
        return self.browser.execute_script(f"return {script}")

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to come true."""
        until_s = time.monotonic() + SOON_S
        while not condition():
            assert time.monotonic() < until_s
            time.sleep(0.02)

    def ask(self, question: str) -> None:
        """Ask, and wait for the answer."""
        self.begin(question)
        self.until(lambda: self.one("#send").text == "Ask")

    def begin(self, question: str) -> None:
        """Ask, and wait for nothing."""
        field = self.one("#question")
        field.clear()
        field.send_keys(question)
        self.one("#send").click()

    @property
    def announced(self) -> str:
        """What a screen reader was told last."""
        return str(self.run("document.getElementById('announce').textContent"))

    @property
    def focus(self) -> str:
        """The id of what has the focus."""
        return str(self.run("document.activeElement.id"))

    def violations(self) -> list[str]:
        """What axe finds that is serious or worse."""
        # Through the driver: the page's own policy lets nothing in.
        self.browser.execute_script(AXE)
        found = self.browser.execute_async_script(
            "const done = arguments[0]; axe.run().then((result) => done(result.violations))"
        )
        return [
            f"{each['id']}: {[node['target'] for node in each['nodes']]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
        ]

    def problems(self) -> list[str]:
        """What the browser complains about, such as what the policy has kept out."""
        return [
            entry["message"]
            for entry in self.browser.get_log("browser")  # type: ignore[no-untyped-call]
            if entry["level"] == "SEVERE"
        ]


@pytest.fixture(scope="module")
def writer() -> Writer:
    """Who writes the answers."""
    return Writer()


@pytest.fixture(scope="module")
def url(writer: Writer) -> Iterator[str]:
    """A server for all tests of this file."""
    settings = Settings().replaced(
        {"limits.max_questions": 1, "contact": "extension 4357 (O'Neil)"}
    )
    app = create_app(
        make_desk=lambda listeners: Helpdesk(
            settings, rag=writer, index=Shelf(), listeners=listeners
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, http=ImpatientProtocol, log_config=None)
        server = uvicorn.Server(config)
        with _in_a_thread(lambda: server.run(sockets=[listening])):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
            server.should_exit = True


@contextlib.contextmanager
def _in_a_thread(run: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(SOON_S)


@pytest.fixture
def page(chromium: Chrome, url: str, writer: Writer) -> Iterator[Page]:
    """The page, freshly opened; at the end the browser has nothing to complain about."""
    writer.is_here = True
    writer.writes("Restart it.")
    page = Page(chromium, url)
    page.open()
    page.problems()
    yield page
    writer.go_on.set()
    assert page.problems() == []


def test_answer_streams_in(page: Page, writer: Writer) -> None:
    """What is written is read while more is being written; the end is announced."""
    writer.writes("Restart ", "the router", is_held=True)

    page.begin("Is the VPN down?")

    page.until(lambda: "Restart the router" in page.one("#result").text)
    assert page.one("#send").text == "Stop"
    assert page.one("#result").get_attribute("aria-busy") == "true"
    assert page.announced == "The answer is being written."
    assert page.focus == "heading"
    writer.go_on.set()
    page.until(lambda: page.one("#send").text == "Ask")
    assert page.announced == "The answer is complete."
    assert page.one("#result").get_attribute("aria-busy") == "false"
    assert "Written by the assistant" in page.one("#notes").text


def test_old_answer_leaves_when_something_else_is_asked(page: Page, writer: Writer) -> None:
    """It would be read as the answer to the new question."""
    page.ask("Is the VPN down?")
    assert "Restart it." in page.one("#result").text
    writer.writes("", is_held=True)

    page.begin("How do I print?")

    page.until(lambda: page.one("#asked").text == "How do I print?")
    assert "Restart it." not in page.one("#result").text
    assert page.all("#sources a") == []
    writer.go_on.set()
    page.until(lambda: page.one("#send").text == "Ask")


def test_sources_open_the_article(page: Page) -> None:
    """By its title, in a tab of its own; the answer stays."""
    page.ask("Is the VPN down?")
    link = page.one("#sources a")
    assert link.text.startswith("Mend the VPN")
    assert VPN.article_id not in page.one("#articles").text

    link.click()

    page.until(lambda: len(page.browser.window_handles) == 2)
    first, second = page.browser.window_handles
    page.browser.switch_to.window(second)
    page.until(lambda: page.all("h1"))
    try:
        assert page.one("h1").text == "Mend the VPN"
        assert page.one("strong").text == "it"
        assert page.violations() == []
    finally:
        page.browser.close()
        page.browser.switch_to.window(first)


def test_markdown_is_whole_and_brings_nothing_along(page: Page, writer: Writer) -> None:
    """Lists in lists, tables, quotes, code; no markup, no picture and no script of its own."""
    writer.writes(MARKDOWN)

    page.ask("Is the VPN down?")

    assert page.one("#answer h2").text == "Check the VPN"
    assert [item.text for item in page.all("#answer ol ul li")] == ["Frankfurt", "Dublin"]
    assert [cell.text for cell in page.all("#answer td")] == ["red", "no network"]
    assert page.one("#answer blockquote").text.startswith("If it drops")
    assert page.one("#answer pre code").text == "ipconfig /renew"
    assert (page.one("#answer strong").text, page.one("#answer em").text) == (
        "by yourself",
        "quickly",
    )
    assert page.one("#answer s").text == "Do not"
    assert [link.text for link in page.all("#answer a")] == ["the portal"]
    assert page.all("#answer b, #answer img") == []
    assert '<b onclick="x()">reinstall</b>' in page.one("#answer").text


def test_answer_that_breaks_off_is_not_left_as_one(page: Page, writer: Writer) -> None:
    """The articles answer; what had been written is there for whoever wants it, and says so."""
    fallback = Answer(
        text="The assistant cannot answer right now.\n\n## Mend the VPN",
        mode="fallback",
        reason="unreachable",
        sources=(VPN.article_id,),
        titles=(VPN.title,),
        stale=True,
        index_state="stale",
    )
    writer.writes("Half an ans", answer=fallback)

    page.ask("Is the VPN down?")

    assert "cannot answer right now" in page.one("#answer").text
    assert "Half an ans" not in page.one("#result").text
    assert page.announced == "The answer comes from the articles."
    page.one("#partial summary").click()
    assert "It broke off. Do not rely on it" in page.one("#partial").text
    assert "Half an ans" in page.one("#partial").text
    assert "Articles may be out of date" in page.one("#notes").text


def test_nothing_fits_is_said_without_articles(page: Page, writer: Writer) -> None:
    """There is no list of sources, and nothing that claims to come from articles."""
    nothing = Answer(text="No article fits. Ask a person.", mode="fallback", reason="no_api_key")
    writer.writes(answer=nothing)

    page.ask("What is the capital of France?")

    assert page.all("#articles, #notes li") == []
    assert page.announced == "The answer is complete."


def test_employees_read_no_jargon_and_operators_find_it(page: Page, writer: Writer) -> None:
    """Reason, mode and ids are behind a line for the help desk."""
    fallback = Answer(
        text="Ask a person.", mode="fallback", reason="quota_exhausted", index_state="absent"
    )
    writer.writes(answer=fallback)

    page.ask("Is the VPN down?")

    for word in ("fallback", "quota", "absent", "llm"):
        assert word not in page.one("main").text
    page.one("#details summary").click()
    details = page.one("#facts").text
    for word in ("fallback", "quota_exhausted", "absent", "Request"):
        assert word in details


def test_answer_can_be_stopped(page: Page, writer: Writer) -> None:
    """The model is told; what was written is said not to be whole."""
    writer.writes("A long st", is_held=True)
    page.begin("Is the VPN down?")
    page.until(lambda: "A long st" in page.one("#result").text)

    page.one("#send").click()

    page.until(lambda: page.one("#send").text == "Ask")
    assert "Stopped. What is above is not complete." in page.one("#answer").text
    assert writer.stopped.wait(SOON_S)
    page.problems()


def test_keyboard_is_enough(page: Page, writer: Writer) -> None:
    """The field has the focus; Ctrl and Enter ask; Tab leads on to the sources."""
    assert page.focus == "question"

    page.press("Is the VPN down?")
    ActionChains(page.browser).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(
        Keys.CONTROL
    ).perform()
    page.until(lambda: page.announced == "The answer is complete.")

    assert page.focus == "heading"
    page.press(Keys.TAB)
    assert page.run("document.activeElement.closest('#sources') !== null")
    page.press(Keys.TAB, Keys.ENTER)
    assert page.one("#facts").is_displayed()


def test_state_refreshes_by_itself(page: Page, writer: Writer) -> None:
    """In words for employees; nothing is announced again that has not changed."""
    assert page.one("#state").text.endswith("The assistant is here")
    writer.is_here = False

    page.browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")

    page.until(lambda: "The assistant is away" in page.one("#state").text)
    assert page.run("STATE_EVERY_MS") <= 30_000


def test_crowd_is_told_and_asked_again(page: Page, writer: Writer, url: str) -> None:
    """With 429 the page waits as long as it was told, and asks again by itself."""
    writer.writes("Restart it.", is_held=True)
    page.browser.execute_script(
        "window.other = new AbortController(); fetch('ask/stream', {method: 'POST', signal: "
        "other.signal, headers: {'Content-Type': 'application/json'}, "
        "body: JSON.stringify({question: 'Me first'})})"
    )
    page.until(lambda: page.run("fetch('status').then((r) => r.json())")["load"]["questions"])

    page.begin("Is the VPN down?")

    page.until(lambda: "asked again in 1 seconds" in page.one("#answer").text)
    writer.go_on.set()
    page.until(lambda: "Restart it." in page.one("#answer").text)
    # The refusal is an error in the browser's eyes.
    assert all("429" in problem for problem in page.problems())


def test_server_that_is_gone_is_told(page: Page) -> None:
    """With whom to contact instead."""
    page.browser.execute_script("window.fetch = () => Promise.reject(new TypeError('gone'))")

    page.ask("Is the VPN down?")

    assert "cannot be reached" in page.one("#answer").text
    assert "extension 4357 (O'Neil)" in page.one("#answer").text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(page: Page, writer: Writer, scheme: str) -> None:
    """Before a question, and with an answer that has everything."""
    media = {"media": "", "features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        assert page.violations() == []
        writer.writes(MARKDOWN)
        page.ask("Is the VPN down?")
        page.one("#details summary").click()
        assert page.violations() == []
        page.browser.get(f"{page.url}docs")
        assert page.violations() == []
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_narrow_screen_needs_no_sideways_scrolling(page: Page, writer: Writer) -> None:
    """390 pixels, with tables and code in the answer."""
    metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        writer.writes(MARKDOWN.replace("ipconfig", "ipconfig " * 30))
        page.ask("https://example.com/" + "x" * 300)
        assert page.run("document.documentElement.scrollWidth") <= 390
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_print_has_the_answer_and_not_the_form(page: Page) -> None:
    """On paper nobody asks again."""
    page.ask("Is the VPN down?")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.all("#form, #state, #details") == []
        assert "Restart it." in page.one("#answer").text
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
