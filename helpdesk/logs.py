"""Where the log of a command goes: to standard error, so that standard output is the answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

_LEVELS = (logging.ERROR, logging.INFO, logging.DEBUG)

_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the id of the request that the line belongs to.

    Args:
        request_id: Returns it; None outside of requests.

    Example:
        >>> line = logging.makeLogRecord({"msg": "ready", "levelname": "INFO", "name": "x"})
        >>> json.loads(JsonFormatter(lambda: "r-1").format(line))["request_id"]
        'r-1'
    """

    def __init__(self, request_id: Callable[[], str | None]) -> None:
        super().__init__()
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        facts = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": self._request_id(),
        }
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps({name: value for name, value in facts.items() if value is not None})


class _TextFormatter(logging.Formatter):
    def __init__(self, request_id: Callable[[], str | None]) -> None:
        super().__init__(_TEXT)
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        line, request_id = super().format(record), self._request_id()
        return f"{line} [{request_id}]" if request_id else line


def set_up_logging(
    verbosity: int,
    *,
    log_format: Literal["text", "json"] = "text",
    request_id: Callable[[], str | None] = lambda: None,
) -> None:
    """Log errors (0), what the service does (1), or everything (2 and more).

    Only at 2 do questions appear in the log.

    Args:
        verbosity: How often ``-v`` was given.
        log_format: Lines for people, or one JSON object a line.
        request_id: Returns the id of the request that is being handled; None outside of those.
    """
    level = _LEVELS[min(verbosity, len(_LEVELS) - 1)]
    handler = logging.StreamHandler()
    formatter = JsonFormatter if log_format == "json" else _TextFormatter
    handler.setFormatter(formatter(request_id))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These log each request in full, the question in it, before we have judged its outcome.
    for library in ("openai", "httpx2", "httpcore2", "urllib3"):
        logging.getLogger(library).setLevel(max(level, logging.WARNING))
