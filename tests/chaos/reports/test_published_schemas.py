"""JUnit and SARIF against the schemas that CI servers read them by."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from rich.console import Console

from chaos.compare.baseline import Comparison
from chaos.compare.changes import Change, Trend
from chaos.reports import junit, sarif
from chaos.reports.annotations import annotations_of
from chaos.reports.console import ConsoleReport
from chaos.reports.report import Report
from chaos.reports.rules import rules
from chaos.runner.suite import SuiteResult
from chaos.verdict import Outcome
from tests.chaos.checks.story import Story
from tests.chaos.reports import examples

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"

SUITES = [
    pytest.param(examples.mixed(), id="one of each verdict"),
    pytest.param(examples.suite(), id="nothing played"),
]
COMPARISON = Comparison(
    changes=(
        Change(scenario="calm", key="waited_s", was=1, now=2, trend=Trend.WORSE),
        Change(scenario="outage", key="verdict", was="passed", now="failed", trend=Trend.WORSE),
    ),
    new=("idle",),
    missing=("gone",),
)


@pytest.fixture(scope="module")
def sarif_schema() -> jsonschema.Draft7Validator:
    """Return the validator of SARIF 2.1.0, as its committee published it."""
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


@pytest.fixture(scope="module")
def junit_schema() -> xmlschema.XMLSchema:
    """Return the schema by which Jenkins reads JUnit reports."""
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


@pytest.mark.parametrize("suite", SUITES)
def test_sarif_fits_its_schema(
    suite: SuiteResult, sarif_schema: jsonschema.Draft7Validator
) -> None:
    """Whatever came of a suite, its SARIF is SARIF."""
    document = json.loads(sarif.render(Report.of(suite)))

    assert [error.message for error in sarif_schema.iter_errors(document)] == []


@pytest.mark.parametrize("suite", SUITES)
def test_junit_fits_its_schema(
    suite: SuiteResult, junit_schema: xmlschema.XMLSchema, tmp_path: Path
) -> None:
    """Whatever came of a suite, its JUnit XML is JUnit XML."""
    (tmp_path / "junit.xml").write_text(junit.render(Report.of(suite)), encoding="utf-8")

    junit_schema.validate(tmp_path / "junit.xml")


def cases_of_a_shut_gate(file: Path) -> dict[str, ET.Element]:
    """Return the test cases of a mixed suite that is not as its baseline says, by name."""
    file.write_text(junit.render(Report.of(examples.mixed(), COMPARISON)), encoding="utf-8")
    return {str(case.get("name")): case for case in ET.parse(file).iter("testcase")}


def test_junit_of_a_shut_gate_fits_its_schema(
    junit_schema: xmlschema.XMLSchema, tmp_path: Path
) -> None:
    """Also with scenarios that nobody played."""
    cases_of_a_shut_gate(tmp_path / "junit.xml")

    junit_schema.validate(tmp_path / "junit.xml")


def test_junit_fails_a_scenario_that_passed_and_got_worse(tmp_path: Path) -> None:
    """With the row that the gate shows; else CI would be green where the gate is shut."""
    (found,) = cases_of_a_shut_gate(tmp_path / "junit.xml")["calm"]

    assert (found.tag, found.get("type")) == ("failure", "regression")
    assert found.get("message") == "not as the baseline records: waited in all"
    assert "worse  calm      waited in all  1s   2s\n" in str(found.text)


def test_junit_fails_what_the_baseline_lacks_and_has_too_much(tmp_path: Path) -> None:
    """Each is a case that failed; what did not pass by itself keeps its own verdict."""
    cases = cases_of_a_shut_gate(tmp_path / "junit.xml")

    types = {name: [entry.get("type") for entry in case] for name, case in cases.items()}
    assert types == {
        "calm": ["regression"],
        "outage": ["failed"],
        "idle": ["inconclusive"],
        "gone": ["not-played"],
    }
    assert "not in the baseline" in str(cases["idle"][0].text)


def test_junit_counts_an_inconclusive_scenario_as_an_error(tmp_path: Path) -> None:
    """JUnit knows no third verdict, and what proved nothing must not look like a pass."""
    xml = junit.render(Report.of(examples.mixed()))
    (tmp_path / "junit.xml").write_text(xml, encoding="utf-8")

    (found,) = ET.parse(tmp_path / "junit.xml").iter("testsuite")
    assert (found.get("tests"), found.get("failures"), found.get("errors")) == ("3", "1", "1")


def test_junit_tells_what_the_terminal_tells(tmp_path: Path) -> None:
    """The same events with the same problems, and at the end how to play them again."""
    text = io.StringIO()
    ConsoleReport(Console(file=text, width=200)).on_end(examples.mixed())

    xml = junit.render(Report.of(examples.mixed()))
    (tmp_path / "junit.xml").write_text(xml, encoding="utf-8")

    entries = [
        entry for case in ET.parse(tmp_path / "junit.xml").iter("testcase") for entry in case
    ]
    assert len(entries) == 2
    assert happened("\n".join(str(entry.text) for entry in entries)) == happened(text.getvalue())
    for entry in entries:
        assert "what happened:\n" in str(entry.text)
        assert str(entry.text).splitlines()[-1].startswith("replay: chaos replay ")


def happened(text: str) -> list[str]:
    """Return the lines that tell what happened, and how to play it again."""
    told = re.compile(r"what happened|\d\.\d{3}s  |replay:")
    return [line.strip() for line in text.splitlines() if told.search(line)]


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\ud800", "\uffff"])
def test_junit_survives_what_xml_cannot_hold(letter: str, tmp_path: Path) -> None:
    """A service may put anything into the words of its errors."""
    trace = Story().asks(1).answer("error", error=f"Value{letter}Error: é").trace
    wrong = replace(examples.verdict(Outcome.FAILED), reason=f"{letter}é", evidence=(1,))

    text = junit.render(Report.of(examples.suite(examples.result("odd", trace, wrong))))
    (tmp_path / "junit.xml").write_text(text, encoding="utf-8")

    (entry,) = next(ET.parse(tmp_path / "junit.xml").iter("testcase"))
    assert "Value\N{REPLACEMENT CHARACTER}Error: é" in str(entry.text)
    assert str(entry.get("message")).endswith(": \N{REPLACEMENT CHARACTER}é")


def results() -> list[dict[str, Any]]:
    """Return the results of a mixed suite that is not as its baseline says."""
    report = Report.of(examples.mixed(), COMPARISON, baseline=Path("scenarios/baseline.json"))
    run = json.loads(sarif.render(report))["runs"][0]
    assert isinstance(run["results"], list)
    return run["results"]


def test_sarif_points_at_the_line_that_asked() -> None:
    """An expectation has its own line; a law has the line of the step that broke it."""
    places = {
        each["ruleId"]: each["locations"][0]["physicalLocation"]
        for each in results()
        if each["properties"]["scenario"] == "outage"
    }

    assert {rule: place["region"]["startLine"] for rule, place in places.items()} == {
        "expectation": examples.EXPECT_LINE,
        "no-call-while-open": 6,
    }
    assert places["expectation"]["artifactLocation"]["uri"] == "scenarios/breaker/outage.yaml"


def test_law_points_at_the_step_that_was_under_way() -> None:
    """Not at the first step, and not at one that began later."""
    tale = examples.Tale().begins("method[0]", 5).begins("method[1]", 6).asks(1).answer()
    trace = tale.begins("method[2]", 7).trace
    broken = examples.laws("one-trial", (3,))
    unseen = examples.laws("one-trial", ())

    lines = [
        finding.line
        for laws in (broken, unseen)
        for finding in annotations_of(
            examples.suite(examples.result("x", trace, laws=laws)).results
        )
    ]

    assert lines == [6, 1]


def test_sarif_tells_failed_from_inconclusive() -> None:
    """What failed is an error; what proved nothing is a warning."""
    levels = {each["ruleId"]: each["level"] for each in results()}

    assert levels["expectation"] == "error"
    assert levels["fault-never-fired"] == "warning"


def test_sarif_tells_what_the_baseline_lacks_and_has_too_much() -> None:
    """A number that got worse, a new scenario and a missing one are findings like any other."""
    found = [(each["ruleId"], each["properties"]["scenario"]) for each in results()]

    assert found[-3:] == [
        ("regression", "calm"),
        ("not-in-baseline", "idle"),
        ("not-played", "gone"),
    ]


def test_sarif_does_not_report_a_worse_verdict_twice() -> None:
    """The reason for a worse verdict is a finding already."""
    rules = [each["ruleId"] for each in results() if each["properties"]["scenario"] == "outage"]

    assert rules == ["expectation", "no-call-while-open"]


def test_sarif_fingerprints_do_not_move_with_lines() -> None:
    """A finding is the same one after somebody added a comment above it."""
    before = [each["partialFingerprints"] for each in results()]

    assert len({json.dumps(each) for each in before}) == len(before)
    assert before == [each["partialFingerprints"] for each in results()]


def test_every_rule_has_a_name_of_its_own_and_help() -> None:
    """People who open an annotation are told what to do about it."""
    assert len({rule.id for rule in rules()}) == len(rules())
    assert all(rule.says.endswith(".") and rule.help for rule in rules())
