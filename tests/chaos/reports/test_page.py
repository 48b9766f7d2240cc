"""The HTML report as text; what a browser makes of it is in test_page_in_browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from chaos.compare.baseline import Comparison
from chaos.compare.changes import Change, Trend
from chaos.reports.html import render
from chaos.reports.html.scenario import EVENTS_SHOWN, law_states, payload
from chaos.reports.report import Report
from tests.chaos.reports import examples


class Elements(HTMLParser):
    """Collects every element with its attributes, and the text of each run's script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.runs: dict[str, str] = {}
        self._run: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))
        self._run = dict(attrs).get("data-run") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        """Leave a script."""
        self._run = None

    def handle_data(self, data: str) -> None:
        """Note the text of a run's script."""
        if self._run is not None:
            self.runs[self._run] = self.runs.get(self._run, "") + data


@pytest.fixture(scope="module")
def text() -> str:
    """Return the report of one scenario of each verdict."""
    return render(Report.of(examples.mixed()))


def test_page_needs_no_network(text: str) -> None:
    """Nothing is loaded from anywhere, and the page itself forbids it."""
    loaded = [
        value
        for _, attributes in Elements(text).found
        for name in ("src", "href", "action", "data")
        if (value := attributes.get(name)) and not value.startswith(("#", "data:"))
    ]

    assert loaded == []
    assert "default-src 'none'" in text
    assert not re.search(r"@import|url\((?!#)", text)


def test_page_is_the_same_bytes_for_the_same_runs(text: str) -> None:
    """Two reports of one suite can be compared by their hash."""
    assert render(Report.of(examples.mixed())) == text


def test_page_holds_every_run_as_data(text: str) -> None:
    """What a scenario's page is drawn from survives being embedded in HTML."""
    embedded = Elements(text).runs

    assert {name: json.loads(data) for name, data in embedded.items()} == {
        run.name: payload(run) for run in examples.runs()
    }


def test_text_of_a_scenario_cannot_become_markup() -> None:
    """A claim that closes a script element or opens a tag is shown, not obeyed."""
    evil = "</script><script>alert(1)</script>"
    run = examples.result("calm", examples.calm())
    forged = replace(run, hypothesis=evil)

    text = render(Report.of(examples.suite(forged)))

    assert evil not in text
    assert text.count("<script") == render(Report.of(examples.suite(run))).count("<script")


def test_overview_says_how_it_went_without_any_script(text: str) -> None:
    """The headline, each scenario's verdict and its laws are in the text of the page."""
    assert "1 of 3 scenarios failed" in text
    rows = re.findall(r'<tr class="run" data-outcome="(\w+)" data-name="([\w-]+)"', text)
    assert sorted(rows) == [("failed", "outage"), ("inconclusive", "idle"), ("passed", "calm")]
    assert 'title="no-call-while-open: broken"' in text


def test_overview_shows_changes_against_the_baseline() -> None:
    """A gate's report says what is no longer as recorded."""
    worse = Change(scenario="calm", key="calls.openai", was=1, now=2, trend=Trend.WORSE)

    changed = Report.of(examples.mixed(), Comparison(changes=(worse,)))
    assert "Changes against the baseline" in render(changed)
    assert "Changes against the baseline" not in render(Report.of(examples.mixed()))


def test_report_of_nothing_says_so() -> None:
    """No runs are no error, and no pass."""
    assert "Nothing was played" in render(Report.saved([]))


def test_payload_leaves_out_real_time() -> None:
    """How fast a machine was must not change the bytes."""
    text = json.dumps(payload(examples.runs()[0]))

    assert "0.0125" not in text


def test_page_holds_what_led_to_the_failure_of_a_very_long_run() -> None:
    """A run of hours is cut around its first failure, and says so; nothing else moves."""
    tale = examples.Tale().asks(1)
    for _ in range(EVENTS_SHOWN * 2):
        tale.waits(1.0)
    broken = examples.laws("one-trial", (EVENTS_SHOWN,))
    (run,) = examples.suite(examples.result("long", tale.trace, laws=broken)).results

    data = payload(run)

    begin, total = data["shown"]
    assert (len(data["events"]), total) == (EVENTS_SHOWN, len(run.trace))
    assert begin + data["problems"][0]["at"] == EVENTS_SHOWN
    assert data["events"][data["problems"][0]["at"]][0] == run.trace[EVENTS_SHOWN].at_s * 1_000_000
    assert max(item[1] for lane in data["lanes"] for item in lane["items"]) < EVENTS_SHOWN


def test_law_states_tell_waived_from_idle() -> None:
    """A law that was set aside does not look like one that had no occasion."""
    run = examples.result("calm", examples.calm())
    waived = replace(run, waived=("recovers",))

    (finished,) = examples.suite(waived).results

    assert law_states(finished)["recovers"] == "waived"
    assert law_states(finished)["one-trial"] == "kept"


def test_page_has_no_marks_of_other_formats() -> None:
    """Code is set as code, and the current folder has a name that means something."""
    (run, *_) = examples.runs()

    page = render(Report.saved([replace(run, path="calm.yaml")]))

    assert "asks for a pause (<code>Retry-After</code>)" in page
    assert "asks for a pause (Retry-After)" in page
    assert ">this folder</th>" in page
