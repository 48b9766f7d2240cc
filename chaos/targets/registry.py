"""From the ``target:`` of a scenario to a class."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import TypeVar

from chaos.errors import TargetError
from chaos.ports import Promises, Target, Vocabulary
from chaos.processes.importing import load
from chaos.simulation.tasks.baton import is_in_a_run

T = TypeVar("T")

GROUP = "chaos.targets"
"""The entry-point group in which packages announce their targets."""


@cache
def find_target(name: str) -> type[Target]:
    """The class behind a name, or behind ``package.module:Class``.

    Raises:
        TargetError: There is no such target, or it is not a whole one. The message says what is
            known, or what the class lacks.
    """
    known = {point.name: point for point in entry_points(group=GROUP)}
    if name in known:
        found = _load(known[name].value)
    elif ":" in name:
        found = _load(name)
    else:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "write package.module:Class for your own"
        raise TargetError(
            f"unknown target {name!r}; expected one of: {', '.join(sorted(known))}; {hint}"
        )
    if not (isinstance(found, type) and issubclass(found, Target)):
        raise TargetError(
            f"target {name!r} is {found!r}; expected a subclass of chaos.ports.Target; "
            "derive your class from it"
        )
    if inspect.isabstract(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise TargetError(
            f"target {name!r} is incomplete; expected it to define: {missing}; add what is missing"
        )
    _check_words(name, found)
    return found


def vocabulary_of(name: str) -> Vocabulary:
    """The words a target adds to the scenario language.

    Raises:
        TargetError: There is no such target; see `find_target`.
    """
    return find_target(name).vocabulary()


def warm_up(targets: Iterable[type[Target]]) -> None:
    """Have each of them load what takes long and never changes.

    Raises:
        TargetError: One cannot.
    """
    for target in dict.fromkeys(targets):
        try:
            target.warm_up()
        except Exception as error:
            raise TargetError(
                f"target {target.name!r}: warm_up failed: {type(error).__name__}: {error}; "
                "expected it to load what all runs share; mend it, or leave it out"
            ) from error


def _load(reference: str) -> object:
    told = f"target {reference!r}"
    return load(reference, told=told, error=TargetError, may_ask=is_in_a_run())


def _check_words(name: str, found: type[Target]) -> None:
    """Raise what is wrong with that part of a target that is asked before anything is played."""
    words = _told(name, "vocabulary", found.vocabulary, Vocabulary)
    _told(name, "promises", lambda: found.promises(words.typed({})), Promises)


def _told(name: str, method: str, tell: Callable[[], object], kind: type[T]) -> T:
    try:
        said = tell()
    except Exception as error:
        raise TargetError(
            f"target {name!r}: {method}() failed: {type(error).__name__}: {error}; expected "
            f"a chaos.ports.{kind.__name__}; it must need nothing that `build` makes"
        ) from error
    if not isinstance(said, kind):
        raise TargetError(
            f"target {name!r}: {method}() gives {type(said).__name__}; expected a "
            f"chaos.ports.{kind.__name__}; return one, from a classmethod that is no coroutine"
        )
    return said
