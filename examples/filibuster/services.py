"""A hotel site that shows reviews, and a cinema that shows bookings; both call other services."""

from __future__ import annotations

from dataclasses import dataclass

from examples.filibuster.calling import NotFoundError, UnavailableError, call

ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews of a hotel, the best or the latest first."""

    order: str
    texts: tuple[str, ...]


def reviews_of(hotel: str) -> Reviews:
    """The best reviews; if they cannot be had, the latest.

    Raises:
        NotFoundError: One of the services does not know the hotel.
        UnavailableError: Neither can be had.
    """
    try:
        return _reviews("best", hotel)
    except UnavailableError:
        return _reviews("latest", hotel)


def _reviews(order: str, hotel: str) -> Reviews:
    found = call(f"http://{order}.reviews.example/hotels/{hotel}")
    return Reviews(order, tuple(found["reviews"]))


def bookings_of(user: str) -> tuple[str, ...]:
    """The titles that a user has booked; one more attempt is made if they cannot be had.

    Raises:
        NotFoundError: There is no such user.
        UnavailableError: They cannot be had.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            booked = call(f"http://bookings.example/bookings/{user}")
            return tuple(_title(movie) for movie in booked["movies"])
        except (NotFoundError, UnavailableError):
            # Like the example, it tries again whatever was wrong.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _title(movie: str) -> str:
    """The part of the service for bookings, which asks the one for movies."""
    try:
        return str(call(f"http://movies.example/movies/{movie}")["title"])
    except NotFoundError as error:
        raise UnavailableError("the service for movies is malfunctioning") from error
