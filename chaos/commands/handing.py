"""The parameters with which `chaos merge` calls a command again, found by the names of options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from typer.models import ArgumentInfo, OptionInfo

Command = Callable[..., None]


def parameters(
    command: Command, asked: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What to call a command with, so that it is asked what its shards were asked.

    Args:
        command: A command as typer has it: its parameters say which options they are.
        asked: What the shards were asked: a value for each option, without its hyphens, and
            ``paths`` for the argument.
        given: What is given now, by option, as in ``--into``. What is None is left out, so that
            the command has its default.

    Returns:
        A value for each parameter that one of them speaks of.

    Raises:
        AssertionError: No parameter is there for something that was asked.

    Example:
        >>> from typing import Annotated
        >>> import typer
        >>> Seed = Annotated[int, typer.Option("--seed")]
        >>> def play(paths: Annotated[list[Path], typer.Argument()], number: Seed = 1) -> None: ...
        >>> handed = parameters(play, {"paths": ["a.yaml"], "seed": 7}, {"--into": None})
        >>> handed == {"paths": [Path("a.yaml")], "number": 7}
        True
    """
    handed: dict[str, Any] = {}
    unread = set(asked)
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        names = _names(parameter)
        for key in (name for name in names if name in asked):
            handed[parameter.name] = _read(asked[key], parameter.annotation)
            unread.discard(key)
        for name in names:
            if given.get(f"--{name}") is not None:
                handed[parameter.name] = given[f"--{name}"]
    assert not unread, f"no parameter of {command.__name__} takes {sorted(unread)}"
    return handed


def _names(parameter: inspect.Parameter) -> Sequence[str]:
    """What a parameter is called: by itself, and by its options or its place."""
    return tuple(dict.fromkeys((parameter.name, *_declared(parameter.annotation))))


def _declared(annotation: Any) -> Iterator[str]:  # noqa: ANN401 - whatever stands there
    for about in get_args(annotation)[1:]:
        if isinstance(about, ArgumentInfo):
            yield "paths"
        elif isinstance(about, OptionInfo):
            declared = (about.default, *(about.param_decls or ()))
            yield from (str(each).lstrip("-") for each in declared if str(each).startswith("--"))


def _read(value: Any, annotation: Any) -> Any:  # noqa: ANN401 - as JSON has it
    """A value as the command wants it: files keep paths as text."""
    wants_paths = Path in _parts(annotation)
    if isinstance(value, list):
        return [Path(each) for each in value] if wants_paths else value
    return Path(value) if wants_paths and isinstance(value, str) else value


def _parts(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - the same
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
