"""A shop for audio books: eight services behind an app, of which one may fail.

Each service is a host that may fail. What a service in the middle does once it was reached (ask
others) is a function here, because all of it runs in one process.
"""

from __future__ import annotations

import contextlib

from examples.filibuster.calling import NotFoundError, UnavailableError, call


def audiobook_of(user: str, book: str) -> str:
    """The app: a book that the user owns.

    Raises:
        NotFoundError: Some service does not know user or book.
        UnavailableError: Some service that is needed cannot be had.
    """
    call(f"http://engine.audible.example/users/{user}/books/{book}")
    call(f"http://delivery.audible.example/users/{user}/books/{book}")
    return _delivered(user, book)


def _delivered(user: str, book: str) -> str:
    """What the service for delivery does."""
    call(f"http://download.audible.example/users/{user}/books/{book}")
    licence = _licensed(user, book)
    call(f"http://metadata.audible.example/books/{book}/licenses/{licence}")
    return str(call(f"http://assets.audible.example/books/{book}/licenses/{licence}")["audio"])


def _licensed(user: str, book: str) -> str:
    """What the service for downloads does; that nobody counts them is no reason to refuse one."""
    call(f"http://ownership.audible.example/users/{user}/books/{book}")
    licence = str(call(f"http://activation.audible.example/books/{book}")["license"])
    with contextlib.suppress(NotFoundError, UnavailableError):
        call(f"http://stats.audible.example/users/{user}/books/{book}", "POST")
    return licence
