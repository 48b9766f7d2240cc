"""Laws by their names, as ``waive:`` writes them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from chaos.checks.laws import LAWS
from chaos.checks.laws.law import Law
from chaos.errors import ChaosError
from chaos.extensions import Extension, ExtensionKind, blaming, of_others
from chaos.ports import Promises
from chaos.trace.trace import Trace

__all__ = ["LAWS", "find_law", "law_names", "promised_laws"]


def law_names() -> tuple[str, ...]:
    """Every name that ``waive:`` may use, in the order of `LAWS`."""
    return tuple(law.name for law in LAWS)


def promised_laws(
    promises: Promises, trace: Trace, brings: Sequence[type[Extension]] = ()
) -> frozenset[str]:
    """The names of the laws that a target can be held to: by these promises, or after this run.

    Args:
        promises: What it promises.
        trace: What happened.
        brings: What it brings along; laws of others are not for it.

    Example:
        >>> sorted(promised_laws(Promises(), Trace()))
        ['every-ask-is-answered', 'no-error-is-lost']
    """
    others = of_others(ExtensionKind.LAW, brings)
    mine = (law for law in LAWS if law.name not in others)
    return frozenset(law.name for law in mine if _is_given(law, promises, trace))


def _is_given(law: type[Law], promises: Promises, trace: Trace) -> bool:
    with blaming(law, "asked what it rests on"):
        return law.rests_on.is_given(promises, trace)


def find_law(name: str) -> type[Law]:
    """The law of this name.

    Raises:
        ChaosError: There is none; the message offers the nearest name.

    Example:
        >>> find_law("one-trial").doc
        'A half-open breaker admits exactly the permitted number of calls, in any interleaving.'
        >>> find_law("one-trail")
        Traceback (most recent call last):
        chaos.errors.ChaosError: unknown law 'one-trail'; did you mean 'one-trial'?
    """
    for law in LAWS:
        if law.name == name:
            return law
    near = difflib.get_close_matches(name, law_names(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of: {', '.join(law_names())}"
    raise ChaosError(f"unknown law {name!r}; {hint}")
