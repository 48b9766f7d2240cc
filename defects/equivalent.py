"""Mutants of the helpdesk that change nothing anybody could notice; `chaos prove` leaves them out.

Each was looked at by a person. One that no longer fits the service is an error, so that nobody
relies on what was true of other lines.
"""

from __future__ import annotations

from chaos.prove.mutants.reviewed import Equivalent

EQUIVALENT = (
    Equivalent(
        module="helpdesk.bucket",
        function="download",
        was="time.monotonic() - started",
        becomes="time.monotonic() + started",
        because="It is how long a download took, which is written into the log and nowhere else.",
    ),
    Equivalent(
        module="helpdesk.bucket",
        function="_check_environment",
        was="'GET'",
        becomes="''",
        because="The request is prepared to see whether one could begin, and is never sent.",
    ),
    Equivalent(
        module="helpdesk.circuit_breaker",
        function="_judge",
        was="'neutral'",
        becomes="''",
        because="A neutral outcome fits no case then, and the function ends, returning None too.",
    ),
    Equivalent(
        module="helpdesk.events",
        function="",
        was="'closed'",
        becomes="''",
        because="It is part of the type of a field, which nothing reads at run time.",
    ),
    Equivalent(
        module="helpdesk.events",
        function="",
        was="'not_retryable'",
        becomes="''",
        because="It is part of the type of a field, which nothing reads at run time.",
    ),
    Equivalent(
        module="helpdesk.events",
        function="",
        was="__slots__ = ()",
        becomes="pass",
        because="Each event has a dictionary of its own then, which stays empty.",
    ),
    Equivalent(
        module="helpdesk.index_cache",
        function="install",
        was="manifest.verify(files)",
        becomes="pass",
        because="Whoever installs files has fetched them, and each was verified as it arrived.",
    ),
    Equivalent(
        module="helpdesk.knowledge_index",
        function="_found",
        was="likenesses[0] < self._embedder.floor",
        becomes="likenesses[0] <= self._embedder.floor",
        because="No question is exactly as like an article as the threshold, a computed number.",
    ),
    Equivalent(
        module="helpdesk.live_index",
        function="get",
        was="in_background = False",
        becomes="pass",
        because="It is read only by whoever has the refresh, and is set there.",
    ),
    Equivalent(
        module="helpdesk.prompts",
        function="",
        was="True",
        becomes="False",
        because="It is a default, and every caller says it.",
    ),
    Equivalent(
        module="helpdesk.turns",
        function="_take",
        was="deadline - time.monotonic()",
        becomes="deadline + time.monotonic()",
        because="Whoever holds a turn gives it back by a deadline that is earlier.",
    ),
)
