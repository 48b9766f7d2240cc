"""Finds what was added: what packages announce, and what modules of the project define."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chaos.extensions.caching import forget, on_forget, remembered
from chaos.extensions.kinds import Extension, ExtensionError, ExtensionKind, MisfitError
from chaos.extensions.project import importable, named_modules, place, plugin_settings
from chaos.processes.importing import load as import_

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An extension, and how it came here: its reference, and who names it."""

    thing: Any
    reference: str
    by: str

    @property
    def told(self) -> str:
        """The beginning of a message about it."""
        return f"{self.thing.extends.word} {self.reference!r}, named by {self.by}"


@remembered
def found(kind: ExtensionKind) -> Mapping[str, Any]:
    """Everything of a kind that was added, by name, in order of name.

    Of targets only those of the modules that a project names: packages have theirs imported when
    one is asked for, because a service takes long to import.

    Raises:
        ExtensionError: Something is not as it should be.
    """
    return {name: each.thing for name, each in _by_name(kind).items()}


@remembered
def _for_all(kind: ExtensionKind) -> Sequence[Found]:
    """What plug-ins of the project define, and packages announce."""
    candidates = [each for each in _of_modules() if each.thing.extends is kind]
    if kind is not ExtensionKind.TARGET and not _Reading.nothing:
        candidates += [announced_as(point, kind) for point in announced(kind).values()]
    return candidates


_brought: list[Found] = []
"""What targets have brought along; see `chaos.extensions.brought`."""

on_forget(_brought.clear)


@remembered
def only_brought(kind: ExtensionKind) -> Mapping[str, Any]:
    """What there is of a kind only because a target has brought it, by name."""
    for_all = [each.thing for each in _for_all(kind)]
    return {
        each.thing.name: each.thing
        for each in _brought
        if each.thing.extends is kind and each.thing not in for_all
    }


def bring(news: Sequence[Found]) -> None:
    """Add what a target brings along.

    Raises:
        ExtensionError: Something of it is not whole.
    """
    missing = [each for each in news if each.thing not in [other.thing for other in _brought]]
    for each in missing:
        _check(each)
    if missing:
        all_of_them = [*_brought, *missing]
        # What is remembered was found without them.
        forget()
        _brought.extend(all_of_them)


@remembered
def _by_name(kind: ExtensionKind) -> Mapping[str, Found]:
    candidates = [*_for_all(kind), *(each for each in _brought if each.thing.extends is kind)]
    by_name: dict[str, Found] = {}
    for each in candidates:
        other = by_name.setdefault(each.thing.name, each)
        if other.thing is not each.thing:
            raise ExtensionError(
                f"{each.told}, is called {each.thing.name!r}, and so is {other.reference!r}, "
                f"named by {other.by}; expected a name of its own; rename one, or remove it"
            )
    return {name: by_name[name] for name in sorted(by_name)}


def beside(kind: ExtensionKind, shipped: Collection[str]) -> Mapping[str, Any]:
    """As `found`, where names of what comes with the harness are taken.

    Raises:
        ExtensionError: Something is not as it should be, or has one of these names.
    """
    for name, each in _by_name(kind).items():
        if name in shipped:
            raise ExtensionError(
                f"{each.told}, is called {name!r}, and so is one that comes with the harness; "
                "expected a name of its own; rename it, or begin the name of its class with _ if "
                "it is not for others"
            )
    return found(kind)


def entry_points(*, group: str) -> EntryPoints:
    """As `importlib.metadata` has it, which is imported here: ``--help`` must not wait for it."""
    from importlib import metadata  # noqa: PLC0415 - see above

    return metadata.entry_points(group=group)


@remembered
def announced(kind: ExtensionKind) -> Mapping[str, EntryPoint]:
    """The entry points of a kind, by name; nothing is imported.

    Raises:
        ExtensionError: Two packages announce one name.
    """
    points: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=kind.group), key=lambda each: (each.name, each.value)):
        other = points.setdefault(point.name, point)
        if other.value != point.value:
            raise ExtensionError(
                f"{kind.word} {point.name!r} is announced twice: as {other.value!r}, by "
                f"{_package(other)}, and as {point.value!r}, by {_package(point)}; expected one; "
                "uninstall one of the packages"
            )
    return points


class _Reading:
    nothing = False
    """Whether nobody's code may be imported now."""


@contextmanager
def importing_nothing() -> Iterator[None]:
    """Nothing is found in the block: no code but that of the harness runs."""
    forget()
    _Reading.nothing = True
    try:
        yield
    finally:
        _Reading.nothing = False
        forget()


def are_unread(kind: ExtensionKind) -> bool:
    """Whether there may be more of a kind than is found, because nothing may be imported."""
    return _Reading.nothing and bool(announced(kind) or named_modules())


def _of_modules() -> Sequence[Found]:
    return () if _Reading.nothing else _read_modules()


@remembered
def _read_modules() -> Sequence[Found]:
    """What the modules define that the project names, in order of the names of the modules."""
    return [each for name in sorted(named_modules()) for each in read_module(name)]


def read_module(name: str) -> Iterator[Found]:
    """What a module defines that the project names.

    Raises:
        ExtensionError: It cannot be imported, or what it defines is not whole.
    """
    settings = plugin_settings()
    assert settings is not None, "somebody has named it"
    file, _ = settings
    told = f"plug-in {name!r}, named by {place(file, name)}"
    with importable(file.parent):
        module = import_(name, told=told, error=ExtensionError)
    defined = [
        Found(thing=thing, reference=f"{name}:{key}", by=place(file, name))
        for key, thing in vars(module).items()
        if not key.startswith("_") and _is_defined_in(name, thing)
    ]
    if not defined:
        words = ", ".join(kind.word for kind in ExtensionKind)
        raise ExtensionError(
            f"{told} defines nothing that can be added; expected at least one of: {words}; "
            "name the module that defines it, or remove the name"
        )
    for each in defined:
        if not _is_a_base(each.thing, defined):
            _check(each)
            yield each


def _is_defined_in(module: str, thing: object) -> bool:
    """Whether it is an extension of this module, or of one inside it, and not only imported."""
    if not isinstance(thing, type):
        return isinstance(thing, Extension)
    home = thing.__module__
    return issubclass(thing, Extension) and (home == module or home.startswith(f"{module}."))


def _is_a_base(thing: object, others: Sequence[Found]) -> bool:
    """Whether it is there for others of its module to derive from, and not whole itself."""
    if not isinstance(thing, type) or not issubclass(thing, Extension):
        return False
    classes = [each.thing for each in others if isinstance(each.thing, type)]
    if not any(each is not thing and issubclass(each, thing) for each in classes):
        return False
    try:
        thing.check_extension()
    except MisfitError:
        return True
    return inspect.isabstract(thing)


def announced_as(point: EntryPoint, kind: ExtensionKind) -> Found:
    """What an entry point announces.

    Raises:
        ExtensionError: It cannot be imported, or it is not whole, or of another kind.
    """
    by = _package(point)
    told = f"{kind.word} {point.value!r}, named by {by}"
    thing = import_(point.value, told=told, error=ExtensionError)
    if not (isinstance(thing, Extension) or _is_extension_class(thing)) or thing.extends != kind:
        raise ExtensionError(
            f"{told}, is {thing!r}; expected a {kind.word}, as the group {kind.group!r} says; "
            "correct the entry point"
        )
    found_so = Found(thing=thing, reference=point.value, by=by)
    _check(found_so)
    return found_so


def _is_extension_class(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Extension)


def _check(each: Found) -> None:
    try:
        _check_is_whole(each.thing)
    except MisfitError as misfit:
        raise ExtensionError(f"{each.told}, {misfit}") from None


def _check_is_whole(thing: Any) -> None:  # noqa: ANN401 - an extension
    if inspect.isabstract(thing):
        missing = ", ".join(sorted(thing.__abstractmethods__))
        raise MisfitError("is incomplete", f"it to define: {missing}", "add what is missing")
    thing.check_extension()
    if not isinstance(getattr(thing, "name", None), str):
        raise MisfitError("has no 'name'", "the word that it is found by", "give it a name")


def _package(point: EntryPoint) -> str:
    distribution = getattr(point, "dist", None)
    return f"package {distribution.name!r}" if distribution is not None else "a package"
