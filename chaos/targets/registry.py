"""From the ``target:`` of a scenario to a class."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from typing import TypeVar

from chaos.errors import TargetError
from chaos.extensions import ExtensionKind, announced, bring, found, on_forget
from chaos.ports import Promises, Target, Vocabulary
from chaos.processes.importing import load
from chaos.simulation.tasks.baton import is_in_a_run
from chaos.targets.sayings import check_modes, check_promises

T = TypeVar("T")


def known_targets() -> tuple[str, ...]:
    """The names of the targets that packages announce, and of those in plug-ins of the project.

    Raises:
        ExtensionError: Two packages announce one name, or a plug-in is not as it should be.
    """
    return tuple(sorted({*announced(ExtensionKind.TARGET), *found(ExtensionKind.TARGET)}))


@cache
def find_target(name: str) -> type[Target]:
    """The class behind a name, or behind ``package.module:Class``.

    Raises:
        TargetError: There is no such target, or it is not a whole one. The message says what is
            known, or what the class lacks.
    """
    target = _load(name) if ":" in name else _known(name)
    if not (isinstance(target, type) and issubclass(target, Target)):
        what, fix = repr(target), "derive your class from it"
        if isinstance(target, Target):
            what = f"a {type(target).__name__} that is made already"
            fix = f"name its class, {type(target).__name__}"
        raise TargetError(
            f"target {name!r} is {what}; expected a subclass of chaos.ports.Target; {fix}"
        )
    if inspect.isabstract(target):
        missing = ", ".join(sorted(target.__abstractmethods__))
        raise TargetError(
            f"target {name!r} is incomplete; expected it to define: {missing}; add what is missing"
        )
    _check_words(name, target)
    return target


on_forget(find_target.cache_clear)


def _known(name: str) -> object:
    """The target of this name, of a package or of a plug-in."""
    points, named = announced(ExtensionKind.TARGET), found(ExtensionKind.TARGET)
    if name not in points:
        if name in named:
            return named[name]
        known = known_targets()
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "write package.module:Class for your own"
        raise TargetError(f"unknown target {name!r}; expected one of: {', '.join(known)}; {hint}")
    target = _load(points[name].value)
    if named.get(name, target) is not target:
        raise TargetError(
            f"target {name!r} is in a package, as {points[name].value!r}, and another is in a "
            "plug-in of this project; expected a name of its own; rename one"
        )
    return target


def vocabulary_of(name: str) -> Vocabulary:
    """The words a target adds to the scenario language.

    A target in a package may keep them in a module ``words`` beside its own, by the name of its
    class: ``VOCABULARIES = {"MyTarget": Vocabulary(...)}``. Then files are read without importing
    the target, the service and its SDKs.

    Raises:
        TargetError: There is no such target; see `find_target`.
    """
    words = _words_beside(name)
    if words is None:
        return find_target(name).vocabulary()
    bring(words.brings, f"target {name!r}")
    return words


@cache
def _words_beside(name: str) -> Vocabulary | None:
    """What a module ``words`` in the package of the target says of it."""
    reference = name if ":" in name else _announced_as(name)
    module, _, its_class = reference.partition(":")
    package, _, _ = module.rpartition(".")
    if not package or not all(map(_is_there, (package, module, f"{package}.words"))):
        return None
    words = _load(f"{package}.words")
    found = getattr(words, "VOCABULARIES", {}).get(its_class)
    return found if isinstance(found, Vocabulary) else None


on_forget(_words_beside.cache_clear)


def _announced_as(name: str) -> str:
    """Where the target of a package is; empty if that is to be found out by `find_target`."""
    points = announced(ExtensionKind.TARGET)
    return points[name].value if name in points and name not in found(ExtensionKind.TARGET) else ""


def _is_there(module: str) -> bool:
    """Whether there is such a module; of what is in the way, `find_target` tells."""
    try:
        return find_spec(module) is not None
    except (ImportError, AttributeError, ValueError):
        return False


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
                "expected it to load what all runs share; fix it, or leave it out"
            ) from error


def _load(reference: str) -> object:
    told = f"target {reference!r}"
    return load(reference, told=told, error=TargetError, may_ask=is_in_a_run())


def _check_words(name: str, found: type[Target]) -> None:
    """Raise what is wrong with that part of a target that is asked before anything is played."""
    words = _told(name, "vocabulary", found.vocabulary, Vocabulary)
    check_modes(f"target {name!r}", words)
    promises = _told(name, "promises", lambda: found.promises(words.typed({})), Promises)
    check_promises(f"target {name!r}", promises, words.upstreams)
    if missing := [each.__name__ for each in found.brings if each not in words.brings]:
        raise TargetError(
            f"target {name!r}: 'brings' has {', '.join(missing)}, and vocabulary() has not; "
            "expected the same in both; give its Vocabulary brings=cls.brings"
        )
    bring(words.brings, f"target {name!r}")


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
            f"chaos.ports.{kind.__name__}; return one, from a classmethod that is not a coroutine"
        )
    return said
