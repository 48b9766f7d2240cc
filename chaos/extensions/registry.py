"""What comes with the harness and what was added, as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

from chaos.extensions.caching import remembered
from chaos.extensions.finding import beside, found
from chaos.extensions.kinds import ExtensionKind

T = TypeVar("T")

_JUDGING = (ExtensionKind.FAULT, ExtensionKind.EXPECTATION, ExtensionKind.LAW)
"""What every scenario may meet."""

_registries: list[Registry[Any]] = []
"""All of them, so that names that are taken are found before anything is played."""


class Registry(Mapping[str, T]):
    """What comes with the harness, by name, and after that what was added.

    Args:
        kind: What can be added.
        shipped: What comes along.
        part: What of an extension is wanted; by default itself.

    Example:
        >>> Registry(ExtensionKind.LAW, {"shipped": int})["shipped"]
        <class 'int'>
    """

    def __init__(
        self,
        kind: ExtensionKind,
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
        >>> list(Listed(Registry(ExtensionKind.LAW, {"shipped": int})))
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


def registries() -> Sequence[Registry[Any]]:
    """One for each kind, as far as its module was imported."""
    return tuple(_registries)


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
