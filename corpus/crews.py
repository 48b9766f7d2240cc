"""Who plays the bugs: threads of this machine, or the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

from corpus.bug import Bug
from corpus.playing import Result, play

Begin = Callable[[Bug], Callable[[], Result]]
"""Sends a bug to be played; the call that it returns waits for what came of it."""


class CrewLostError(Exception):
    """Those who play are gone, with some bugs still to be played."""


def crew(jobs: int, executor: str) -> AbstractContextManager[Begin]:
    """Those who play: so many at a time here, or the workers of the cluster at an address.

    Raises:
        BugError: From a call that waits: its bug cannot be played. From the block: none can.
        CrewLostError: From the block: nobody is left who plays.
    """
    if not executor:
        return _here(jobs)
    # It needs the harness with all that belongs to it; to play here, Python and uv are enough.
    from corpus.cluster import on_cluster  # noqa: PLC0415

    return on_cluster(executor)


@contextmanager
def _here(jobs: int) -> Iterator[Begin]:
    # Each bug is played by a process of its own, so that threads are enough.
    with ThreadPoolExecutor(jobs) as pool:
        yield lambda bug: pool.submit(play, bug).result
        pool.shutdown(cancel_futures=True)
