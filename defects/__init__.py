"""Every defect of the helpdesk, by family: what it gets wrong in a provider's bad hour.

Not in here, because no scenario can reach them: tenacity's statistics shared by threads, a
listener that raises, a Ctrl-C in the middle of a call, a disk that is full, two processes that
share their temporary files, an index in the bucket that is older or of another model. And not in
here, because nothing would change: what a second check behind the first one makes good (the
manifest's hash over itself, the generation that a download is pinned to, FAISS's row -1), and what
the SDK turns into an error of its own before the service sees it (a body that breaks off).
"""

from __future__ import annotations

from chaos.defects.defect import Defect
from defects import (
    answers,
    breaker,
    copies,
    crowds,
    deadlines,
    downloads,
    failures,
    freshness,
    refreshes,
    replies,
    retries,
    trials,
)
from defects.equivalent import EQUIVALENT

__all__ = ["DEFECTS", "EQUIVALENT"]

DEFECTS: tuple[Defect, ...] = (
    *breaker.DEFECTS,
    *trials.DEFECTS,
    *retries.DEFECTS,
    *failures.DEFECTS,
    *replies.DEFECTS,
    *deadlines.DEFECTS,
    *answers.DEFECTS,
    *freshness.DEFECTS,
    *refreshes.DEFECTS,
    *downloads.DEFECTS,
    *copies.DEFECTS,
    *crowds.DEFECTS,
)
"""The catalogue."""
