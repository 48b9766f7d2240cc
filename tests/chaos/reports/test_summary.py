"""The Markdown summary, and annotations as workflow commands."""

from __future__ import annotations

from chaos.compare.baseline import Comparison
from chaos.compare.changes import Change, Trend
from chaos.reports.annotations import annotations_of
from chaos.reports.github import workflow_commands
from chaos.reports.report import Report
from chaos.reports.summary import render
from chaos.verdict import Outcome
from tests.chaos.reports import examples

BETTER = Change(scenario="calm", key="waited_s", was=62.5, now=1.0, trend=Trend.BETTER)
WORSE = Change(scenario="outage", key="calls.openai", was=3, now=4, trend=Trend.WORSE)


def test_summary_shows_what_is_wrong_and_where() -> None:
    """A failure has its file and line, what was expected and seen, and how to play it again."""
    text = render(Report.of(examples.mixed()))

    assert "❌ Chaos gate: failed" in text
    assert f"`scenarios/breaker/outage.yaml:{examples.EXPECT_LINE}`" in text
    assert "| 2 | 3 |" in text
    assert "chaos replay scenarios/breaker/outage.yaml --seed 7" in text


def test_summary_keeps_foreign_text_out_of_its_markup() -> None:
    """A bar or a tag in a reason neither ends a cell nor becomes HTML."""
    text = render(Report.of(examples.mixed()))

    assert r"calls.openai is not 2 \| a &lt;b>, \`c\`" in text


def test_summary_lists_changes_with_the_worst_on_top() -> None:
    """Who reads only one line reads the one that matters."""
    comparison = Comparison(changes=(BETTER, WORSE), new=("idle",), missing=("gone",))

    text = render(Report.of(examples.mixed(), comparison))

    order = [text.index(line) for line in ("❌ worse", "✅ better", "❌ new", "❌ missing")]
    assert order == sorted(order)
    assert "| calm | waited in all | 1m2.5s | 1s |" in text
    assert "chaos gate --update" in text


def test_summary_of_a_suite_that_passed_is_short() -> None:
    """Nothing is listed where nothing is wrong; the numbers are folded away."""
    passed = examples.result("calm", examples.calm(), examples.verdict(Outcome.PASSED))

    text = render(Report.of(examples.suite(passed), Comparison()))

    assert "What is wrong" not in text
    assert "Every number is as recorded in the baseline." in text
    assert text.index("<details>") < text.index("| calm |")


def test_summary_names_laws_that_nothing_put_to_the_test() -> None:
    """An inconclusive gate says what it lacks."""
    text = render(Report(runs=(), outcome=Outcome.INCONCLUSIVE, laws_not_exercised=("one-trial",)))

    assert "exercised these laws: `one-trial`" in text


def test_workflow_command_is_one_line_a_finding() -> None:
    """Line ends, colons and commas are escaped as GitHub reads them."""
    error, law, warning = workflow_commands(annotations_of(examples.runs())).splitlines()

    assert error == (
        "::error file=scenarios/breaker/outage.yaml,line=7,"
        "title=expectation%3A method[1] calls.openai::"
        "outage: method[1] calls.openai: calls.openai is not 2 | a <b>, `c`%0A"
        "expected 2, seen 3%0Areplay: chaos replay scenarios/breaker/outage.yaml --seed 7"
    )
    assert law.startswith("::error file=scenarios/breaker/outage.yaml,line=6,")
    assert warning.startswith("::warning file=scenarios/breaker/idle.yaml,line=7,")


def test_workflow_commands_of_a_suite_that_passed_are_none() -> None:
    """Silence means well."""
    passed = examples.suite(examples.result("calm", examples.calm())).results

    assert workflow_commands(annotations_of(passed)) == ""
