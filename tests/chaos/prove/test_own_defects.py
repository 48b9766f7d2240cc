"""The proof is put to the proof: each of its parts is broken, and a check of it notices.

A harness that judges others must not be the one thing that nobody tests with mistakes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.compare.baseline import Baseline, Comparison
from chaos.compare.changes import Trend
from chaos.compare.recorded import BaselineEntry
from chaos.defects.edits import Rewrite
from chaos.prove.mutants.operators import mutants_of
from chaos.verdict import Outcome
from tests.chaos.compare import test_baseline as baselines
from tests.chaos.prove import test_edits as edits
from tests.chaos.prove import test_mutants as mutants
from tests.chaos.prove import test_proof as proofs
from tests.chaos.reports import examples

CHANGES, RECORDED, BASELINE = (
    f"chaos.compare.{name}" for name in ("changes", "recorded", "baseline")
)
GATE, PROOF, LIFE = "chaos.prove.gate", "chaos.prove.proof", "chaos.runner.life"
OPERATORS, REACH = "chaos.prove.mutants.operators", "chaos.prove.mutants.reach"


def effort() -> None:
    """Less effort with fewer good answers is worse."""
    baselines.test_less_effort_is_better_only_if_nothing_is_left_undone(1.0, 0.5, Trend.WORSE)


def undone() -> None:
    """Less effort is not better where not every answer was the best."""
    baselines.test_less_effort_is_better_only_if_nothing_is_left_undone(0.5, 0.5, Trend.DIFFERENT)


def direction() -> None:
    """More calls are worse."""
    baselines.test_change_is_for_better_or_worse("calls.openai", 3, 4, Trend.WORSE)


def edited_by_hand() -> None:
    """A number that was typed is refused."""
    text = baselines.edited("scenarios/calm/waits", 7)
    baselines.test_damaged_baseline_is_told_with_its_place(text, "checksum of 'calm'")


def text_for_a_number() -> None:
    """A number written as a text is refused as such."""
    text = baselines.edited("scenarios/calm/waits", "two")
    baselines.test_damaged_baseline_is_told_with_its_place(text, 'waits is "two"')


def vanished() -> None:
    """A scenario whose file is gone is missed, wherever it was."""
    recorded = Baseline({"gone": BaselineEntry(path="no/such/file.yaml", measures={})})
    suite = examples.suite()
    assert recorded.compare(suite, [Path("elsewhere")]) == Comparison(missing=("gone",))


def unexercised() -> None:
    """A whole suite that never tested a law is inconclusive."""
    baselines.test_gate_wants_every_law_put_to_the_test_by_the_whole_suite(0, Outcome.INCONCLUSIVE)


def shut() -> None:
    """A change that is not better shuts the gate."""
    comparison = baselines.worse(Trend.DIFFERENT)
    assert not comparison.holds


def probes() -> None:
    """A probe stands in front of every statement of a function."""
    from chaos.prove.mutants.reach import probed  # noqa: PLC0415 - it is broken meanwhile

    assert ast.unparse(probed("def f():\n    return 1\n", "seen")).count("seen(") == 1


def handlers() -> None:
    """An error handler is taken out."""
    found = mutants_of("try:\n    f()\nexcept OSError:\n    g()\n", "m", "m.py")
    assert "handler" in {each.operator for each in found}


BROKEN: dict[str, tuple[str, str, Callable[[], None]]] = {
    "fewer good answers are no matter": (
        CHANGES,
        "- if measure.kind is MeasureKind.EFFORT and self.fewer_good:\n+ if False:",
        effort,
    ),
    "less effort is always better": (
        CHANGES,
        (
            "- is_undone = measure.kind is MeasureKind.EFFORT and not self.all_best\n"
            "+ is_undone = False"
        ),
        undone,
    ),
    "a failed run may be better": (
        CHANGES,
        (
            "- return Trend.DIFFERENT if is_undone or self.fewer_good or self.not_passed "
            "else direction\n"
            "+ return Trend.DIFFERENT if is_undone or self.fewer_good else direction"
        ),
        baselines.test_nothing_is_better_in_a_run_that_failed,
    ),
    "better and worse are exchanged": (
        CHANGES,
        (
            "- more_is_better = measure.better is Better.MORE\n"
            "+ more_is_better = measure.better is not Better.MORE"
        ),
        direction,
    ),
    "a merely different number shuts nothing": (
        BASELINE,
        (
            "- return [change for change in self.changes if change.trend is not Trend.BETTER]\n"
            "+ return [change for change in self.changes if change.trend is Trend.WORSE]"
        ),
        shut,
    ),
    "a vanished file is not missed": (
        BASELINE,
        (
            "- missing = unplayed & (self._below(paths) | self._gone()) - elsewhere\n"
            "+ missing = unplayed & self._below(paths) - elsewhere"
        ),
        vanished,
    ),
    "an idle law casts no doubt": (
        BASELINE,
        "- if suite.laws_not_exercised and not comparison.elsewhere:\n+ if False:",
        unexercised,
    ),
    "a checksum is not looked at": (
        RECORDED,
        "- if sealed != checksum(name, entry):\n+ if False:",
        edited_by_hand,
    ),
    "two entries may have one file": (
        RECORDED,
        (
            "- if (other := paths.setdefault(entry.path, name)) != name:\n"
            "+ if (other := paths.get(entry.path, name)) != name:"
        ),
        baselines.test_two_scenarios_of_one_file_are_a_mistake,
    ),
    "a text is a number": (
        RECORDED,
        '- return None if _is_number(value) else "a number from 0 on"\n+ return None',
        text_for_a_number,
    ),
    "inconclusive is killed": (
        GATE,
        (
            "- return Fate.KILLED if self.caught[0].outcome is Outcome.FAILED else Fate.DOUBTED\n"
            "+ return Fate.KILLED"
        ),
        proofs.test_case_prefers_failures_to_doubts,
    ),
    "a survivor is no failure of the proof": (
        PROOF,
        (
            "- return 0 if self.defects and len(self.of(Fate.KILLED)) == len(self.defects) "
            "else 1\n"
            "+ return 0"
        ),
        proofs.test_proof_of_nothing_fails,
    ),
    "a defect that fits twice is planted somewhere": (
        "chaos.defects.places",
        "- if len(found) != 1:\n+ if not found:",
        edits.test_rewrite_of_a_line_that_is_there_twice_is_an_error,
    ),
    "nothing is probed": (
        REACH,
        "- if self._depth and isinstance(body, list):\n+ if False:",
        probes,
    ),
    "the mutant is the sound module": (
        OPERATORS,
        "- _Replace(change.node, change.instead).visit(tree)\n+ pass",
        mutants.test_mutant_is_the_module_with_one_change,
    ),
    "handlers are left alone": (
        OPERATORS,
        "- first = node.body[0]\n+ return",
        handlers,
    ),
}


@pytest.mark.parametrize(("where", "diff", "notices"), BROKEN.values(), ids=[*BROKEN])
def test_broken_part_of_the_harness_is_noticed(
    where: str, diff: str, notices: Callable[[], None]
) -> None:
    """The check holds for the harness as it is, and fails once the part is broken."""
    notices()

    with Rewrite(where, diff).applied(), pytest.raises((Exception, pytest.fail.Exception)):
        notices()
