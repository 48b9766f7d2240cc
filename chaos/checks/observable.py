"""What others let scenarios expect: an observable of their own, measured from the trace."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import ClassVar

from chaos.checks.measure import BUILT_IN_WORDS, Measured, Window
from chaos.extensions import Extension, ExtensionKind, MisfitError
from chaos.scenario.kinds import Kind
from chaos.scenario.observables import Place

__all__ = ["Kind", "Measured", "Place", "TraceObservable", "Window"]


class TraceObservable(Extension, ABC):
    """An observable that is read from the trace, and means the same of every target.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> from chaos.trace.trace import Trace
        >>> class LongestWait(TraceObservable):
        ...     name, kind = "longest_wait", Kind.DURATION
        ...     doc = "longest wait before another attempt"
        ...
        ...     def measure(self, window):
        ...         waits = [each for each in window.events() if isinstance(each, WaitEvent)]
        ...         if not waits:
        ...             return Measured(missing="nobody waited")
        ...         longest = max(waits, key=lambda each: each.seconds)
        ...         return Measured(values=(longest.seconds,), evidence=(longest.seq,))
        >>> LongestWait().measure(Window(trace=Trace())).missing
        'nobody waited'
    """

    extends = ExtensionKind.EXPECTATION

    name: ClassVar[str]
    """Its key under ``expect``."""

    kind: ClassVar[Kind]
    """What sort of value it has: how files write it, and how it is compared."""

    doc: ClassVar[str]
    """What it is, to be followed by the value: "longest wait before another attempt"."""

    values: ClassVar[tuple[str, ...]] = ()
    """Every text it can be; empty if any."""

    place: ClassVar[Place] = Place.OVER_TIME
    """Where it may be expected."""

    @abstractmethod
    def measure(self, window: Window) -> Measured:
        """What the part of the run shows; why nothing, if there is nothing to judge."""

    @classmethod
    def check_extension(cls) -> None:
        """Whether it says what it is; see the base class."""
        name, doc = getattr(cls, "name", None), getattr(cls, "doc", None)
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", name):
            fix = "write for example 'tokens.spent'"
            raise MisfitError(f"has {name!r} as its 'name'", "lower-case words with dots", fix)
        if name.partition(".")[0] in BUILT_IN_WORDS or ".breaker." in name:
            taken = ", ".join(sorted(BUILT_IN_WORDS))
            raise MisfitError(
                f"is called {name!r}, which could be a key of the harness",
                f"a name that does not begin with one of {taken}, and has no '.breaker.' in it",
                "rename it",
            )
        if not isinstance(getattr(cls, "kind", None), Kind):
            fix = "write for example kind = Kind.COUNT"
            raise MisfitError("has no 'kind'", "a member of chaos.scenario.kinds.Kind", fix)
        if cls.kind in {Kind.MODES, Kind.EVENTUALLY, Kind.LEADS_TO}:
            fix = "write for example kind = Kind.COUNT"
            raise MisfitError(f"has the kind {cls.kind.name}", "a kind of single values", fix)
        if not isinstance(doc, str) or not doc.strip() or "\n" in doc:
            fix = "write for example 'tokens that were paid for'"
            raise MisfitError(f"has {doc!r} as its 'doc'", "a description in a few words", fix)
