"""A home page that is put together from nine services, three of which stand in for others."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from examples.filibuster.calling import NotFoundError, UnavailableError, call


@dataclass(frozen=True, slots=True)
class HomePage:
    """What a user sees.

    Attributes:
        parts: Names of what is shown, in order.
        is_whole: Whether all of it is what the user should see.
    """

    parts: tuple[str, ...]
    is_whole: bool


def homepage_of(user: str) -> HomePage:
    """The client: the home page of a user.

    Raises:
        NotFoundError: Some service does not know the user.
        UnavailableError: Something cannot be had for which nothing stands in.
    """
    call(f"http://gateway.netflix.example/homepage/users/{user}")
    return _put_together(user)


def _put_together(user: str) -> HomePage:
    """What the gateway does."""
    call(f"http://profile.netflix.example/users/{user}")
    parts = ["profile", _or_none("bookmarks", user) or ""]
    if not parts[-1]:
        with contextlib.suppress(NotFoundError, UnavailableError):
            call("http://telemetry.netflix.example/", "POST")
        parts[-1] = _trending()
    call(f"http://list.netflix.example/users/{user}")
    recommended = _or_none("recommended", user) or _or_none("popular")
    # What is trending is shown once, whatever it stands in for.
    if recommended is not None:
        parts.append(recommended)
    elif "trending" not in parts:
        parts.append(_trending())
    call(f"http://ratings.netflix.example/users/{user}")
    return HomePage(tuple(parts), is_whole=parts == ["profile", "bookmarks", "recommended"])


def _or_none(name: str, user: str | None = None) -> str | None:
    """The name of a service that has something to show; None if it cannot be had."""
    try:
        call(f"http://{name}.netflix.example/{'users/' + user if user else ''}")
    except (NotFoundError, UnavailableError):
        return None
    return name


def _trending() -> str:
    try:
        call("http://trending.netflix.example/")
    except NotFoundError as error:
        raise UnavailableError("nothing is left to show") from error
    return "trending"
