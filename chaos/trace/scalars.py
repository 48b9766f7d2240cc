"""What a trace can hold as it is."""

from __future__ import annotations


def is_scalar(value: object) -> bool:
    """Whether a value is a `chaos.trace.events.Scalar`.

    Example:
        >>> is_scalar("open"), is_scalar(None), is_scalar(b"open"), is_scalar([1])
        (True, True, False, False)
    """
    return value is None or isinstance(value, str | int | float)
