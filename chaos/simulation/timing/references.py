"""References to the real clocks, wherever they are kept.

``from time import sleep``, ``def __init__(self, timer=time.monotonic)``, a class attribute, a
table of functions, a partial: each holds the function itself. The garbage collector knows every
holder, and many of them can be given another function. Others cannot, such as ``lru_cache``, an
iterator, or the compiled model of ``Field(default_factory=time.time)``; so the clocks themselves
are told to call the other function as well.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import BuiltinFunctionType, CellType, FunctionType
from typing import Any, Self, cast

from chaos.simulation.heap import whole_heap
from chaos.simulation.in_place import BuiltinFunctions
from chaos.simulation.timing.dates import METHODS
from chaos.simulation.untouched import UNTOUCHED

Undo = Callable[[], object]

_MOST_NESTED = 3
"""A tuple cannot be changed, but whatever holds it can be given another; and so on, so often."""


class References:
    """Replaces functions wherever modules and objects hold them, while entered.

    Args:
        substitutes: Real function to what takes its place.
        ignored: What holds real functions and is to keep them: the books of whoever puts them
            back.
        in_place: Which of the functions are replaced wherever they are held, too. The substitutes
            cannot call these.

    Example:
        >>> import time
        >>> clocks = {"wall": time.time}
        >>> with References({time.time: lambda: 7.0}):
        ...     clocks["wall"]()
        7.0
    """

    def __init__(
        self,
        substitutes: Mapping[Callable[..., Any], Callable[..., Any]],
        ignored: Iterable[object] = (),
        in_place: Iterable[Callable[..., Any]] = (),
    ) -> None:
        self._substitutes = substitutes
        self._in_place = frozenset(map(id, in_place))
        self._ignored = frozenset(map(id, ignored))
        self._undo: list[Undo] = []
        self._exchanged = BuiltinFunctions(())

    def __enter__(self) -> Self:
        dates: list[tuple[Callable[..., Any], object]] = []
        try:
            self._undo = self._replace_all([*self._substitutes.items()], dates)
            # Not before: tuples that hold clocks have been exchanged by now.
            clocks = [each for each in self._substitutes.items() if id(each[0]) in self._in_place]
            self._exchanged = BuiltinFunctions([*clocks, *dates])
            self._exchanged.__enter__()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._restore()

    def _restore(self) -> None:
        self._exchanged.__exit__()
        # It would be found below, as a holder of substitutes.
        self._exchanged = BuiltinFunctions(())
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        # What was made in the meantime holds substitutes.
        self._replace_all([(after, before) for before, after in self._substitutes.items()])

    def _replace_all(
        self,
        new: list[tuple[object, object]],
        dates: list[tuple[Callable[..., Any], object]] | None = None,
    ) -> list[Undo]:
        """Replace each first by its second, wherever it is held.

        Each look takes a time that grows with all that the process has, so there are few.

        Args:
            new: What to replace.
            dates: None, or where to put clocks of ``datetime`` that somebody keeps. Each access
                makes another of these, so the kept ones have to be looked for.
        """
        undo: list[Undo] = []
        with whole_heap():
            for _ in range(_MOST_NESTED):
                new = self._replace(new, undo, dates) if new else []
                dates = None
        return undo

    def _replace(
        self,
        new: list[tuple[object, object]],
        undo: list[Undo],
        dates: list[tuple[Callable[..., Any], object]] | None,
    ) -> list[tuple[object, object]]:
        """Replace each first by its second; returns the same for what holds one for good."""
        by_id = {id(before): after for before, after in new}
        sought = [before for before, _ in new] + ([] if dates is None else [datetime])
        ours = {id(new), *map(id, new), id(sought), id(self._substitutes), *self._ignored}
        found = gc.get_referrers(*sought)
        fixed: list[tuple[object, object]] = []
        if dates is not None:
            dates += [
                (each, getattr(datetime, each.__name__))
                for each in found
                if _is_bound_to_the_clock(each)
            ]
            fixed += dates
        holders = [
            holder
            for holder in found
            if id(holder) not in ours and not _is(holder, sought) and not _is_untouched(holder)
        ]
        namespaces = _class_namespaces(holders, by_id)
        for holder in holders:
            if type(holder) is tuple:
                # Of these, some hold only `datetime`, which stays what it is.
                if any(id(each) in by_id for each in holder) and not _is_of_a_class(holder):
                    fixed.append((holder, tuple(by_id.get(id(each), each) for each in holder)))
            elif isinstance(holder, staticmethod) and id(holder.__func__) in by_id:
                fixed.append((holder, staticmethod(cast("Any", by_id[id(holder.__func__)]))))
            elif id(holder) in namespaces:
                undo += _in_class(namespaces[id(holder)], by_id)
            else:
                undo += _in_object(holder, by_id)
        return fixed


def _is_bound_to_the_clock(each: object) -> bool:
    return (
        type(each) is BuiltinFunctionType
        and getattr(each, "__self__", None) is datetime
        and each.__name__ in METHODS
    )


def _is_untouched(holder: object) -> bool:
    """Whether it belongs to the harness or the test runner, or is a module: those are not ours."""
    if isinstance(holder, dict):
        name = holder.get("__name__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        owner = name if module is not None and vars(module) is holder else holder.get("__module__")
    else:
        owner = getattr(holder, "__module__", None)
    return isinstance(owner, str) and f"{owner}.".startswith(UNTOUCHED)


def _is(holder: object, sought: list[object]) -> bool:
    """Whether it is what `gc.get_referrers` got them in."""
    return (
        type(holder) is tuple
        and len(holder) == len(sought)
        and all(one is other for one, other in zip(holder, sought, strict=True))
    )


def _is_of_a_class(held: tuple[object, ...]) -> bool:
    """Whether a class keeps its ancestry in it, which stays what it is."""
    return isinstance(held[0], type) and held[0].__mro__ is held


def _class_namespaces(holders: Iterable[object], new: Mapping[int, object]) -> dict[int, type]:
    """The class of each holder that is a namespace of one, and has something to replace."""
    found = {}
    hidden = []
    for each in holders:
        if not isinstance(each, dict) or "__module__" not in each:
            continue
        if any(id(value) in new for value in each.values()):
            owner = _described_class(each)
            if owner is not None:
                found[id(each)] = owner
            else:
                hidden.append(each)
    for each in gc.get_referrers(*hidden) if hidden else ():
        if isinstance(each, type):
            found[id(_namespace_of(each))] = each
    return found


def _described_class(namespace: dict[str, object]) -> type | None:
    """The class whose namespace it is, if a descriptor in it says so; most have one."""
    for each in namespace.values():
        owner = getattr(each, "__objclass__", None)
        if isinstance(owner, type) and _namespace_of(owner) is namespace:
            return owner
    return None


def _namespace_of(owner: type) -> object:
    (namespace, *_) = gc.get_referents(type.__dict__["__dict__"].__get__(owner))
    return namespace


def _in_class(owner: type, new: Mapping[int, Any]) -> Iterator[Undo]:
    for name, value in list(vars(owner).items()):
        if id(value) in new:
            # A built-in function does not bind; one of Python's would, to an instance.
            after = new[id(value)]
            is_function = callable(after) and not isinstance(after, staticmethod)
            setattr(owner, name, staticmethod(after) if is_function else after)
            yield functools.partial(setattr, owner, name, value)


def _in_object(holder: object, new: Mapping[int, Any]) -> Iterator[Undo]:
    match holder:
        case dict() | list():
            places = holder.items() if isinstance(holder, dict) else enumerate(holder)
            for place, value in list(places):
                if id(value) in new:
                    holder[place] = new[id(value)]
                    yield functools.partial(_put_back, holder, place, value)
        case FunctionType() if id(holder.__defaults__) in new:
            yield functools.partial(setattr, holder, "__defaults__", holder.__defaults__)
            holder.__defaults__ = new[id(holder.__defaults__)]
        case CellType() if id(holder.cell_contents) in new:
            yield functools.partial(setattr, holder, "cell_contents", holder.cell_contents)
            holder.cell_contents = new[id(holder.cell_contents)]
        case functools.partial():
            state: Any = holder
            function, arguments, *rest = before = state.__reduce__()[2]
            yield functools.partial(state.__setstate__, before)
            after = (new.get(id(function), function), new.get(id(arguments), arguments), *rest)
            state.__setstate__(after)
        case _:
            # An instance may keep its attributes without a dictionary, until one is asked for.
            namespace = getattr(holder, "__dict__", None)
            if isinstance(namespace, dict):
                yield from _in_object(namespace, new)
            yield from _in_slots(holder, new)


def _in_slots(holder: object, new: Mapping[int, Any]) -> Iterator[Undo]:
    for kind in type(holder).__mro__:
        slots = vars(kind).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            is_private = slot.startswith("__") and not slot.endswith("__")
            name = f"_{kind.__name__.lstrip('_')}{slot}" if is_private else slot
            value = getattr(holder, name, None)
            if id(value) in new:
                # Past the class's own ideas of who may set what.
                object.__setattr__(holder, name, new[id(value)])
                yield functools.partial(object.__setattr__, holder, name, value)


def _put_back(holder: Any, place: Any, value: object) -> None:  # noqa: ANN401 - a list or a dict
    if isinstance(holder, dict) or place < len(holder):
        holder[place] = value
