"""The time zone in which a run takes place."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from chaos.errors import SimulationError


@contextmanager
def local_time_of(zone: str | None) -> Iterator[None]:
    """Lets local time be that of a zone until the block is left; None leaves it as it is.

    Raises:
        SimulationError: This system cannot change its zone.

    Example:
        >>> with local_time_of("Asia/Tokyo"):
        ...     time.strftime("%H:%M", time.localtime(0))
        '09:00'
    """
    if zone is None:
        yield
        return
    if not hasattr(time, "tzset"):
        raise SimulationError(
            "'timezone' is given, but this system cannot change its time zone; expected Linux or "
            "macOS; leave 'timezone' out"
        )
    try:
        with mock.patch.dict(os.environ, {"TZ": zone}):
            time.tzset()
            yield
    finally:
        # C libraries look at the variable only when they are told to.
        time.tzset()
