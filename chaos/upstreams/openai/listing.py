"""Lists of things that have ids, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from chaos.http import Response, json_response
from chaos.upstreams.declared import DeclaredQuery
from chaos.upstreams.openai.errors import error
from chaos.upstreams.refusal import RefusalError


class PageQuery(DeclaredQuery):
    """Which part of a list is wanted."""

    after: str | None = Field(default=None, description="The page begins after this id.")
    limit: Annotated[int, Field(ge=1, le=100)] = Field(
        default=20, description="The page has so many things at most."
    )


class OrderedPageQuery(PageQuery):
    """The same for a list that can be turned round."""

    order: Literal["asc", "desc"] | None = Field(
        default=None, description="By time of creation; oldest first, or newest first."
    )


def page(things: Sequence[dict[str, Any]], query: PageQuery) -> Response:
    """A page of a list.

    Raises:
        RefusalError: The page is to begin after something that is not in the list.

    Example:
        >>> first = page([{"id": "a"}, {"id": "b"}], PageQuery(limit=1)).json()
        >>> first["data"], first["has_more"]
        ([{'id': 'a'}], True)
    """
    ids = [thing["id"] for thing in things]
    if query.after is not None and query.after not in ids:
        raise RefusalError(not_found(query.after))
    begin = 0 if query.after is None else ids.index(query.after) + 1
    shown = things[begin : begin + query.limit]
    return json_response(
        200,
        {
            "object": "list",
            "data": list(shown),
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": begin + query.limit < len(things),
        },
    )


def not_found(what: str) -> Response:
    """The 404 for an id that is not there.

    Example:
        >>> not_found("file-1").json()["error"]["message"]
        "No such object: 'file-1'"
    """
    return error(404, f"No such object: '{what}'", kind="invalid_request_error", param="id")
