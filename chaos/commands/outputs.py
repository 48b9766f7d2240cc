"""Where commands write: refused before anything is played if it cannot be, written at the end."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.commands.common import output
from chaos.errors import ChaosError, ReaderGoneError
from chaos.inputs import resolved
from chaos.reports.formats import Files

if TYPE_CHECKING:
    from chaos.reports.report import Report
    from chaos.reports.terminal import Terminal

STDOUT = Path("-")
"""What stands for standard output where a file is asked for."""

_SCENARIOS = {".yaml", ".yml"}

_IN_THE_WAY = "a file is where a folder must be"
_WORDS = {
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
}


class UnwritableError(ChaosError):
    """A command is to write where it cannot, or must not."""


def console_beside(
    files: Mapping[str, Path | None],
    *,
    folders: Mapping[str, Path | None] | None = None,
    inputs: Iterable[Path | str] = (),
) -> Terminal:
    """A console for people, once it is known that the outputs for programs can be written.

    Args:
        files: By the option that names it; ``-`` is standard output, where there is then no room
            for anything else, so that people are told on standard error.
        folders: The same of folders; they are made if need be.
        inputs: What the command reads, and must not overwrite.

    Raises:
        UnwritableError: One of them cannot be written, is an input, looks like a scenario, or is
            the same as another. Nothing was made or changed.
    """
    read = {resolved(path) for path in inputs}
    written: dict[Path, str] = {}
    for option, path in files.items():
        if path is None:
            continue
        if path != STDOUT:
            _check_is_no_input(path, option, read)
            check_writable(path, option)
        place = path if path == STDOUT else resolved(path)
        # A device has room for any number of documents.
        if place in written and (path == STDOUT or _is_kept(path)):
            raise UnwritableError(
                f"{written[place]} and {option} both write '{path}'; expected two different "
                "files; name another one"
            )
        written[place] = option
    for option, folder in (folders or {}).items():
        if folder:
            _check_folder(folder, option)
    return output(stderr=STDOUT in files.values())


def check_writable(file: Path, said: str = "") -> None:
    """Nothing, if the file can be written; neither it nor its folder is made.

    Args:
        file: What would be written.
        said: The option that names it.

    Raises:
        UnwritableError: It cannot.
    """
    try:
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not file.exists():
            _check_place(file)
        elif _is_kept(file):
            with file.open("ab"):
                return
        # Whoever reads a pipe would take the end of a trial for the end of everything.
        elif not os.access(file, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _unwritable(file, error, said) from error


def write(path: Path, text: str, *, append: bool = False) -> None:
    """Write a file, making its folder; or a document to standard output.

    Both are UTF-8, whatever the terminal's encoding is.

    Args:
        path: Where to; ``-`` is standard output.
        text: What.
        append: Whether what is in the file stays there.

    Raises:
        UnwritableError: It cannot be written.
        ReaderGoneError: It was standard output, and nobody reads it any more.
    """
    document = text.encode("utf-8", "backslashreplace")
    if path == STDOUT:
        _write_stdout(document)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if append else "wb") as file:
            file.write(document)
    except OSError as error:
        raise _unwritable(path, error) from error


def write_reports(files: Files, report: Report) -> None:
    """Write a report in every format that was asked for; see `write`."""
    for each, path in files.items():
        write(path, each.render(report), append=each.appends)


def _check_is_no_input(path: Path, option: str, read: Collection[Path]) -> None:
    if resolved(path) in read:
        raise UnwritableError(
            f"{option} '{path}' is read by this command, and would be overwritten; "
            "name another file"
        )
    if path.suffix.lower() in _SCENARIOS:
        raise UnwritableError(
            f"{option} '{path}' has the name of a scenario, but will not hold one; name a file "
            "that does not end in .yaml or .yml"
        )


def _write_stdout(document: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError("standard output was closed") from error


def _check_folder(folder: Path, option: str) -> None:
    if folder == STDOUT:
        raise UnwritableError(f"{option} takes a folder, and '-' is not one; name a folder")
    try:
        _check_place(folder)
    except OSError as error:
        raise _unwritable(folder, error, option) from error


def _check_place(path: Path) -> None:
    """Make a file that is gone at once, where the first new folder or file would be."""
    from tempfile import TemporaryFile

    there = next(each for each in (path, *path.parents) if each.exists())
    with TemporaryFile(dir=there):
        pass


def _is_kept(path: Path) -> bool:
    """Whether what is written there can be read again, and so be overwritten."""
    return path.is_file() or not path.exists()


def _unwritable(path: Path, error: OSError, said: str = "") -> UnwritableError:
    why = _WORDS.get(error.errno or 0, error.strerror or str(error))
    what = f"{said} '{path}'" if said else f"'{path}'"
    return UnwritableError(f"{what} cannot be written: {why}; name another place for it")
