"""``eventually`` and ``leads_to``: what has to happen at last, and in time."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.checks.expectations import judge
from chaos.checks.measure import Window
from chaos.ports import Observable, Vocabulary
from chaos.scenario.expectations import expecting
from chaos.scenario.problems import ScenarioError
from chaos.scenario.reader import read_text
from chaos.verdict import Outcome, Verdict
from tests.chaos.checks.story import Story

WORDS = Vocabulary(
    upstreams={"openai": ()},
    observables={"openai.breaker.state": Observable(type=str, doc="state of the breaker")},
    settings={},
    modes=("told", "guessed", "error"),
)
BACK = {"answer.mode": "told", "within": "1m"}
CLOSES = {
    "when": {"openai.breaker.state": "open"},
    "then": {"openai.breaker.state": "closed"},
    "within": "1m",
}


def judged(story: Story, key: str, value: Any) -> Verdict:
    """What comes of an expectation over a whole run."""
    (claim,) = expecting({key: value}, WORDS)
    return judge(claim, Window(trace=story.trace), kind=None, where="expect")  # type: ignore[arg-type] # it has none


def healed() -> Story:
    """Well, struck, and healed at 100 s."""
    story = Story().asks(1).answer("told").by("script").fault("injected")
    story.at(50).asks(2).answer("guessed")
    return story.at(100).by("script").fault("healed")


@pytest.mark.parametrize(
    ("came_s", "outcome"),
    [
        pytest.param(160.0, Outcome.PASSED, id="at the last moment"),
        pytest.param(160.001, Outcome.FAILED, id="too late"),
    ],
)
def test_eventually_counts_from_the_last_heal(came_s: float, outcome: Outcome) -> None:
    """What was before the heal does not matter, however good it was."""
    story = healed().at(came_s).asks(3).answer("told")

    assert judged(story, "eventually", BACK).outcome is outcome


def test_eventually_shows_what_came_instead_of_it() -> None:
    """A failure has the moment from which the time runs, and says how late it was."""
    never = judged(healed().at(300).asks(3).answer("guessed"), "eventually", BACK)
    late = judged(healed().at(200).asks(3).answer("told"), "eventually", BACK)

    assert (never.outcome, never.seen) == (Outcome.FAILED, "never")
    assert (late.outcome, late.seen) == (Outcome.FAILED, "after 1m40s")
    assert never.expected == "{answer.mode: told, within: 1m}"
    assert (len(never.evidence), len(late.evidence)) == (1, 2)


def test_eventually_does_not_judge_what_is_not_over() -> None:
    """A run that ends too early has shown neither the one nor the other."""
    verdict = judged(healed().at(130).asks(3).answer("guessed"), "eventually", BACK)

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the run ends 30s before the limit" in verdict.reason


def test_eventually_counts_from_the_beginning_where_nothing_was_healed() -> None:
    """A service that comes up by itself has to do so in time."""
    early = Story().asks(1).answer("guessed").at(59).asks(2).answer("told")
    late = Story().asks(1).answer("guessed").at(61).asks(2).answer("told")

    assert judged(early, "eventually", BACK).outcome is Outcome.PASSED
    assert judged(late, "eventually", BACK).outcome is Outcome.FAILED
    assert judged(Story(), "eventually", BACK).outcome is Outcome.INCONCLUSIVE


def test_leads_to_holds_each_time() -> None:
    """One time that it does not follow is enough."""
    once = Story().by(1).turns("closed", "open").at(60).turns("half_open", "closed")
    twice = Story().by(1).turns("closed", "open").at(60).turns("half_open", "closed")
    twice.at(100).turns("closed", "open").at(161).turns("half_open", "closed")

    assert judged(once, "leads_to", CLOSES).outcome is Outcome.PASSED
    verdict = judged(twice, "leads_to", CLOSES)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.evidence == (2, 3)


def test_leads_to_needs_what_leads() -> None:
    """What never began has led to nothing."""
    verdict = judged(Story().asks(1).answer("told"), "leads_to", CLOSES)

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason == "nothing to judge: {openai.breaker.state: open} never happened"


def test_moment_is_one_event() -> None:
    """All that is said of a moment holds of the same answer."""
    wanted = {"answer.mode": "told", "answer.stale": True, "within": "1m"}
    apart = Story().asks(1).answer("told").asks(2).answer("guessed", stale=True).at(61).asks(3)
    together = Story().asks(1).answer("told", stale=True)

    assert judged(apart, "eventually", wanted).outcome is Outcome.FAILED
    assert judged(together, "eventually", wanted).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [
        pytest.param("eventually", "soon", "eventually is 'soon'", id="no mapping"),
        pytest.param("eventually", {"answer.mode": "told"}, "'within' is missing", id="no time"),
        pytest.param("eventually", {"within": "1m"}, "names no event", id="no moment"),
        pytest.param("eventually", BACK | {"within": "0s"}, "'within' is zero", id="zero"),
        pytest.param("eventually", BACK | {"within": 60}, "has no unit", id="no unit"),
        pytest.param("eventually", BACK | {"calls.openai": 3}, "is not an event", id="a count"),
        pytest.param("eventually", BACK | {"answer.mode": "tolt"}, "tolt", id="no such mode"),
        pytest.param(
            "eventually",
            BACK | {"fault": "healed"},
            "never occur in the same event",
            id="two sorts",
        ),
        pytest.param("leads_to", CLOSES | {"whne": {}}, "unknown key 'whne'", id="a slip"),
        pytest.param("leads_to", {"within": "1m"}, "when names no event", id="half"),
    ],
)
def test_mistake_is_told(key: str, value: Any, wrong: str) -> None:
    """What is wrong is said in words, with what is right."""
    with pytest.raises(ScenarioError) as caught:
        expecting({key: value}, WORDS)

    assert wrong in str(caught.value)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize(("key", "value"), [("eventually", BACK), ("leads_to", CLOSES)])
def test_expectation_is_written_as_it_was_read(key: str, value: Any) -> None:
    """A scenario that is written anew says the same."""
    (claim,) = expecting({key: value}, WORDS)
    written = read_text(f"{key}: {claim.tolerance.describe()}\n", "case.yaml").data

    assert expecting(written, WORDS) == (claim,)
