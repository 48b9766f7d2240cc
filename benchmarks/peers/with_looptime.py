"""Looptime: a loop whose time moves when nothing else can."""

import asyncio

import looptime

from benchmarks.peers import case


def _loop() -> asyncio.AbstractEventLoop:
    made: asyncio.AbstractEventLoop = looptime.patch_event_loop(asyncio.new_event_loop())
    return made


if __name__ == "__main__":
    case.tell(case.with_loop(_loop))
