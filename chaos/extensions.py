"""What others add to the harness: faults, laws and the like, all found in one way.

A package announces them as entry points, in a group for each kind. The project in which chaos runs
may also name modules of its own in its ``pyproject.toml``; what they define is added, unless its
name begins with an underscore::

    [tool.chaos]
    plugins = ["my_service.faults"]

What is added has the standing of what comes along. So nothing is passed over: what cannot be
imported, is not whole or takes a name that is taken is an error that names it.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import sys
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, cast, overload

from chaos import inputs
from chaos.errors import ChaosError
from chaos.processes.importing import load as import_

T = TypeVar("T")
P = ParamSpec("P")


class ExtensionError(ChaosError):
    """Something that was added to the harness is not as it should be; the message names it."""


class MisfitError(Exception):
    """Why something cannot be added.

    Args:
        wrong: What is wrong, as a sentence about it.
        expected: What was expected instead.
        fix: What to do.
    """

    def __init__(self, wrong: str, expected: str, fix: str) -> None:
        super().__init__(f"{wrong}; expected {expected}; {fix}")


class Kind(Enum):
    """What can be added; the value is the last word of its entry-point group."""

    TARGET = "targets"
    UPSTREAM = "upstreams"
    FAULT = "faults"
    LAW = "laws"
    EXPECTATION = "expectations"
    TIER = "tiers"
    FORMAT = "reports"

    @property
    def group(self) -> str:
        """The entry-point group in which packages announce it.

        Example:
            >>> Kind.FORMAT.group, Kind.FORMAT.word
            ('chaos.reports', 'report format')
        """
        return f"chaos.{self.value}"

    @property
    def word(self) -> str:
        """What a message calls one."""
        return "report format" if self is Kind.FORMAT else self.name.lower()


_JUDGING = (Kind.FAULT, Kind.EXPECTATION, Kind.LAW)
"""What every scenario may meet."""


class Extension:
    """Base of everything that can be added: of the classes, or of the values, of a kind."""

    extends: ClassVar[Kind]
    """Which kind it is; set by the base class of the kind."""

    @classmethod
    def check_extension(cls) -> None:
        """Whether it is whole.

        Raises:
            MisfitError: It is not.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """An extension, and how it came here: its reference, and who names it."""

    thing: Any
    reference: str
    by: str

    @property
    def told(self) -> str:
        return f"{self.thing.extends.word} {self.reference!r}, named by {self.by}"


@contextmanager
def blaming(extension: type[Extension], what: str) -> Iterator[None]:
    """Name the extension if the block fails, which calls it.

    Args:
        extension: Whose code is called.
        what: What it cannot be then, as in "cannot be made".

    Raises:
        ExtensionError: The block raised something that is not meant for people.
    """
    try:
        yield
    except ChaosError:
        raise
    except Exception as error:
        raise ExtensionError(
            f"{extension.extends.word} '{extension.__module__}:{extension.__qualname__}' cannot "
            f"be {what}: {type(error).__name__}: {error}; expected no error; mend it"
        ) from error


_forgets: list[Callable[[], None]] = []


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """Compute what depends on extensions once for each set of arguments, until `forget`."""
    cached = functools.cache(function)
    on_forget(cached.cache_clear)
    return cast("Callable[P, T]", cached)


def on_forget(clear: Callable[[], None]) -> None:
    """Have something cleared whenever extensions are forgotten."""
    _forgets.append(clear)


def forget() -> None:
    """Look for extensions anew when they are asked for next: for tests, and in another folder."""
    for each in _forgets:
        each()


def load() -> None:
    """Import what runs may meet, now: in the simulated world it would be too late.

    Raises:
        ExtensionError: Something of it is not as it should be.
    """
    for kind in _JUDGING:
        found(kind)
    for registry in _registries:
        if registry.kind in _JUDGING:
            len(registry)


@remembered
def found(kind: Kind) -> Mapping[str, Any]:
    """Everything of a kind that was added, by name, in order of name.

    Of targets only those of the modules that a project names: packages have theirs imported when
    one is asked for, because a service takes long to import.

    Raises:
        ExtensionError: Something is not as it should be.
    """
    return {name: each.thing for name, each in _by_name(kind).items()}


@remembered
def _by_name(kind: Kind) -> Mapping[str, _Found]:
    candidates = [each for each in _of_modules() if each.thing.extends is kind]
    if kind is not Kind.TARGET and not _Reading.nothing:
        candidates += [_announced(point, kind) for point in announced(kind).values()]
    by_name: dict[str, _Found] = {}
    for each in candidates:
        other = by_name.setdefault(each.thing.name, each)
        if other.thing is not each.thing:
            raise ExtensionError(
                f"{each.told}, is called {each.thing.name!r}, and so is {other.reference!r}, "
                f"named by {other.by}; expected a name of its own; rename one, or remove it"
            )
    return {name: by_name[name] for name in sorted(by_name)}


def beside(kind: Kind, shipped: Collection[str]) -> Mapping[str, Any]:
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


@remembered
def announced(kind: Kind) -> Mapping[str, EntryPoint]:
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


def are_unread(kind: Kind) -> bool:
    """Whether there may be more of a kind than is found, because nothing may be imported."""
    return _Reading.nothing and bool(announced(kind) or _named())


_registries: list[Registry[Any]] = []
"""All of them, so that names that are taken are found before anything is played."""


class Registry(Mapping[str, T]):
    """What comes with the harness, by name, and after that what was added.

    Args:
        kind: What can be added.
        shipped: What comes along.
        part: What of an extension is wanted; by default itself.

    Example:
        >>> Registry(Kind.LAW, {"shipped": int})["shipped"]
        <class 'int'>
    """

    def __init__(
        self,
        kind: Kind,
        shipped: Mapping[str, T],
        part: Callable[[Any], T] = lambda extension: extension,
    ) -> None:
        self.kind = kind
        self._part = part
        self.shipped = shipped
        self._all = remembered(self._read)
        _registries.append(self)

    def __getitem__(self, name: str) -> T:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _read(self) -> Mapping[str, T]:
        added = beside(self.kind, self.shipped)
        return {**self.shipped, **{name: self._part(each) for name, each in added.items()}}


class Listed(Sequence[T], Generic[T]):
    """The values of a registry, in its order.

    Example:
        >>> list(Listed(Registry(Kind.LAW, {"shipped": int})))
        [<class 'int'>]
    """

    def __init__(self, registry: Mapping[str, T]) -> None:
        self._registry = registry

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        return tuple(self._registry.values())[place]

    def __len__(self) -> int:
        return len(self._registry)


def project_folder() -> Path | None:
    """The folder of the ``pyproject.toml`` that speaks of chaos: the nearest, from here upwards.

    Raises:
        ExtensionError: One on the way cannot be read.
    """
    settings = _settings()
    return settings[0].parent if settings else None


def _of_modules() -> Sequence[_Found]:
    return () if _Reading.nothing else _read_modules()


@remembered
def _read_modules() -> Sequence[_Found]:
    """What the modules define that the project names, in order of the names of the modules."""
    collected: list[_Found] = []
    for name in sorted(_named()):
        settings = _settings()
        assert settings is not None, "somebody has named it"
        file, _ = settings
        told = f"plug-in {name!r}, named by {_place(file, name)}"
        with importable(file.parent):
            module = import_(name, told=told, error=ExtensionError)
        defined = [
            _Found(thing=thing, reference=f"{name}:{key}", by=_place(file, name))
            for key, thing in vars(module).items()
            if not key.startswith("_") and _is_defined_in(name, thing)
        ]
        if not defined:
            words = ", ".join(kind.word for kind in Kind)
            raise ExtensionError(
                f"{told} defines nothing that can be added; expected at least one of: {words}; "
                "name the module that defines it, or remove the name"
            )
        for each in defined:
            if not _is_a_base(each.thing, defined):
                _check(each)
                collected.append(each)
    return collected


def _is_defined_in(module: str, thing: object) -> bool:
    """Whether it is an extension of this module, or of one inside it, and not only imported."""
    if not isinstance(thing, type):
        return isinstance(thing, Extension)
    home = thing.__module__
    return issubclass(thing, Extension) and (home == module or home.startswith(f"{module}."))


def _is_a_base(thing: object, others: Sequence[_Found]) -> bool:
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


def _announced(point: EntryPoint, kind: Kind) -> _Found:
    by = _package(point)
    told = f"{kind.word} {point.value!r}, named by {by}"
    thing = import_(point.value, told=told, error=ExtensionError)
    if not (isinstance(thing, Extension) or _is_extension_class(thing)) or thing.extends != kind:
        raise ExtensionError(
            f"{told}, is {thing!r}; expected a {kind.word}, as the group {kind.group!r} says; "
            "correct the entry point"
        )
    found_so = _Found(thing=thing, reference=point.value, by=by)
    _check(found_so)
    return found_so


def _is_extension_class(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Extension)


def _check(each: _Found) -> None:
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


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported in the block."""
    added = str(folder) not in sys.path
    if added:
        sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if added:
            sys.path.remove(str(folder))


def _named() -> Sequence[str]:
    settings = _settings()
    return settings[1] if settings else ()


@remembered
def _settings() -> tuple[Path, Sequence[str]] | None:
    """The ``pyproject.toml`` that speaks of chaos, and the modules that it names."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if inputs.look(file) is inputs.Place.FILE and (said := _table(file)) is not None:
            return file, _plugins(file, said)
    return None


def _table(file: Path) -> object | None:
    try:
        project = tomllib.loads(inputs.read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise ExtensionError(
            f"{_shown(file)} is not TOML: {error}; expected a pyproject.toml, in which plug-ins "
            "may be named; correct it"
        ) from None
    tool = project.get("tool")
    return tool.get("chaos") if isinstance(tool, dict) else None


def _plugins(file: Path, said: object) -> Sequence[str]:
    if not isinstance(said, dict):
        raise ExtensionError(
            f"{_place(file, 'chaos')}: 'tool.chaos' is {said!r}; expected a table; write for "
            'example [tool.chaos] and below it plugins = ["my_service.faults"]'
        )
    for key in said:
        if key != "plugins":
            near = difflib.get_close_matches(key, ["plugins"], n=1, cutoff=0.5)
            fix = "did you mean 'plugins'?" if near else "remove it"
            raise ExtensionError(
                f"{_place(file, key)}: unknown key {key!r} in [tool.chaos]; expected one of: "
                f"plugins; {fix}"
            )
    plugins = said.get("plugins", [])
    if not isinstance(plugins, list) or not all(_is_module(each) for each in plugins):
        raise ExtensionError(
            f"{_place(file, 'plugins')}: 'plugins' is {plugins!r}; expected a list of modules; "
            'write for example plugins = ["my_service.faults"]'
        )
    return tuple(dict.fromkeys(plugins))


def _is_module(name: object) -> bool:
    return isinstance(name, str) and all(part.isidentifier() for part in name.split("."))


def _place(file: Path, word: str) -> str:
    """The line of a file where a word stands first."""
    lines = inputs.read_text(file).splitlines()
    line = next((number for number, text in enumerate(lines, start=1) if word in text), 1)
    return f"{_shown(file)}:{line}"


def _shown(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
