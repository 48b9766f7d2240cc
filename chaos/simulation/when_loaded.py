"""Does something to a module as soon as it is loaded, whenever that is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

Then = Callable[[ModuleType], object]


@contextmanager
def when_loaded(wanted: Mapping[str, Then]) -> Iterator[None]:
    """Call each function with its module: now, or when somebody imports it.

    Example:
        >>> with when_loaded({"json.tool": lambda module: print("loaded:", module.__name__)}):
        ...     sys.modules.pop("json.tool", None) and None
        ...     import json.tool
        loaded: json.tool
    """
    for name, then in wanted.items():
        if (module := sys.modules.get(name)) is not None:
            then(module)
    finder = _Finder(wanted)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    def __init__(self, wanted: Mapping[str, Then]) -> None:
        self._wanted = wanted

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        then = self._wanted.get(fullname)
        spec = None if then is None else PathFinder.find_spec(fullname, path, target)
        if then is None or spec is None or spec.loader is None:
            return None
        spec.loader = _Loader(spec.loader, then)
        return spec


class _Loader(Loader):
    """The real loader, and then the function."""

    def __init__(self, real: Loader, then: Then) -> None:
        self._real = real
        self._then = then

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        return getattr(self._real, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        self._real.exec_module(module)
        self._then(module)
