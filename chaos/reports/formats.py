"""Every format in which a report can be written, and the command-line options for them.

A format of your own is one module with a `Format` in it; `chaos.extensions` says how it is found.
`chaos run`, `chaos gate` and `chaos report` then have its option.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand

from chaos.extensions import Extension, ExtensionError, ExtensionKind, Registry

if TYPE_CHECKING:
    from chaos.reports.report import Report

Render = Callable[["Report"], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format(Extension):
    """One format: what it is called, how its files end, and how a report is written in it.

    Attributes:
        name: The name of its option, without the dashes.
        ending: What the name of a file of this format ends in, with its dot.
        holds: What such a file is, as its help says it after "Write".
        render: From a report to the text of the file.
        needs_verdicts: Whether a bare trace is too little for it.
        of_the_gate: Whether only the gate writes it.
        appends: Whether a file that is there goes on, rather than being replaced.
        envvar: The variable that names the file if no option does.

    Example:
        >>> tally = Format(
        ...     name="tally",
        ...     ending=".txt",
        ...     holds="the number of runs",
        ...     render=lambda report: f"{len(report.runs)} runs",
        ... )
        >>> tally.help
        'Write the number of runs; - is standard output.'
    """

    extends = ExtensionKind.FORMAT

    name: str
    ending: str
    holds: str
    render: Render
    needs_verdicts: bool = True
    of_the_gate: bool = False
    appends: bool = False
    envvar: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", self.name):
            raise ExtensionError(
                f"report format {self.name!r} has a name that no option can have; expected "
                "lower-case words joined by hyphens; write for example 'tally'"
            )

    @property
    def option(self) -> str:
        """The option that names a file of this format."""
        return f"--{self.name}"

    @property
    def help(self) -> str:
        """What the option's help says."""
        verb = "Append" if self.appends else "Write"
        return f"{verb} {self.holds}; - is standard output."


def _late(module: str) -> Render:
    """The module's ``render``, imported when it is called: ``--help`` must not wait for it."""

    def render(report: Report) -> str:
        found: Render = importlib.import_module(module).render
        return found(report)

    return render


BUILT_IN = (
    Format(
        name="json",
        ending=".json",
        holds="results as JSON",
        render=_late("chaos.reports.as_json"),
    ),
    Format(
        name="junit",
        ending=".xml",
        holds="results as JUnit XML",
        render=_late("chaos.reports.junit"),
    ),
    Format(
        name="sarif",
        ending=".sarif",
        holds="findings as SARIF",
        render=_late("chaos.reports.sarif"),
    ),
    Format(
        name="html",
        ending=".html",
        holds="a report as one page",
        render=_late("chaos.reports.html"),
    ),
    Format(
        name="perfetto",
        ending=".json",
        holds="a trace for ui.perfetto.dev or chrome://tracing",
        render=_late("chaos.reports.perfetto"),
        needs_verdicts=False,
    ),
    Format(
        name="summary",
        ending=".md",
        holds="a Markdown summary",
        render=_late("chaos.reports.summary"),
        of_the_gate=True,
        appends=True,
        envvar="GITHUB_STEP_SUMMARY",
    ),
)
"""The formats that come with the harness, in the order of their options."""


_FORMATS = Registry(ExtensionKind.FORMAT, {each.name: each for each in BUILT_IN})


def formats() -> tuple[Format, ...]:
    """Every format: the built-in ones, then those that others add.

    Raises:
        ExtensionError: One of those is not a format, or has a name that is taken.
    """
    return tuple(_FORMATS.values())


Files = Mapping[Format, Path]
"""Where to write which format; only what was asked for."""


_named: ContextVar[Files] = ContextVar("files", default={})  # noqa: B039 - nobody changes it
"""What the command that is being called was given."""


@contextmanager
def naming(files: Files) -> Iterator[None]:
    """Let these be the files of the commands that are called in the block."""
    token = _named.set(files)
    try:
        yield
    finally:
        _named.reset(token)


def with_formats(command: Callable[..., None]) -> Callable[..., None]:
    """Give the parameter ``files`` of a command what its `FormatsCommand` was given.

    Example:
        >>> @with_formats
        ... def command(files: Files, loud: bool = False) -> None:
        ...     print(dict(files), loud)
        >>> command(loud=True)
        {} True
    """

    @functools.wraps(command)
    def with_files(**arguments: Any) -> None:  # noqa: ANN401 - the command's own
        command(files=_named.get(), **arguments)

    own = inspect.signature(command, eval_str=True)
    kept = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for each in own.parameters.values()
        if each.name != "files"
    ]
    with_files.__signature__ = own.replace(parameters=kept)  # type: ignore[attr-defined]
    with_files.__annotations__ = {each.name: each.annotation for each in kept}
    return with_files


class FormatsCommand(TyperCommand):
    """A command with an option for each format.

    They are looked for when it is called, and not before: code of others is imported for that.
    """

    is_gate = False

    # Typer has a copy of click, or needs click itself: whose classes these are depends on which.
    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401
        """Its own options, then those of formats, then that for help.

        Raises:
            ExtensionError: A format has the name of one of its own options.
        """
        own = {name for each in self.params for name in each.opts}
        wanted = [each for each in formats() if self.is_gate or not each.of_the_gate]
        for each in wanted:
            if each.option in own:
                raise ExtensionError(
                    f"report format {each.name!r} would have the option {each.option}, which "
                    f"`chaos {self.name}` already has; expected a different name; rename it"
                )
        *before, last = super().get_params(ctx)
        return [*before, *_options(wanted), last]

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the same
        """Call it; typer does not know what was given for formats, and is not told."""
        given = {each: ctx.params.pop(_parameter(each), None) for each in formats()}
        with naming({each: Path(path) for each, path in given.items() if path is not None}):
            return super().invoke(ctx)


class GateCommand(FormatsCommand):
    """The same for the gate."""

    is_gate = True


def _options(wanted: Iterable[Format]) -> list[Any]:
    """The options as typer makes them, of a command that has no others."""

    def holder() -> None:
        """Never called."""

    parameters = [
        inspect.Parameter(
            _parameter(each),
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                Path | None, typer.Option(each.option, help=each.help, envvar=each.envvar)
            ],
        )
        for each in wanted
    ]
    holder.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    holder.__annotations__ = {each.name: each.annotation for each in parameters}
    app = typer.Typer(add_completion=False)
    app.command()(holder)
    return typer.main.get_command(app).params


def _parameter(each: Format) -> str:
    return f"{each.name.replace('-', '_')}_file"
