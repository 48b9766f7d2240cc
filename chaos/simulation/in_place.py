"""Replacing methods of built-in types, in the types themselves.

A substitute for ``datetime`` or for a lock would be another class: whoever compares types, builds
a schema from them or made an object before the simulation began would notice. So the types stay
what they are, and only some of their methods are replaced, where the interpreter keeps them. That
reaches every object, whenever it was made, and every subclass.

The interpreter offers no way to do this: the namespace of a built-in type is read-only. The
garbage collector knows the dictionary behind it, and the interpreter has to be told to forget what
it remembers of the type's methods.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Mapping
from typing import Any


class BuiltinMethods:
    """Substitutes for some methods of a built-in type, while entered.

    Args:
        kind: The type.
        substitutes: Name of each method to what takes its place, as it would be written in a
            class: a function, or a classmethod.

    Example:
        >>> from datetime import datetime
        >>> noon = lambda cls, tz=None: cls(2026, 1, 1, 12, tzinfo=tz)
        >>> with BuiltinMethods(datetime, {"now": classmethod(noon)}):
        ...     datetime.now().hour, type(datetime.now()) is datetime
        (12, True)
    """

    def __init__(
        self,
        kind: type,
        substitutes: Mapping[str, Callable[..., Any] | classmethod[Any, Any, Any]],
    ) -> None:
        self._kind = kind
        self._substitutes = dict(substitutes)
        self._originals = {name: vars(kind)[name] for name in substitutes}

    def __enter__(self) -> None:
        self._put(self._substitutes)

    def __exit__(self, *exc_info: object) -> None:
        self._put(self._originals)

    def _put(self, methods: Mapping[str, Any]) -> None:
        (namespace,) = gc.get_referents(vars(self._kind))
        namespace.update(methods)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(self._kind))
