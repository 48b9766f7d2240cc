"""How long a service with a mistake in it may compute before it is given up."""

from __future__ import annotations

from contextlib import suppress

with suppress(ImportError):  # Windows has no such limits, and forks no process either.
    import resource


def computed_s() -> float:
    """Processor time of this process. Not `time.process_time`, which stands still in the world."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def allow(seconds: float) -> None:
    """End this process with `SIGXCPU` when it has computed for so long from now on.

    Only for a process of its own: the limit stays.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    until_s = int(computed_s() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until_s, hard))
