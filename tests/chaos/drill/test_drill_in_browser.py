"""The page as a visitor meets it: in a real browser, with the real service behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import axe_core_python
import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from chaos.drill.drill import Drill
from chaos.drill.library import Library
from chaos.drill.server import DrillServer
from tests.browser import chromium

__all__ = ["chromium"]

pytestmark = pytest.mark.slow

SOON_S = 120.0
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, chromium: Chrome) -> Iterator[Chrome]:
    """The page of a drill."""
    with (
        Drill(tmp_path_factory.mktemp("drills")) as drill,
        DrillServer(drill, Library([]), port=0) as server,
    ):
        chromium.set_window_size(1440, 1000)
        chromium.get(server.url)
        yield chromium
        chromium.get("about:blank")


def soon(page: Chrome, holds: Callable[[], object]) -> None:
    """Wait until something can be seen."""
    WebDriverWait(page, SOON_S, 0.1).until(lambda _: holds())


def text(page: Chrome, place: str) -> str:
    """What an element says."""
    return page.find_element(By.CSS_SELECTOR, place).text


def test_one_click_shows_breaker_fallback_and_recovery(page: Chrome) -> None:
    """What stands on the page at each moment is what the service is at."""
    assert text(page, "#breaker") == "closed"

    page.find_element(By.CSS_SELECTOR, "button.primary").click()

    soon(page, lambda: text(page, "#breaker").startswith("open, for"))
    soon(page, lambda: text(page, "#mode") == "the articles")
    soon(page, lambda: text(page, "#breaker") == "closed")
    soon(page, lambda: "all steps are done" in text(page, "#playing"))
    looks = {
        each.get_attribute("class")
        for each in page.find_elements(By.CSS_SELECTOR, "#canvas .item")
    }
    assert {"item open", "item half_open", "item closed", "item fallback", "item good"} <= looks


def test_fault_is_injected_and_healed_by_keyboard(page: Chrome) -> None:
    """No mouse is needed for a form of the language."""
    summary = page.find_element(By.XPATH, "//summary[code='latency']")
    summary.send_keys(Keys.ENTER)
    form = page.find_element(By.XPATH, "//details[summary/code='latency']/form")
    Select(form.find_element(By.NAME, "upstream")).select_by_visible_text("gcs")
    length = form.find_element(By.NAME, "latency")
    length.clear()
    length.send_keys("2", Keys.ENTER)
    soon(page, lambda: "2 has no unit" in form.find_element(By.CLASS_NAME, "wrong-field").text)

    length.send_keys("s", Keys.ENTER)
    soon(page, lambda: "latency" in text(page, "#faults"))

    page.find_element(By.CSS_SELECTOR, "#faults button").send_keys(Keys.ENTER)
    soon(page, lambda: text(page, "#faults") == "none")


def test_question_is_asked_and_its_answer_shown(page: Chrome) -> None:
    """Asked of the real service, over HTTP."""
    question = page.find_element(By.NAME, "question")
    question.clear()
    question.send_keys("Is the printer broken?", Keys.ENTER)

    soon(page, lambda: "Is the printer broken?" in text(page, "#answers"))


def test_all_begins_anew_by_keyboard(page: Chrome) -> None:
    """Faults, answers and the picture are gone; the focus stays, and the next click works."""
    page.find_element(By.CSS_SELECTOR, "[data-do=outage]").send_keys(Keys.ENTER)
    soon(page, lambda: "http_error" in text(page, "#faults"))
    button = page.find_element(By.CSS_SELECTOR, "[data-do=anew]")
    button.send_keys(Keys.ENTER)

    soon(page, lambda: "as it was at the beginning" in text(page, "#said"))
    soon(page, lambda: text(page, "#faults") == "none")
    soon(page, lambda: text(page, "#breaker") == "closed")
    soon(page, lambda: "by the model" not in text(page, "#answers"))
    assert text(page, "#answers") == ""
    assert "Nothing has happened yet" in text(page, "#canvas")
    assert page.switch_to.active_element == button

    page.find_element(By.NAME, "question").send_keys(Keys.ENTER)
    soon(page, lambda: text(page, "#answers") != "")
    soon(page, lambda: page.find_elements(By.CSS_SELECTOR, "#canvas .item"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out(page: Chrome, theme: str) -> None:
    """Axe finds nothing serious, in either colours."""
    page.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    page.execute_script(AXE)

    found = page.execute_async_script(
        "const done = arguments[0];"
        "axe.run().then((results) => done(results.violations.map((each) =>"
        " [each.id, each.impact, each.nodes.map((node) => node.html).slice(0, 2)])));"
    )

    assert [each for each in found if each[1] in {"serious", "critical"}] == []


def test_phone_has_no_need_to_scroll_sideways(page: Chrome) -> None:
    """At 390 pixels everything is in one column."""
    page.set_window_size(390, 844)

    widths = page.execute_script("return [document.documentElement.scrollWidth, innerWidth]")

    assert widths[0] <= widths[1]


def test_console_is_quiet(page: Chrome) -> None:
    """Nothing failed to load; what is refused on purpose is a 400, and told on the page."""
    entries = [entry["message"] for entry in page.get_log("browser")]  # type: ignore[no-untyped-call] # selenium's

    assert [entry for entry in entries if "/inject" not in entry] == []
