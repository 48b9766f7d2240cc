"""A disagreement of the tiers in two columns: the simulated tier, and the wire."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.compare.tiers.differences import EventDifference
from chaos.trace.events import Event
from chaos.trace.text import describe

Row = tuple[str, str, str]

_HEADING: Row = ("", "simulated", "wire")
_NOTHING = "(nothing)"
_LEAST_WIDTH = 20
_CUT = "..."


def sides_of(difference: EventDifference) -> tuple[Row, ...]:
    """A heading, the two events, and a row for each field that differs.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> one = WaitEvent(seq=0, at_s=1.0, actor="user-1", seconds=2.0)
        >>> sides_of(EventDifference(simulated=one, wire=None))[1]
        ('', '1.000s user-1 waits 2s', '(nothing)')
    """
    return (
        _HEADING,
        ("", *_events(difference.simulated, difference.wire)),
        *((name, repr(one), repr(other)) for name, one, other in difference.fields),
    )


def in_columns(rows: Sequence[Row], *, width: int = 100) -> str:
    """Rows as lines of at most ``width`` characters, unless that is too narrow for columns.

    Of long texts, the part is shown where they begin to differ.

    Example:
        >>> rows = [("", "simulated", "wire"), ("text", "Restart the router.", "Restart it.")]
        >>> print(in_columns(rows, width=60))
             simulated                   wire
        text Restart the router.         Restart it.
    """
    first = max(len(name) for name, _, _ in rows)
    column = max(_LEAST_WIDTH, (width - first - 2) // 2)
    return "\n".join(
        f"{name:<{first}} {one:<{column}} {other}".rstrip()
        for name, one, other in (
            (name, *_cut(one.replace("\n", " "), other.replace("\n", " "), column))
            for name, one, other in rows
        )
    )


def _events(one: Event | None, other: Event | None) -> tuple[str, str]:
    """Both events in words; without their time and actor, which is a row if it differs."""
    if one is None or other is None:
        return _words(one, skipped=0), _words(other, skipped=0)
    return _words(one, skipped=2), _words(other, skipped=2)


def _words(event: Event | None, *, skipped: int) -> str:
    return _NOTHING if event is None else " ".join(describe(event).split()[skipped:])


def _cut(one: str, other: str, width: int) -> tuple[str, str]:
    """Both texts with as much as fits, from shortly before the place where they part."""
    letters = enumerate(zip(one, other, strict=False))
    parting = next((at for at, (a, b) in letters if a != b), min(len(one), len(other)))
    start = parting - width // 2
    if start > 0 and one != other and max(len(one), len(other)) > width:
        one, other = (f"{_CUT}{text[start:]}" for text in (one, other))
    return _fitting(one, width), _fitting(other, width)


def _fitting(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - len(_CUT)] + _CUT
