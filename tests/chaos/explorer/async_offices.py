"""Offices of coroutines: no line interrupts them, and whoever awaits gives way to others."""

from __future__ import annotations

import asyncio


class PreparedOffice:
    """Lays out its one seat in a task, and trusts that it goes first."""

    def __init__(self) -> None:
        self.seats: list[int] = []

    async def sell(self) -> bool:
        """Whether the caller got a seat."""
        _, sold = await asyncio.gather(self._prepare(), self._take())
        return sold

    async def _prepare(self) -> None:
        self.seats = [1]

    async def _take(self) -> bool:
        return bool(self.seats and self.seats.pop())


class PatientOffice(PreparedOffice):
    """Waits until the seat is there."""

    async def sell(self) -> bool:
        """Whether the caller got a seat."""
        self._is_prepared = asyncio.Event()
        return await super().sell()

    async def _prepare(self) -> None:
        await super()._prepare()
        self._is_prepared.set()

    async def _take(self) -> bool:
        await self._is_prepared.wait()
        return await super()._take()


class ForgetfulOffice:
    """Looks, gives way, and acts."""

    def __init__(self) -> None:
        self.seats = 1

    async def sell(self) -> bool:
        """Whether the caller got a seat."""
        is_free = self.seats > 0
        await asyncio.sleep(0)
        if is_free:
            self.seats -= 1
        return is_free


class LockedOffice(ForgetfulOffice):
    """Looks and acts under one lock."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = asyncio.Lock()

    async def sell(self) -> bool:
        """Whether the caller got a seat."""
        async with self.lock:
            return await super().sell()
