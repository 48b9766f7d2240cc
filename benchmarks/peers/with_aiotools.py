"""Aiotools: a virtual clock in the loop that runs."""

import asyncio

import aiotools

from benchmarks.peers import case


async def _patched() -> None:
    with aiotools.VirtualClock().patch_loop():
        await case.one_async_run()


def run() -> None:
    """Nobody looks at when calls came."""
    asyncio.run(_patched())


if __name__ == "__main__":
    case.tell(run)
