"""Timers of an event loop that ring at the same instant."""

from __future__ import annotations

import asyncio

from tests.chaos.simulation.toys import World


def test_whoever_was_set_first_rings_first(world: World) -> None:
    """As on a clock on which no two are set for the same instant."""
    went: list[int] = []

    async def go(number: int) -> None:
        await asyncio.sleep(1)
        went.append(number)

    async def all_together() -> None:
        await asyncio.gather(*map(go, range(9)))

    world.result(lambda: asyncio.run(all_together()))

    assert went == list(range(9))
    assert world.now_s == 1
