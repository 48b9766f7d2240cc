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
)
