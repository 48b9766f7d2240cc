"""What a thousand runs of a search cost: ``python -m benchmarks.exploring``.

Processor time and memory, not time: on a machine with other things to do, that says more. Prints a
table in Markdown.
"""

from __future__ import annotations

import gc
import logging
import resource
import statistics
import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from chaos import session
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Bounds
from chaos.explorer.subject import Deviations, Run
from chaos.explorer.tree import Tree
from chaos.explorer.workers import Job, crew_of

BATCH = 25
BATCHES = 8
T_95 = 2.36
"""Student's t for eight batches: within so many standard errors of the mean, 95 times of 100."""

_FILIBUSTER = "examples/filibuster/scenarios"
_HELPDESK = "scenarios/interleavings/one-trial-whoever-is-interrupted.yaml"
WORKLOADS = (
    ("cinema, faults", f"{_FILIBUSTER}/cinema.yaml", Bounds(faults=3)),
    ("helpdesk, interruptions", _HELPDESK, Bounds(preemptions=2, prunes=False)),
    (
        "helpdesk, interruptions, reduced",
        _HELPDESK,
        Bounds(preemptions=2, prunes=False, reduces=True),
    ),
)


def processor_s() -> float:
    """Processor seconds of this process and its children so far."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def measured(path: str, bounds: Bounds) -> tuple[list[float], float]:
    """Processor seconds of each batch, and bytes that the search keeps for a run."""
    (loaded,) = session.load([Path(path)])
    subject = Campaign(loaded=loaded, bounds=bounds).subject
    with crew_of(subject) as crew:

        def play(jobs: Iterable[Deviations]) -> Iterator[Run]:
            return crew(Job(deviations=each, looks_ahead=bounds.prunes) for each in jobs)

        runs = iter(Tree(play, bounds.deviations, prunes=bounds.prunes))
        list(islice(runs, 50))
        batches = []
        for _ in range(BATCHES):
            began_s = processor_s()
            played = sum(1 for _ in islice(runs, BATCH))
            batches.append((processor_s() - began_s) / max(played, 1))
            if played < BATCH:
                raise SystemExit(f"{path} has fewer than {50 + BATCH * BATCHES} runs")
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        list(islice(runs, BATCH))
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return batches, (after - before) / BATCH


def main() -> None:
    """Print the table."""
    logging.disable(logging.CRITICAL)
    say = sys.stdout.write
    say("| workload | a thousand runs | a million runs | kept for a run |\n")
    say("| --- | ---: | ---: | ---: |\n")
    for name, path, bounds in WORKLOADS:
        batches, kept = measured(path, bounds)
        mean_s = statistics.mean(batches)
        error = T_95 * statistics.stdev(batches) / BATCHES**0.5 / mean_s
        say(
            f"| {name} | {mean_s * 1000:.1f} s ± {error:.0%} "
            f"| {mean_s * 1e6 / 3600:.1f} h ± {error:.0%} | {kept / 1024:.1f} KiB |\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
