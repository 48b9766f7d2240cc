"""The terminal: shows what scenarios and services say, and obeys none of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from chaos.errors import ReaderGoneError
from chaos.reports.plain import visible


class Terminal(Console):
    """A console for lines that are data: nothing in them is an escape sequence, or an emoji.

    Args:
        file: Where to write; by default to a standard stream.
        stderr: Which of them.
        width: Columns; by default those of the terminal.
        no_color: Whether to leave colours out; by default as ``NO_COLOR`` has it.
    """

    def __init__(
        self,
        file: IO[str] | None = None,
        *,
        stderr: bool = False,
        width: int | None = None,
        no_color: bool | None = None,
    ) -> None:
        super().__init__(
            file=file,
            stderr=stderr,
            width=width,
            no_color=no_color,
            highlight=False,
            # Line 100 of a file, `:100:`, is no emoji.
            emoji=False,
        )

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 - passed on
        """As the console does; what the console would drop is shown."""
        return super().render_str(visible(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """As the console does; texts that others have made come through here as well."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))

    def on_broken_pipe(self) -> None:
        """End the command, but not with 1: that is said of scenarios that failed.

        Raises:
            ReaderGoneError: Always.
        """
        self.quiet = True
        raise ReaderGoneError("standard output was closed")
