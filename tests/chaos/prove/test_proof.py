"""The proof: what is caught, what survives, and what is no proof at all."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from rich.console import Console

from chaos.defects.defect import Defect, Edit
from chaos.defects.edits import Rewrite
from chaos.prove.gate import Case, Fate, Play
from chaos.prove.proof import Proof, checks_of, prove
from chaos.prove.report import ProofReport, dump
from chaos.scenario.loader import LoadedScenario, load_text
from chaos.targets import vocabulary_of
from chaos.verdict import Outcome
from tests.chaos.toy import Toy

TOY = "tests.chaos.toy:Toy"


def scenario(name: str, mode: str = "llm", tags: str = "") -> LoadedScenario:
    """A scenario in which the weather fails twice, and what the toy is expected to make of it."""
    text = f"""\
version: 1
name: {name}
hypothesis: The toy tries again.
target: {TOY}
tags: [{tags}]
method:
  - inject: {{id: outage, upstream: weather, fault: http_error, status: 503, calls: 1-2}}
  - ask: How is it?
    expect: {{answer.mode: {mode}}}
"""
    return load_text(text, f"{name}.yaml", vocabulary_of)


QUIET = """\
version: 1
name: quiet
hypothesis: Nothing goes wrong.
target: tests.chaos.toy:Toy
method:
  - ask: How is it?
    expect: {answer.mode: llm}
"""

GIVES_UP = Defect(
    name="gives-up",
    doc="The second failure is the last.",
    tags=("retry",),
    edits=(Rewrite(f"{TOY}.ask", "- continue\n+ break"),),
)
HURRIES = Defect(
    name="hurries",
    doc="It waits half as long.",
    edits=(Rewrite(f"{TOY}.ask", "- time.sleep(1)\n+ time.sleep(0.5)"),),
)
HARMLESS = Defect(
    name="harmless",
    doc="Nothing that anybody could see.",
    edits=(Rewrite(f"{TOY}.ask", "- if attempt:\n+ if attempt > 0:"),),
)
OUTDATED = Defect(
    name="outdated",
    doc="Written against a service of last year.",
    edits=(Rewrite(f"{TOY}.ask", "- while True:\n+ while False:"),),
)


@dataclass(frozen=True)
class Dies(Edit):
    """Takes the process with it."""

    @contextmanager
    def applied(self) -> Iterator[None]:
        """End here."""
        os._exit(9)
        yield


DEADLY = Defect(name="deadly", doc="A crash in a library.", edits=(Dies(),))


def proved(*defects: Defect, mode: str = "llm", is_matrix: bool = False) -> Proof:
    """The proof over two scenarios: one where nothing goes wrong, and one where it does."""
    quiet = load_text(QUIET, "quiet.yaml", vocabulary_of)
    suite = [(quiet, Toy), (scenario("outage", mode, "retry"), Toy)]
    return prove(suite, [(each, [Toy]) for each in defects], is_matrix=is_matrix, at_once=2)


def test_defect_that_breaks_a_promise_is_killed() -> None:
    """Its scenario fails, and everything is well."""
    proof = proved(GIVES_UP)

    (case,) = proof.cases
    assert case.fate is Fate.KILLED
    assert [play.scenario for play in case.plays] == ["outage"]
    assert case.caught[0].checks == ("method[1] answer.mode",)
    assert proof.exit_code == 0


def test_defect_is_killed_by_a_law_that_no_scenario_mentions() -> None:
    """A wait too short is noticed though nobody expected anything of it."""
    (case,) = proved(HURRIES).cases

    assert checks_of(case) == ("law backoff-honoured",)


def test_defect_that_changes_nothing_survives() -> None:
    """A gate that kills everything would prove nothing; survivors end in 1."""
    proof = proved(HARMLESS, GIVES_UP)

    assert [case.fate for case in proof.cases] == [Fate.SURVIVED, Fate.KILLED]
    assert len(proof.cases[0].plays) == 2
    assert proof.exit_code == 1


def test_defect_that_does_not_fit_is_an_error() -> None:
    """It is neither caught nor a survivor, and ends in 2."""
    proof = proved(OUTDATED, HARMLESS)

    assert proof.cases[0].fate is Fate.ERROR
    assert "has these lines 0 times" in (proof.cases[0].error or "")
    assert proof.exit_code == 2


def test_defect_that_kills_its_process_is_an_error_of_its_own() -> None:
    """The others are judged as if nothing had happened."""
    proof = proved(DEADLY, GIVES_UP)

    assert [case.fate for case in proof.cases] == [Fate.ERROR, Fate.KILLED]
    assert proof.cases[0].error == "its process ended with exit code 9"


@pytest.mark.slow
def test_defect_does_not_leak_into_the_next() -> None:
    """After one that breaks everything, a harmless one passes, and so does the sound service."""
    proof = proved(GIVES_UP, HARMLESS, HURRIES, HARMLESS_TOO)

    assert [case.fate for case in proof.cases] == [
        Fate.KILLED,
        Fate.SURVIVED,
        Fate.KILLED,
        Fate.SURVIVED,
    ]
    assert proved(HARMLESS).is_sound


HARMLESS_TOO = Defect(name="harmless-too", doc=HARMLESS.doc, edits=HARMLESS.edits)


def test_nothing_is_planted_in_a_service_that_does_not_pass() -> None:
    """A scenario that fails anyway kills whatever is planted, and proves nothing."""
    proof = proved(GIVES_UP, mode="fallback")

    assert not proof.is_sound
    assert proof.cases == ()
    assert proof.exit_code == 1
    assert "1 of 2 scenarios do not pass without any defect: outage" in shown(proof)


def test_matrix_plays_everything_and_counts_what_catches() -> None:
    """Scenarios that catch nothing and defects that one check guards are named."""
    proof = proved(GIVES_UP, HURRIES, is_matrix=True)

    assert [len(case.plays) for case in proof.cases] == [2, 2]
    assert dict(proof.catches) == {"quiet": 0, "outage": 2}
    assert proof.law_catches["backoff-honoured"] == 1
    assert proof.guarded_once == {
        "gives-up": "scenario outage",
        "hurries": "law backoff-honoured",
    }
    assert "Scenarios that catch nothing: 1\n  quiet\n" in shown(proof)


def test_case_prefers_failures_to_doubts() -> None:
    """An inconclusive run catches a defect only if nothing failed."""
    passed = Play(scenario="a", outcome=Outcome.PASSED)
    doubted = Play(scenario="b", outcome=Outcome.INCONCLUSIVE, checks=("target",))
    failed = Play(scenario="c", outcome=Outcome.FAILED, laws=("recovers",))

    assert Case(defect="x", plays=(passed, doubted)).fate is Fate.DOUBTED
    assert Case(defect="x", plays=(passed, doubted, failed)).caught == (failed,)
    assert Case(defect="x", plays=(passed,)).fate is Fate.SURVIVED


def test_doubted_defect_fails_the_proof() -> None:
    """An inconclusive run is no failure: whoever brings in the mistake is not told of it."""
    sound = proved(GIVES_UP)
    doubted = Play(scenario="quiet", outcome=Outcome.INCONCLUSIVE, checks=("simulation",))

    proof = replace(sound, cases=(Case(defect="gives-up", plays=(doubted,)),))

    assert proof.exit_code == 1
    assert "1 doubted" in shown(proof)
    assert "DOUBTED gives-up" in shown(proof)


def test_proof_of_nothing_fails() -> None:
    """Without a defect nothing was shown."""
    assert proved().exit_code == 1


def test_report_shows_the_lines_of_a_survivor() -> None:
    """Whoever has to write the missing scenario sees what it has to notice."""
    text = shown(proved(HARMLESS, OUTDATED, GIVES_UP))

    assert "SURVIVED harmless\n  Nothing that anybody could see.\n" in text
    assert "    - if attempt:\n    + if attempt > 0:\n" in text.replace("      ", "    ")
    assert "ERROR outdated: " in text
    assert "3 defects: 1 killed, 1 survived, 1 error; 3 plays in " in text


@pytest.mark.slow
def test_json_is_the_same_for_the_same_proof() -> None:
    """No real times in it, and nothing that depends on who was first."""
    first, second = (dump(proved(HURRIES, GIVES_UP, is_matrix=True)) for _ in range(2))

    assert first == second
    document = json.loads(first)
    assert document["counts"] == {"killed": 2, "doubted": 0, "survived": 0, "error": 0}
    assert [each["name"] for each in document["defects"]] == ["hurries", "gives-up"]
    assert document["catches"] == {"quiet": 0, "outage": 2}


@pytest.mark.parametrize("is_terminal", [False, True], ids=["pipe", "terminal"])
def test_report_tells_each_fate_as_it_is_known(*, is_terminal: bool) -> None:
    """One line for each defect; a terminal has a bar below them, a pipe has not."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=is_terminal, width=120)

    with ProofReport(console, defects=1) as report:
        report.on_case(proved(GIVES_UP).cases[0])

    assert "gives-up" in written.getvalue()
    assert ("planted defects" in written.getvalue()) is is_terminal


def shown(proof: Proof) -> str:
    """What the report says at the end, without colours."""
    written = io.StringIO()
    ProofReport(Console(file=written, width=120), defects=len(proof.defects)).on_end(proof)
    return written.getvalue()
