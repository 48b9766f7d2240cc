"""The modules that a project names in its ``pyproject.toml``."""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chaos import inputs
from chaos.extensions.caching import remembered
from chaos.extensions.kinds import ExtensionError


def project_folder() -> Path | None:
    """The folder of the ``pyproject.toml`` that speaks of chaos: the nearest, from here upwards.

    Raises:
        ExtensionError: One on the way cannot be read.
    """
    settings = plugin_settings()
    return settings[0].parent if settings else None


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported in the block."""
    added = str(folder) not in sys.path
    if added:
        sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if added:
            sys.path.remove(str(folder))


def named_modules() -> Sequence[str]:
    """The modules that are named, in the order of the file."""
    settings = plugin_settings()
    return settings[1] if settings else ()


@remembered
def plugin_settings() -> tuple[Path, Sequence[str]] | None:
    """The ``pyproject.toml`` that speaks of chaos, and the modules that it names."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if inputs.look(file) is inputs.PathState.FILE and (said := _table(file)) is not None:
            return file, _plugins(file, said)
    return None


def _table(file: Path) -> object | None:
    try:
        project = tomllib.loads(inputs.read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise ExtensionError(
            f"{_shown(file)} is not TOML: {error}; expected a pyproject.toml, in which plug-ins "
            "may be named; correct it"
        ) from None
    tool = project.get("tool")
    return tool.get("chaos") if isinstance(tool, dict) else None


def _plugins(file: Path, said: object) -> Sequence[str]:
    if not isinstance(said, dict):
        raise ExtensionError(
            f"{place(file, 'chaos')}: 'tool.chaos' is {said!r}; expected a table; write for "
            'example [tool.chaos] and below it plugins = ["my_service.faults"]'
        )
    for key in said:
        if key != "plugins":
            near = difflib.get_close_matches(key, ["plugins"], n=1, cutoff=0.5)
            fix = "did you mean 'plugins'?" if near else "remove it"
            raise ExtensionError(
                f"{place(file, key)}: unknown key {key!r} in [tool.chaos]; expected one of: "
                f"plugins; {fix}"
            )
    plugins = said.get("plugins", [])
    if not isinstance(plugins, list) or not all(_is_module(each) for each in plugins):
        raise ExtensionError(
            f"{place(file, 'plugins')}: 'plugins' is {plugins!r}; expected a list of modules; "
            'write for example plugins = ["my_service.faults"]'
        )
    return tuple(dict.fromkeys(plugins))


def _is_module(name: object) -> bool:
    return isinstance(name, str) and all(part.isidentifier() for part in name.split("."))


def place(file: Path, word: str) -> str:
    """The line of a file where a word stands first."""
    lines = inputs.read_text(file).splitlines()
    line = next((number for number, text in enumerate(lines, start=1) if word in text), 1)
    return f"{_shown(file)}:{line}"


def _shown(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
