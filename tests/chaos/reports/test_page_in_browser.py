"""The HTML report as a person meets it, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from chaos.reports.html import render
from chaos.reports.report import Report
from chaos.verdict import Outcome
from tests.chaos.reports import examples


class Page:
    """A report that is open in the browser."""

    def __init__(self, browser: Chrome, file: Path) -> None:
        self.browser = browser
        self._url = file.as_uri()

    def open(self, fragment: str = "") -> None:
        """Open the report anew, at a scenario or an event if one is named."""
        self.browser.get("about:blank")
        self.browser.get(self._url + fragment)

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
        self.settle()

    def settle(self) -> None:
        """Let the page draw what it put off until the next frame."""
        self.browser.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"
        )

    def run(self, script: str, *arguments: object) -> Any:
        """Ask the page something."""
        return self.browser.execute_script(f"return {script}", *arguments)

    @property
    def names(self) -> list[str]:
        """The scenarios of the overview that can be seen, in order."""
        return [row.text for row in self.all("tr.run th.name a")]


@pytest.fixture
def page(chromium: Chrome, tmp_path: Path) -> Iterator[Page]:
    """Return a report of one scenario of each verdict; it must not complain of anything."""
    file = tmp_path / "report.html"
    file.write_text(render(Report.of(examples.mixed())), encoding="utf-8")
    page = Page(chromium, file)
    page.open()
    yield page
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call] # selenium's lack


def test_overview_loads_nothing_and_draws_no_timeline(page: Page) -> None:
    """One file is all there is, and what nobody opened costs nothing."""
    assert page.run("performance.getEntriesByType('resource').length") == 0
    assert page.all("svg") == []
    assert page.names == ["calm", "outage", "idle"]


def test_scenario_opens_with_its_lanes_and_goes_back(page: Page) -> None:
    """A click shows the timeline; the browser's own way back leads back."""
    page.one('tr.run a[href="#outage"]').click()
    page.settle()

    assert page.one("h1").text == "outage"
    assert [lane.text for lane in page.all("svg .lane")] == [
        *("script", "outage", "user-1", "user-2", "openai", "openai breaker", "index"),
    ]

    page.browser.back()
    page.settle()

    assert page.one("h1").text == "1 of 3 scenarios failed"


def test_failure_is_marked_at_its_moment(page: Page) -> None:
    """The flag stands where the event that decided it stands; a key leads there."""
    page.open("#outage")
    page.press("f")

    # Lines have no width, so a browser does not call them visible.
    places = page.run(
        "[...document.querySelectorAll('svg .flag line')].map(l => l.x1.baseVal.value)"
    )
    cursor = page.run("document.querySelector('svg .cursor').x1.baseVal.value")
    assert places == [cursor, cursor]
    assert cursor > 0
    assert "permit 1 failure" in page.one(".chosen").text


def test_failure_shows_expected_seen_and_its_line(page: Page) -> None:
    """What went wrong stands above everything, and in the file at its line."""
    page.open("#outage")

    assert page.all(".problem dd")[0].text == "2"
    assert page.all(".problem dd")[1].text == "3"
    line = page.one(f'.source li.failed[data-line="{examples.EXPECT_LINE}"]')
    assert "expected 2, seen 3" in line.text


def test_link_to_an_event_leads_to_it(page: Page) -> None:
    """A link from a chat shows the very event that it was copied at."""
    page.open("#outage/7")

    assert "waits 2.5s" in page.one(".chosen").text
    assert "waits 2.5s" in page.one(".log .here").text
    assert "ask: Is the VPN down?" in page.one(".source .here").text


def test_arrow_keys_go_from_event_to_event(page: Page) -> None:
    """Nothing needs a mouse: every event can be reached, and is read out."""
    page.open("#outage/7")
    page.run("document.querySelector('svg.picture').focus()")

    page.press(Keys.ARROW_RIGHT)

    assert "-> openai chat.completions (call 2)" in page.one(".chosen").text
    assert page.one(".chosen").get_attribute("aria-live") == "polite"
    assert page.run("location.hash") == "#outage/8"

    page.press(Keys.HOME)

    assert "fault outage injected" in page.one(".chosen").text


def test_timeline_zooms_and_fits_again(page: Page) -> None:
    """Zooming makes a bar wider and shows where one is; 0 shows all."""
    page.open("#outage/8")
    page.run("document.querySelector('svg.picture').focus()")
    bar = "Number(document.querySelector('svg .item.fault').getAttribute('width'))"
    before = page.run(bar)

    page.press("+", "+")

    assert page.run(bar) > 1.5 * before
    assert page.all("svg .thumb")

    page.press("0")

    assert page.run(bar) == before
    assert page.all("svg .thumb") == []


def test_axis_can_be_true_to_time(page: Page) -> None:
    """Then the window of a fault takes up the share of the time that it lasted."""
    page.open("#outage")
    page.one('[data-axis="time"]').click()
    page.settle()

    share = page.run(
        "document.querySelector('svg .item.fault').getAttribute('width')"
        " / document.querySelector('svg .track').getAttribute('width')"
    )
    assert share == pytest.approx(5 / 65, abs=0.005)


def test_run_without_any_virtual_time_can_be_drawn(page: Page) -> None:
    """All at one instant is still one after the other."""
    page.open("#calm")
    page.one('[data-axis="time"]').click()
    page.settle()

    places = [float(item.get_attribute("x") or 0) for item in page.all("svg .item")]
    assert len(set(places)) > 1


def test_hovering_tells_what_a_bar_is(page: Page) -> None:
    """When it began, when it ended, how long it took, in words."""
    page.open("#outage")

    ActionChains(page.browser).move_to_element(page.all("svg .item.wait")[0]).perform()

    tip = page.one("#tip").text
    assert "2.5s" in tip
    assert "waits 2.5s before openai is called again" in tip


def test_filter_finds_scenarios_by_claim_and_verdict(page: Page) -> None:
    """Words of the claim count, and the buttons count along."""
    page.press("/", "outage")
    assert page.names == ["outage"]

    page.one("#search").clear()
    page.one('[data-show="inconclusive"]').click()
    assert page.names == ["idle"]

    page.one("#search").send_keys("nothing like it")
    assert page.names == []
    assert page.one(".nothing").text == "No scenario matches."


def test_column_sorts_both_ways_and_back(page: Page) -> None:
    """The slowest on top is one click away."""
    before = page.names
    column = next(each for each in page.all("[data-sort]") if each.text.startswith("waited"))

    column.click()
    assert page.names[0] == "outage"
    assert "descending" in page.run("arguments[0].parentNode.ariaSort", column)

    column.click()
    assert page.names[-1] == "outage"

    column.click()
    assert page.names == before


def test_keys_lead_through_the_scenarios(page: Page) -> None:
    """Next, previous, and up again."""
    first, second, _ = page.names
    page.open(f"#{first}")

    page.press("j")
    assert page.one("h1").text == second

    page.press("k")
    assert page.one("h1").text == first

    page.press(Keys.ESCAPE)
    assert page.names[0] == first


def test_replay_command_is_copied_or_at_least_selected(page: Page) -> None:
    """Browsers guard the clipboard of pages opened from a file; the text is at hand anyway."""
    page.open("#outage")

    page.one(".copy").click()
    page.settle()

    selected = page.run("getSelection().toString()")
    assert page.one(".copy").text == "Copied" or "chaos run scenarios/breaker" in selected


def test_theme_follows_the_system_and_can_be_switched(page: Page) -> None:
    """Dark where the system is dark, until the button says otherwise."""
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.run(colour)
    dark_system = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark_system)
    dark = page.run(colour)
    page.one(".theme").click()
    switched = page.run(colour)
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    assert dark != light
    assert switched == light


@pytest.mark.parametrize("fragment", ["", "#outage"], ids=["overview", "scenario"])
def test_narrow_window_needs_no_sideways_scrolling(page: Page, fragment: str) -> None:
    """On a telephone the page is as wide as the screen; wide tables scroll by themselves."""
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.open(fragment)
        assert page.run("document.documentElement.scrollWidth") <= 390
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_print_leaves_out_what_paper_cannot_do(page: Page) -> None:
    """Buttons and filters are not printed; the timeline and the whole list of events are."""
    page.open("#outage")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.all("button:not(.link)") == []
        assert page.all("svg.picture")
        assert page.run("getComputedStyle(document.querySelector('.log')).maxHeight") == "none"
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("fragment", ["", "#outage"], ids=["overview", "scenario"])
def test_everything_that_can_be_used_has_a_name(page: Page, fragment: str) -> None:
    """What a screen reader would announce is never empty."""
    page.open(fragment)

    for element in page.all("a[href], button, input, svg[tabindex], [tabindex='0'], section"):
        assert element.accessible_name, element.get_attribute("outerHTML")


def test_two_hundred_scenarios_open_at_once(
    chromium: Chrome, tmp_path: Path, many: Callable[[int], str]
) -> None:
    """Loading draws no timeline: the page has no more nodes than its tables need."""
    file = tmp_path / "many.html"
    file.write_text(many(200), encoding="utf-8")
    page = Page(chromium, file)

    page.open()

    assert len(page.names) == 200
    assert page.run("document.querySelectorAll('svg, .log li').length") == 0
    # A second is what it may take; a shared machine gets some more before anybody is woken.
    assert page.run("performance.getEntriesByType('navigation')[0].domComplete") < 3000


@pytest.fixture
def many() -> Callable[[int], str]:
    """Return what renders a suite of so many scenarios."""

    def rendered(count: int) -> str:
        passed = examples.verdict(Outcome.PASSED)
        results = [
            examples.result(f"outage-{number}", examples.outage(), passed)
            for number in range(count)
        ]
        return render(Report.of(examples.suite(*results)))

    return rendered
