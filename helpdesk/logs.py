"""Where the log of a command goes: to standard error, so that standard output is the answer."""

from __future__ import annotations

import logging

_LEVELS = (logging.ERROR, logging.INFO, logging.DEBUG)


def set_up_logging(verbosity: int) -> None:
    """Log errors (0), what the service does (1), or everything (2 and more).

    Only at 2 do questions appear in the log.
    """
    level = _LEVELS[min(verbosity, len(_LEVELS) - 1)]
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    # These log each request in full, the question in it, before we have judged its outcome.
    for library in ("openai", "httpx2", "httpcore2", "urllib3"):
        logging.getLogger(library).setLevel(max(level, logging.WARNING))
