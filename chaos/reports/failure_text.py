"""A run that did not pass, as text: what `chaos run` prints, for other places."""

from __future__ import annotations

import io

from chaos.reports.console import ConsoleReport
from chaos.reports.terminal import Terminal
from chaos.runner.result import RunResult


class _OneFailure(ConsoleReport):
    def show(self, result: RunResult) -> None:
        self._failure(result)


def failure_text(result: RunResult) -> str:
    """Expected, seen, the line of the file, the events before, and how to replay it."""
    text = io.StringIO()
    _OneFailure(Terminal(text, no_color=True, width=100)).show(result)
    return text.getvalue().strip()
