"""Ids of items, whose first letters say what they are of."""

from __future__ import annotations

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

WRONG_PREFIX = "wrong_prefix"
"""Our name in pydantic for an id of another kind of thing."""


def begins_with(prefix: str) -> AfterValidator:
    """See to it that an id begins as those of its kind do.

    Example:
        >>> begins_with("msg").func("msg_1")
        'msg_1'
    """

    def check(item_id: str) -> str:
        if not item_id.startswith(prefix):
            raise PydanticCustomError(WRONG_PREFIX, "another kind", {"prefix": prefix})
        return item_id

    return AfterValidator(check)
