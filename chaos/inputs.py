"""What comes from outside, read within bounds: files of any kind, of any size, and JSON.

Everything that a person hands to the harness is read here. So whatever a path leads to, an end is
certain, and what is wrong is said in one sentence: a pipe is not waited for, a link to itself is
not followed for ever, and JSON nests no deeper than anybody can read.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

from chaos.errors import ChaosError

MOST_BYTES = 256 * 1024 * 1024
"""Of saved results and traces: a thousand times what the largest of ours takes."""

_LONGEST_LINE = 16 * 1024 * 1024
"""Of a file that is read line by line: a run of a search takes a few hundred bytes."""

_DEEPEST = 100
"""Levels of JSON. Our own documents have ten; Python's parser gives up somewhere near a thousand,
depending on how deep it is called."""

_LOOP = "it is a link that leads back to itself"
_WORDS = {
    errno.ELOOP: _LOOP,
    errno.ENAMETOOLONG: "its name is too long for a file",
    errno.EACCES: "you may not read it",
    errno.EPERM: "you may not read it",
    errno.EISDIR: "it is a folder",
    errno.ENOENT: "it does not exist",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
}
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_MOST_LETTERS = 80
"""Of a path in a message: more help nobody."""


class UnreadableError(ChaosError):
    """What a path leads to cannot be read, or is not what it should be.

    Attributes:
        why: Half a sentence that follows the path: "it is a folder".
        is_missing: Whether there is nothing at all at the path.
    """

    def __init__(self, path: Path, why: str, fix: str, *, is_missing: bool = False) -> None:
        self.why = why
        self.fix = fix
        self.is_missing = is_missing
        super().__init__(f"{shown(path)} cannot be read: {why}; {fix}")


class PathState(Enum):
    """What is at a path."""

    FILE = "file"
    FOLDER = "folder"
    NOTHING = "nothing"


def look(path: Path) -> PathState:
    """What is at a path, links followed.

    Raises:
        UnreadableError: It is neither a file nor a folder, or nobody can tell.

    Example:
        >>> look(Path("/")), look(Path("/no/such/file"))
        (<PathState.FOLDER: 'folder'>, <PathState.NOTHING: 'nothing'>)
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raised = _unreadable(path, error)
        if raised.is_missing and not path.is_symlink():
            return PathState.NOTHING
        if raised.is_missing:
            raised = UnreadableError(
                path, f"it is a link to {shown(_end(path))}, which does not exist", "remove it"
            )
        raise raised from None
    if stat.S_ISDIR(found.st_mode):
        return PathState.FOLDER
    _check_is_file(path, found.st_mode)
    return PathState.FILE


def resolved(path: Path | str) -> Path:
    """A path without links, for comparing; of a link in a ring, as far as it leads.

    ``Path.resolve`` raises an error of its own there, and another for a NUL.
    """
    text = os.fspath(path)
    return Path(os.path.realpath(text)) if "\0" not in text else Path(text)


def read_bytes(path: Path, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The content of a regular file; of a larger one the first ``most_bytes``, and one more.

    Raises:
        UnreadableError: It is no regular file, or it cannot be read.
    """
    with _opened(path) as file:
        # A file may grow while it is read, so that its size says nothing.
        return file.read(most_bytes + 1)


def read_lines(path: Path) -> Iterator[bytes]:
    r"""The lines of a regular file of any length, each with its end; the last may have none.

    Raises:
        UnreadableError: It is no regular file, it cannot be read, or a line has no end in sight.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "two")
        ...     _ = path.write_bytes(b"one\ntwo")
        ...     list(read_lines(path))
        [b'one\n', b'two']
    """
    with _opened(path) as file:
        while line := file.readline(_LONGEST_LINE + 1):
            if len(line) > _LONGEST_LINE:
                why = f"it has a line of more than {_LONGEST_LINE >> 20} MiB"
                raise UnreadableError(path, why, "name another file")
            yield line


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        # Whoever opens a named pipe to read would wait until somebody writes.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise UnreadableError(path, _WORDS[errno.EISDIR], "name a file")
        _check_is_file(path, mode)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(descriptor)


def read_text(path: Path, *, most_bytes: int = MOST_BYTES) -> str:
    """The text of a file.

    Raises:
        UnreadableError: As `read_bytes`; or it is too large, or not UTF-8.
    """
    raw = read_bytes(path, most_bytes=most_bytes)
    if len(raw) > most_bytes:
        most = f"{most_bytes // 1024:,} KiB"
        raise UnreadableError(path, f"it is larger than {most}", "name another file")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        why = f"byte 0x{raw[error.start]:02x} in line {line} is not UTF-8"
        raise UnreadableError(path, why, "save it as UTF-8") from None


class NotJsonError(ValueError):
    """A text is not JSON that can be used; ``str()`` says where and why."""


def parse_json(text: str) -> Any:  # noqa: ANN401 - JSON is anything
    """Read JSON as its standard has it, and no deeper than a person can read.

    Raises:
        NotJsonError: It is not JSON, has a number that is none or a key twice, or nests too deep.

    Example:
        >>> parse_json('{"a": [1, NaN]}')
        Traceback (most recent call last):
        chaos.inputs.NotJsonError: NaN is not a number
    """
    try:
        found = json.loads(text, object_pairs_hook=_mapping, parse_constant=_no_number)
        _check_depth(found)
    except RecursionError:
        raise NotJsonError(_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise NotJsonError(f"{where}: {error.msg}") from None
    except NotJsonError:
        raise
    except ValueError as error:  # For example a number of more digits than Python reads.
        raise NotJsonError(str(error)) from None
    return found


def is_path(text: object) -> TypeGuard[str]:
    r"""Whether a value can be the path of a file, of whatever file.

    Example:
        >>> is_path("a.yaml"), is_path("\0"), is_path(7)
        (True, False, False)
    """
    return isinstance(text, str) and bool(text) and "\0" not in text


def shown(path: Path | str) -> str:
    """A path inside a message: in quotes, on one line, and not too long.

    Example:
        >>> shown(Path("a.yaml")), len(shown("x" * 5000)) < 100
        ("'a.yaml'", True)
    """
    text = os.fspath(path)
    if len(text) > _MOST_LETTERS:
        text = f"{text[: _MOST_LETTERS // 2]}…{text[-_MOST_LETTERS // 4 :]}"
    return repr(text)


_TOO_DEEP = f"it nests deeper than {_DEEPEST} levels"


def _check_is_file(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = next((name for is_it, name in _KINDS if is_it(mode)), "something else")
        raise UnreadableError(
            path, f"it is {what}, not a regular file", "save what it gives, and name that file"
        )


def _unreadable(path: Path, error: OSError | ValueError) -> UnreadableError:
    if isinstance(error, ValueError):  # "embedded null byte" is all that it says.
        return UnreadableError(path, "its name has a NUL in it", "correct the name")
    why = _WORDS.get(error.errno or 0) or (error.strerror or str(error)).lower()
    is_missing = error.errno in {errno.ENOENT, errno.ENOTDIR}
    fix = "remove the link" if why is _LOOP else "name another file"
    return UnreadableError(path, why, fix, is_missing=is_missing)


def _end(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return "nothing"


def _no_number(word: str) -> float:
    raise NotJsonError(f"{word} is not a number")


def _mapping(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise NotJsonError(f"key {shown(key)} is given twice")
        found[key] = value
    return found


def _check_depth(top: object) -> None:
    level: list[Any] = [top]
    for _ in range(_DEEPEST + 1):
        inside: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inside += value.values()
            elif isinstance(value, list):
                inside += value
        if not inside:
            return
        level = inside
    raise NotJsonError(_TOO_DEEP)
