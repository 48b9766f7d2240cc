"""Importing a service anew with some of its modules changed.

Everything that knows the service is forgotten first: the modules of the service, and those that
hold something of it. So a changed default, constant or decorator is as changed as any other line.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import CodeType, ModuleType

from chaos.targets.registry import find_target

Change = Callable[[str], ast.Module]
"""The text of a module to the syntax tree to run instead."""


def modules_of(service: Sequence[str]) -> dict[str, Path]:
    """The files of the modules that a service is made of, by their names; none is imported."""
    found: dict[str, Path] = {}
    for name in service:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        found[name] = Path(spec.origin)
        for path in spec.submodule_search_locations or ():
            found |= dict(_below(Path(path), name))
    return {name: path for name, path in sorted(found.items()) if path.suffix == ".py"}


def _below(folder: Path, package: str) -> Iterator[tuple[str, Path]]:
    for info in pkgutil.iter_modules([str(folder)]):
        name = f"{package}.{info.name}"
        path = folder / info.name
        if info.ispkg:
            yield name, path / "__init__.py"
            yield from _below(path, name)
        else:
            yield name, path.with_suffix(".py")


@contextmanager
def imported_anew(service: Sequence[str], changes: Mapping[str, Change]) -> Iterator[None]:
    """Forget a service, so that it is imported with these changes; afterwards, forget that.

    Args:
        service: Packages and modules that it is made of.
        changes: What to run in the place of a module, by its name.
    """
    known = {name: sys.modules[name] for name in _that_know(service)}
    finder = _Changing(changes)
    for name in known:
        del sys.modules[name]
    find_target.cache_clear()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in _that_know(service):
            del sys.modules[name]
        sys.modules.update(known)
        for name, module in known.items():
            _tell_parent(name, module)
        find_target.cache_clear()


class _Changing(MetaPathFinder):
    def __init__(self, changes: Mapping[str, Change]) -> None:
        self._changes = changes

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """The usual spec of a module that is to be changed, with a loader that changes it."""
        if fullname not in self._changes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._changes[fullname])
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, change: Change) -> None:
        super().__init__(name, path)
        self._change = change

    def get_code(self, fullname: str) -> CodeType:
        """The code of the changed tree; nothing is read from or written to a cache."""
        text = Path(self.get_filename(fullname)).read_text(encoding="utf-8")
        return compile(self._change(text), self.path, "exec", dont_inherit=True)


def _that_know(service: Sequence[str]) -> list[str]:
    """Modules of the service, and those that hold any of it, or of each other."""
    names = {name for name in sys.modules if _is_of(name, service)}
    while True:
        more = {
            name
            for name, module in list(sys.modules.items())
            if name not in names and _may_go(name) and _holds(module, names)
        }
        if not more:
            return sorted(names)
        names |= more


def _holds(module: ModuleType | None, names: set[str]) -> bool:
    values = list(vars(module).values()) if isinstance(module, ModuleType) else []
    return any(
        (value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None))
        in names
        for value in values
        if isinstance(value, ModuleType | type) or callable(value)
    )


def _may_go(name: str) -> bool:
    """The harness itself stays, and so does the program; targets go."""
    first, *_ = name.split(".")
    return name != "__main__" and (first != "chaos" or name.startswith("chaos.targets."))


def _is_of(name: str, service: Sequence[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in service)


def _tell_parent(name: str, module: ModuleType) -> None:
    """A package has its modules as attributes, too."""
    package, _, last = name.rpartition(".")
    if package in sys.modules:
        setattr(sys.modules[package], last, module)
