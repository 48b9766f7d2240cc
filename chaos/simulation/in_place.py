"""Replacing built-in functions, and methods of built-in types, where they are.

A substitute for ``datetime`` or for a lock would be another class: whoever compares types, builds
a schema from them or made an object before the simulation began would notice. So the types stay
what they are, and only some of their methods are replaced, where the interpreter keeps them. That
reaches every object, whenever it was made, and every subclass.

The interpreter offers no way to do this: the namespace of a built-in type is read-only. The
garbage collector knows the dictionary behind it, and the interpreter has to be told to forget what
it remembers of the type's methods.

A function that is built in can be held where nobody can exchange it: in a cache, an iterator, the
schema of a model that is compiled. So the function itself is told to call another.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType
from typing import Any, Self, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


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


class _MethodDef(ctypes.Structure):
    """CPython's ``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_void_p),
    )


class _Calls(ctypes.Structure):
    """What a built-in function calls: the part of ``PyCFunctionObject`` that is exchanged."""

    _fields_ = (("definition", ctypes.c_void_p), ("first", ctypes.c_void_p))


_C = ctypes.pythonapi
_HEADER = object.__basicsize__
_WORD = ctypes.sizeof(ctypes.c_void_p)
_IS_AS_EXPECTED = (
    sys.implementation.name == "cpython"
    # Definition, first argument, module, weak references, and how it is called.
    and BuiltinFunctionType.__basicsize__ == _HEADER + 5 * _WORD
)
_MANNERS = 0x8F
"""Of the flags of a definition, those that say how it wants its arguments."""

# The interpreter calls a built-in function with its "first argument" and whatever it wants
# besides. These take the same, call the first, and hand the rest on.
_CALLERS = {
    0x01: _C.PyObject_CallObject,  # METH_VARARGS
    0x03: _C.PyObject_Call,  # METH_VARARGS | METH_KEYWORDS
    0x04: _C.PyObject_CallNoArgs,  # METH_NOARGS
    0x08: _C.PyObject_CallOneArg,  # METH_O
    0x82: _C.PyObject_Vectorcall,  # METH_FASTCALL | METH_KEYWORDS
}


class BuiltinFunctions:
    """Lets built-in functions call others in their place, whoever holds them, while entered.

    One whose manners are unknown stays what it is, and so do all of them in an interpreter that
    is built otherwise.

    Args:
        substitutes: Each function, and what it calls from now on, with the same arguments.

    Example:
        >>> import itertools, math
        >>> roots = map(math.floor, itertools.repeat(2.5))
        >>> with BuiltinFunctions([(math.floor, lambda number: "low")]):
        ...     next(roots)
        'low'
        >>> next(roots)
        2
    """

    def __init__(self, substitutes: Iterable[tuple[Callable[..., Any], Any]]) -> None:
        self._substitutes = [
            (function, substitute)
            for function, substitute in substitutes
            if _caller(function) is not None
        ]
        self._before: list[tuple[Callable[..., Any], _Calls, _Calls, _MethodDef]] = []

    def __enter__(self) -> Self:
        for function, substitute in self._substitutes:
            before = _Calls.from_buffer_copy(_calls(function))
            definition = _MethodDef.from_buffer_copy(_definition(before))
            definition.function = ctypes.cast(_caller(function), ctypes.c_void_p).value
            # The function owns what it holds.
            _C.Py_IncRef(ctypes.py_object(substitute))
            after = _Calls(ctypes.addressof(definition), id(substitute))
            self._before.append((function, before, after, definition))
            _exchange(function, after)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for function, before, after, _ in reversed(self._before):
            _exchange(function, before)
            _C.Py_DecRef(ctypes.cast(after.first, ctypes.py_object))
        self._before.clear()


def twin(function: F) -> F:
    """Another built-in function that does the same, and goes on when the first one is exchanged.

    Example:
        >>> import math
        >>> floor = twin(math.floor)
        >>> with BuiltinFunctions([(math.floor, lambda number: "low")]):
        ...     floor(2.5)
        2
    """
    if _caller(function) is None:
        return function
    new = _C.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p,) * 2 + (ctypes.py_object,)
    calls = _calls(function)
    return cast("F", new(calls.definition, calls.first, function.__module__))


def _caller(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - a function in C
    if not _IS_AS_EXPECTED or type(function) is not BuiltinFunctionType:
        return None
    return _CALLERS.get(_definition(_calls(function)).flags & _MANNERS)


def _calls(function: object) -> _Calls:
    return _Calls.from_address(id(function) + _HEADER)


def _definition(calls: _Calls) -> _MethodDef:
    return _MethodDef.from_address(calls.definition)


def _exchange(function: object, calls: _Calls) -> None:
    # In one go, and under the interpreter's lock: another thread must never see a half of it.
    ctypes.memmove(id(function) + _HEADER, ctypes.addressof(calls), ctypes.sizeof(calls))
