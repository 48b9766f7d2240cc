"""Mutants that a person has looked at, and that change nothing that anybody could notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import ChaosError
from chaos.processes.importing import load
from chaos.prove.mutants.operators import Mutant
from chaos.prove.mutants.reach import functions
from chaos.scenario.reasons import A_REASON, is_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """A change that makes no difference, and why.

    It is found by what it changes, not by its line, so that it survives an edit above it.

    Attributes:
        module: Its dotted name.
        function: The function in which it is; empty for what an import runs.
        was: The code as it is, in the words of `chaos prove --mutants`.
        becomes: The code instead.
        because: Why nobody could notice, in a sentence.
    """

    module: str
    function: str
    was: str
    becomes: str
    because: str

    def __str__(self) -> str:
        place = f"{self.module}:{self.function}" if self.function else self.module
        return f"{place}: {self.was} -> {self.becomes}"


def equivalents_of(catalogue: str | None) -> tuple[Equivalent, ...]:
    """The tuple ``EQUIVALENT`` of a module with planted defects; empty if it has none.

    Args:
        catalogue: Its name, as in ``Target.defects``.

    Raises:
        ChaosError: It is no such tuple, or an entry does not say why.
    """
    if catalogue is None:
        return ()
    found = getattr(load(catalogue, told="the reviewed mutants"), "EQUIVALENT", ())
    if not isinstance(found, tuple) or not all(isinstance(each, Equivalent) for each in found):
        raise ChaosError(
            f"EQUIVALENT of {catalogue} is not what is expected: a tuple of "
            "chaos.prove.mutants.reviewed.Equivalent; write EQUIVALENT = (Equivalent(...),)"
        )
    for each in found:
        if not is_reason(each.because):
            raise ChaosError(
                f"{catalogue}: {each} has no reason; expected {A_REASON}; write in 'because' why "
                "it changes nothing"
            )
    return found


def without(mutants: Sequence[Mutant], reviewed: Sequence[Equivalent]) -> list[Mutant]:
    """The mutants that nobody has found to change nothing.

    Raises:
        ChaosError: An entry fits no mutant any more, or several, so that nobody has looked at
            what it stands for.
    """
    around = {
        path: functions(Path(path).read_text(encoding="utf-8"))
        for path in {mutant.path for mutant in mutants}
    }
    left = list(mutants)
    wrong = []
    for each in reviewed:
        fits = [
            mutant
            for mutant in left
            if (each.module, each.was, each.becomes) == (mutant.module, mutant.was, mutant.becomes)
            and each.function == _name(around[mutant.path](mutant.statement))
        ]
        if len(fits) == 1:
            left.remove(fits[0])
        else:
            wrong.append(f"{each} matches {len(fits)} mutants")
    if wrong:
        raise ChaosError(
            "the reviewed mutants do not match the service: "
            + "; ".join(wrong)
            + (
                "; expected one mutant for each entry of EQUIVALENT; review them again, or remove "
                "them"
            )
        )
    return left


def _name(function: str | None) -> str:
    """The name of a function, of which `functions` also knows the line."""
    return (function or "").partition(":")[0]
