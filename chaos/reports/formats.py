"""Every format in which a report can be written, and the command-line options for them.

A format of your own is one module with a `Format` in it, announced by a package as an entry point
of the group ``chaos.reports``; `chaos run`, `chaos gate` and `chaos report` then have its option.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaos.errors import ChaosError

if TYPE_CHECKING:
    from chaos.reports.report import Report

GROUP = "chaos.reports"
"""The entry-point group in which packages announce their formats."""

Render = Callable[["Report"], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
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

    name: str
    ending: str
    holds: str
    render: Render
    needs_verdicts: bool = True
    of_the_gate: bool = False
    appends: bool = False
    envvar: str | None = None

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


@functools.cache
def formats() -> tuple[Format, ...]:
    """Every format: the built-in ones, then those that installed packages announce.

    Raises:
        ChaosError: A package announces something else, or a name that is taken.
    """
    found = {each.name: each for each in BUILT_IN}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        announced = _announced(point.value)
        if announced.name in found:
            raise ChaosError(
                f"report format {point.value!r} is called {announced.name!r}, and so is another; "
                "expected a name of its own; uninstall one of the two packages"
            )
        found[announced.name] = announced
    return tuple(found.values())


def _announced(reference: str) -> Format:
    module, _, attribute = reference.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        # The module is somebody's own, and its mistakes are theirs to read, in one line.
        raise ChaosError(
            f"report format {reference!r} cannot be imported: {type(error).__name__}: {error}; "
            "mend or uninstall the package that announces it"
        ) from error
    if not isinstance(found, Format):
        raise ChaosError(
            f"report format {reference!r} is {found!r}; expected a chaos.reports.formats.Format; "
            "mend or uninstall the package that announces it"
        )
    return found


Files = Mapping[Format, Path]
"""Where to write which format; only what was asked for."""


def with_formats(*, gate: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each format; its parameter ``files`` gets what was named.

    Args:
        gate: Whether the command is the gate.

    Example:
        >>> @with_formats()
        ... def command(files: Files, loud: bool = False) -> None:
        ...     print({each.name: str(path) for each, path in files.items()})
        >>> command(junit_file=Path("j.xml"))
        {'junit': 'j.xml'}
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        known = {f"{each.name}_file": each for each in _of(formats(), gate=gate)}

        @functools.wraps(command)
        def with_files(**arguments: Any) -> None:  # noqa: ANN401 - the command's own
            named = {each: arguments.pop(name, None) for name, each in known.items()}
            files = {each: path for each, path in named.items() if path is not None}
            command(files=files, **arguments)

        own = inspect.signature(command, eval_str=True)
        parameters = [each for each in own.parameters.values() if each.name != "files"]
        options = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[
                    Path | None,
                    typer.Option(each.option, help=each.help, envvar=each.envvar),
                ],
            )
            for name, each in known.items()
        ]
        whole = [
            each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters
        ] + options
        with_files.__signature__ = own.replace(parameters=whole)  # type: ignore[attr-defined]
        with_files.__annotations__ = {each.name: each.annotation for each in whole}
        return with_files

    return decorate


def _of(known: Iterable[Format], *, gate: bool) -> Iterable[Format]:
    return [each for each in known if gate or not each.of_the_gate]
