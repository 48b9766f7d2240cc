"""Edits: in force for as long as they last, loud where they do not fit, and gone without trace."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from chaos.defects.defect import Defect, DefectError, Edit
from chaos.defects.edits import Constant, Rewrite
from chaos.defects.rewriting import read_diff
from tests.chaos.prove import victim
from tests.chaos.prove.victim import Child, Purse, counter, doubled

VICTIM = "tests.chaos.prove.victim"


def test_rewrite_reaches_whoever_holds_the_function() -> None:
    """A name imported long before gets the mistake, and is well again afterwards."""
    mistake = Rewrite(
        f"{VICTIM}:doubled",
        """
        - result = number + number
        + result = number * number
        """,
    )

    with mistake.applied():
        assert doubled(5) == 25
        assert doubled.__doc__ == "Twice the number."

    assert doubled(5) == 10


def test_rewrite_replaces_several_blocks_of_lines() -> None:
    """Blocks of different length keep the margins of the source."""
    mistake = Rewrite(
        f"{VICTIM}:doubled",
        """
        - result = number + number
        + result = number
        + result -= 100
        - if result < 0:
        -     return -result
        + while result < 0:
        +     result += 7
        """,
    )

    with mistake.applied():
        assert doubled(5) == 3


@pytest.mark.parametrize(
    ("where", "diff", "seen", "wrong"),
    [
        ("Child.said", '- return f"{word}, child"\n+ return word', Child().said, "parent"),
        (
            "Child.loud",
            "- return self.said().upper()\n+ return self.said()",
            lambda: Child().loud,
            "parent, child",
        ),
        ("Child.fixed", "- return default\n+ return default + 1", Child.fixed, 4),
        ("Child.named", "- return cls.__name__\n+ return ''", Child.named, ""),
        ("counter", "- return number + step\n+ return step", lambda: counter(2)(5), 2),
    ],
    ids=["bare super()", "property", "static method", "class method", "inner function"],
)
def test_rewrite_knows_every_kind_of_function(
    where: str, diff: str, seen: object, wrong: object
) -> None:
    """Methods of all kinds, and what they close over, are rewritten and put back."""
    assert callable(seen)
    sound = seen()

    with Rewrite(f"{VICTIM}:{where}", diff).applied():
        assert seen() == wrong

    assert seen() == sound


def test_rewrite_does_not_care_what_private_names_are_called() -> None:
    """It may be another one, the same for the same; the new lines use it."""
    mistake = Rewrite(
        f"{VICTIM}:Purse",
        """
        = self._taken: list[int] = []
        - self._total += amount
        + self._total += amount * len(self._taken)
        """,
    )
    purse = Purse()

    with mistake.applied():
        purse.put(7)

    assert purse.total == 0


def test_rewrite_that_fits_two_private_names_is_an_error() -> None:
    """Of two places that differ in private names alone, neither is meant for certain."""
    mistake = Rewrite(f"{VICTIM}:Purse.clear", "- self._sum = 0\n+ pass")

    with pytest.raises(DefectError, match="2 times"), mistake.applied():
        pytest.fail("one of two was changed")


def test_new_line_with_a_private_name_that_nobody_knows_is_an_error() -> None:
    """What it is called in the service cannot be told; the message says how to tell it."""
    mistake = Rewrite(f"{VICTIM}:Purse.put", "- self._sum += amount\n+ self._taken = []")

    with pytest.raises(DefectError, match=r"that no old line has: _taken.*after '= '"):
        mistake.applied().__enter__()


@pytest.mark.parametrize(
    ("where", "diff", "message"),
    [
        ("doubled", "- result = number\n+ pass", "has these lines 0 times"),
        ("Child.said", "- return\n+ pass", "has these lines 0 times"),
        ("doubled", "- result = number + number\n+ result = (", "cannot be compiled"),
        ("doubled", "result = number", "cannot read 'result = number'"),
        ("doubled", "+ result = number", "cannot read"),
        ("Child.said", "- word = super().said()\n+ word = ''", "closing over the same names"),
        ("tripled", "- x\n+ y", "does not exist"),
        ("LIMIT", "- x\n+ y", "does not exist"),
        ("Nobody.said", "- x\n+ y", "does not exist"),
        ("", "- LIMIT = 3\n+ LIMIT = 4", "not in a function"),
        ("Child", "= return default", "nothing is replaced"),
    ],
    ids=[
        "line changed",
        "part of a line",
        "no Python",
        "no sign",
        "replaces nothing",
        "other names",
        "no such function",
        "no function",
        "no such class",
        "outside of functions",
        "only lines that stay",
    ],
)
def test_rewrite_that_does_not_fit_is_an_error(where: str, diff: str, message: str) -> None:
    """A defect that the service has grown away from says so, instead of changing nothing."""
    with pytest.raises(DefectError, match=message), Rewrite(f"{VICTIM}:{where}", diff).applied():
        pytest.fail("an edit that does not fit was applied")


def test_rewrite_of_a_line_that_is_there_twice_is_an_error() -> None:
    """Which of the two was meant nobody knows."""
    mistake = Rewrite("textwrap:TextWrapper._wrap_chunks", "- break\n+ pass")

    with pytest.raises(DefectError, match="times; expected once"), mistake.applied():
        pytest.fail("an ambiguous edit was applied")


def test_rewrite_of_a_file_that_has_changed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of a newer file say nothing about the function that is in memory."""
    file = tmp_path / "edited_meanwhile.py"
    file.write_text("def said():\n    return 'old'\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = import_module("edited_meanwhile")
    file.write_text("# A new line.\n\n\ndef said():\n    return 'new'\n")

    mistake = Rewrite("edited_meanwhile:said", "- return 'new'\n+ return 'wrong'")
    with pytest.raises(DefectError, match="the file has changed"), mistake.applied():
        pytest.fail("lines of another version were replaced")

    assert module.said() == "old"


def test_rewrite_shows_place_and_lines() -> None:
    """What a survivor's report shows is what would be read in a review."""
    assert str(Rewrite("a:b", "\n    - x = 1\n    + x = 2\n    ")) == "a:b\n  - x = 1\n  + x = 2"


def test_diff_groups_lines_into_blocks() -> None:
    """A new block starts where lines to go follow new ones."""
    hunks = read_diff("- a\n- b\n+ c\n- d\n+ e\n+ f")

    assert [(hunk.was, hunk.becomes) for hunk in hunks] == [
        (("a", "b"), ("c",)),
        (("d",), ("e", "f")),
    ]


def test_constant_is_replaced_and_put_back() -> None:
    """A module's constant has its other value only within the context."""
    with Constant(f"{VICTIM}:LIMIT", 4).applied():
        assert victim.LIMIT == 4

    assert victim.LIMIT == 3


@pytest.mark.parametrize(
    ("where", "becomes", "message"),
    [
        ("LIMIT", 3, "is 3 already"),
        ("LIMITS", 3, "is missing"),
        ("Nobody.LIMIT", 3, "does not exist"),
    ],
    ids=["same value", "no such name", "no such class"],
)
def test_constant_that_does_not_fit_is_an_error(where: str, becomes: int, message: str) -> None:
    """An edit that would change nothing is refused."""
    with (
        pytest.raises(DefectError, match=message),
        Constant(f"{VICTIM}:{where}", becomes).applied(),
    ):
        pytest.fail("an edit that does not fit was applied")


def test_defect_that_fits_in_part_changes_nothing() -> None:
    """If the second edit does not fit, the first is taken back."""
    edits: tuple[Edit, ...] = (
        Rewrite(f"{VICTIM}:doubled", "- return result\n+ return 0"),
        Constant(f"{VICTIM}:LIMITS", 4),
    )

    with pytest.raises(DefectError), Defect(name="half", doc="", edits=edits).planted():
        pytest.fail("half a defect was planted")

    assert doubled(1) == 2
