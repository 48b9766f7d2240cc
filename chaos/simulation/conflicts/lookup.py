"""Finds what a name stands for, without running anything."""

from __future__ import annotations

import enum
import types
from collections.abc import Iterable
from typing import Any, Final

UNKNOWN: Final = object()
"""Whatever cannot be told without running code."""

IMMUTABLE = (bool, int, float, complex, str, bytes, type(None), range)
"""Exactly these types: a subclass may do anything, and a tuple may hold a list."""


def variable(frame: types.FrameType, name: str, bound: Iterable[str]) -> Any:  # noqa: ANN401 - whatever it is
    """The value of a variable; `UNKNOWN` if it has none yet, or is ``bound`` in this very line."""
    if name in bound:
        return UNKNOWN
    for scope in (frame.f_locals, frame.f_globals, frame.f_builtins):
        if name in scope:
            return scope[name]
    return UNKNOWN


def attribute(holder: Any, name: str) -> Any:  # noqa: ANN401, PLR0911 - a kind of holder each
    """The value of an attribute that is simply there, or the function behind a method."""
    if isinstance(holder, types.ModuleType):
        return vars(holder).get(name, UNKNOWN)
    if isinstance(holder, enum.EnumType):
        return holder.__members__.get(name, UNKNOWN)
    if isinstance(holder, type):
        return _unwrapped(_in_class(holder, name)) if type(holder) is type else UNKNOWN
    kind = type(holder)
    if _in_class(kind, "__getattribute__") is not object.__getattribute__:
        return UNKNOWN
    found = _in_class(kind, name)
    if isinstance(found, types.MemberDescriptorType):
        try:
            return found.__get__(holder, kind)
        except AttributeError:
            return UNKNOWN
    if found is not UNKNOWN and hasattr(type(found), "__set__"):
        return UNKNOWN
    try:
        own = object.__getattribute__(holder, "__dict__")
    except AttributeError:
        own = {}
    if type(own) is dict and name in own:
        return own[name]
    return _unwrapped(found)


def is_plain(holder: Any, name: str) -> bool:  # noqa: ANN401 - whatever it is
    """Whether compiled code has no hand in reading or setting an attribute."""
    if holder is UNKNOWN:
        return False
    if isinstance(holder, types.ModuleType):
        return type(holder) is types.ModuleType
    if isinstance(holder, enum.EnumType):
        return name in holder.__members__
    if isinstance(holder, type):
        found = _in_class(holder, name)
        return type(holder) is type and (found is UNKNOWN or _is_plain_member(found))
    kind = type(holder)
    reads = _in_class(kind, "__getattribute__")
    if reads is not object.__getattribute__ and not isinstance(reads, types.FunctionType):
        return False
    return _is_plain_member(_in_class(kind, name))


def _is_plain_member(found: Any) -> bool:  # noqa: ANN401 - whatever it is
    if isinstance(found, property):
        return all(
            each is None or isinstance(each, types.FunctionType)
            for each in (found.fget, found.fset, found.fdel)
        )
    if isinstance(found, types.FunctionType | types.MemberDescriptorType):
        return True
    if isinstance(found, classmethod | staticmethod):
        return isinstance(found.__func__, types.FunctionType)
    hooks = (_in_class(type(found), name) for name in ("__get__", "__set__", "__delete__"))
    return all(hook is UNKNOWN or isinstance(hook, types.FunctionType) for hook in hooks)


def is_seen_when_called(value: Any) -> bool:  # noqa: ANN401 - whatever it is
    """Whether all that a call does is done by Python code, of which a tracer is told."""
    if isinstance(value, types.MethodType):
        value = value.__func__
    if isinstance(value, types.FunctionType):
        return True
    if type(value) is not type:
        return False
    made = _in_class(value, "__new__"), _in_class(value, "__init__")
    return all(map(_is_python_or_bare, made))


def _is_python_or_bare(method: Any) -> bool:  # noqa: ANN401 - whatever it is
    method = _unwrapped(method)
    bare = (object.__init__, object.__new__, BaseException.__init__, BaseException.__new__)
    if isinstance(method, types.FunctionType) or method in bare:
        return True
    owner = getattr(method, "__self__", None) or getattr(method, "__objclass__", None)
    return isinstance(owner, type) and issubclass(owner, BaseException)


def _in_class(kind: type, name: str) -> Any:  # noqa: ANN401 - whatever it is
    for each in kind.__mro__:
        if name in vars(each):
            return vars(each)[name]
    return UNKNOWN


def _unwrapped(found: Any) -> Any:  # noqa: ANN401 - whatever it is
    return found.__func__ if isinstance(found, classmethod | staticmethod) else found
