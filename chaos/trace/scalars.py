"""What a trace can hold as it is."""

from __future__ import annotations


def is_scalar(value: object) -> bool:
    """Whether a value is a `chaos.trace.events.Scalar`.

    Example:
        >>> is_scalar("open"), is_scalar(None), is_scalar(b"open"), is_scalar([1])
        (True, True, False, False)
    """
    return value is None or isinstance(value, str | int | float)


def shown(value: object) -> str:
    """A value inside a message: a scalar as Python writes it, anything else by its type.

    Example:
        >>> shown("open"), shown(None), shown(["open"]), shown(OSError())
        ("'open'", 'None', 'a list', 'an OSError')
    """
    if is_scalar(value):
        return repr(value)
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
