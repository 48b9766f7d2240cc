"""Mutants that change nothing: named once, by what they change, and never silently out of date."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from chaos.errors import ChaosError
from chaos.prove.mutants.campaign import all_mutants
from chaos.prove.mutants.operators import Mutant, mutants_of
from chaos.prove.mutants.reviewed import Equivalent, equivalents_of, without
from defects.equivalent import EQUIVALENT

CODE = """\
LIMIT = 7

def first(n):
    return n < 3

def second(n):
    return n < 3
"""

SEEN = Equivalent(
    module="shop",
    function="second",
    was="n < 3",
    becomes="n <= 3",
    because="Nobody asks for exactly three.",
)


def mutants(folder: Path, code: str = CODE) -> list[Mutant]:
    """Every mutant of a module with this code."""
    path = folder / "shop.py"
    path.write_text(code, encoding="utf-8")
    return mutants_of(code, "shop", str(path))


def test_reviewed_mutant_is_taken_out_alone(tmp_path: Path) -> None:
    """The same change in another function is another mutant."""
    every = mutants(tmp_path)

    left = without(every, [SEEN])

    (gone,) = [mutant for mutant in every if mutant not in left]
    assert (gone.line, gone.was, gone.becomes) == (7, "n < 3", "n <= 3")


def test_reviewed_mutant_is_found_after_an_edit_above_it(tmp_path: Path) -> None:
    """Lines move with every edit; what was reviewed has not changed."""
    every = mutants(tmp_path, f"import os\n\n\n{CODE}")

    assert len(without(every, [SEEN])) == len(every) - 1


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        (replace(SEEN, function="third"), 0),
        (replace(SEEN, was="n < 4"), 0),
        (replace(SEEN, module="market"), 0),
    ],
    ids=["function", "code", "module"],
)
def test_stale_entry_is_an_error(tmp_path: Path, entry: Equivalent, fits: int) -> None:
    """Whatever it stood for is gone, and nobody has looked at what is there instead."""
    with pytest.raises(ChaosError, match=f"matches {fits} mutants.*review them again"):
        without(mutants(tmp_path), [entry])


def test_entry_that_fits_several_is_an_error(tmp_path: Path) -> None:
    """Only one of them was looked at."""
    twice = "def second(n):\n    return n < 3 or (n - 1) < 3 or n < 3\n"

    with pytest.raises(ChaosError, match="matches 2 mutants"):
        without(mutants(tmp_path, twice), [SEEN])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([SEEN], "EQUIVALENT of seen is not what is expected: a tuple"),
        ((replace(SEEN, because=" "),), "shop:second: n < 3 -> n <= 3 has no reason"),
    ],
    ids=["list", "no reason"],
)
def test_list_that_is_none_is_an_error(
    monkeypatch: pytest.MonkeyPatch, said: object, message: str
) -> None:
    """With what was expected."""
    module = ModuleType("seen")
    vars(module)["EQUIVALENT"] = said
    monkeypatch.setitem(sys.modules, "seen", module)

    with pytest.raises(ChaosError, match=message):
        equivalents_of("seen")


def test_target_without_defects_has_reviewed_nothing() -> None:
    """Nor has one whose defects are all there is."""
    assert equivalents_of(None) == ()
    assert equivalents_of("tests.chaos.prove.shop") == ()


def test_what_was_reviewed_of_the_helpdesk_is_still_there() -> None:
    """Each entry stands for one mutant of the service as it is."""
    every = all_mutants(("helpdesk",))

    assert len(without(every, equivalents_of("defects"))) == len(every) - len(EQUIVALENT)
