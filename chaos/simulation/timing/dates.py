"""``datetime.now()`` and its kin in virtual time; the classes themselves stay what they are.

``datetime.today()`` and ``date.today()`` need no substitute: both ask ``time.time()``, which has
one. Local time is that of the variable ``TZ``, as ever.
"""

from __future__ import annotations

import sys
import warnings
from _thread import get_ident
from datetime import UTC, datetime, tzinfo
from typing import Any

from chaos.simulation.in_place import BuiltinMethods
from chaos.simulation.tasks.baton import baton
from chaos.simulation.timing.clock import Clock

_now = vars(datetime)["now"]
_utcnow = vars(datetime)["utcnow"]

METHODS = ("now", "utcnow")
"""What of `datetime.datetime` looks at the clock by itself."""

_UTCNOW_IS_DEPRECATED_SINCE = (3, 12)


def dates(clock: Clock) -> BuiltinMethods:
    """Makes dates show what ``clock`` shows, while entered.

    Example:
        >>> with dates(Clock()):
        ...     datetime.now() == datetime(2026, 1, 1)
        False
    """
    ours = baton

    def now(cls: type[datetime], tz: tzinfo | None = None) -> datetime:
        if ours.ident == get_ident():
            return cls.fromtimestamp(clock.wall(), tz)
        there: datetime = _now.__get__(None, cls)(tz)
        return there

    def utcnow(cls: type[datetime]) -> datetime:
        if ours.ident != get_ident():
            there: datetime = _utcnow.__get__(None, cls)()
            return there
        if sys.version_info >= _UTCNOW_IS_DEPRECATED_SINCE:
            warnings.warn(
                "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future "
                "version. Use timezone-aware objects to represent datetimes in UTC: "
                "datetime.datetime.now(datetime.UTC).",
                DeprecationWarning,
                stacklevel=2,
            )
        return cls.fromtimestamp(clock.wall(), UTC).replace(tzinfo=None)

    substitutes: dict[str, Any] = {"now": classmethod(now), "utcnow": classmethod(utcnow)}
    return BuiltinMethods(datetime, substitutes)
