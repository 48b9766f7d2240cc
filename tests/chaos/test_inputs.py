"""What comes from outside has an end, and what is wrong with it is said in one sentence."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos import inputs
from chaos.inputs import (
    NotJsonError,
    PathState,
    UnreadableError,
    look,
    parse_json,
    read_bytes,
    read_text,
)


def link_to_itself(folder: Path) -> Path:
    """Make one: link to itself."""
    path = folder / "loop"
    path.symlink_to("loop")
    return path


def ring_of_links(folder: Path) -> Path:
    """Make one: ring of links."""
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
    return folder / "one"


def named_pipe(folder: Path) -> Path:
    """Make one: named pipe."""
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def link_to_a_pipe(folder: Path) -> Path:
    """Make one: link to a pipe."""
    named_pipe(folder)
    (folder / "link").symlink_to("pipe")
    return folder / "link"


def listening_socket(folder: Path) -> Path:
    """Make one: listening socket."""
    path = folder / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
    return path


def long_name(folder: Path) -> Path:
    """Make one: long name."""
    return folder / ("x" * 5000)


def name_with_a_nul(folder: Path) -> Path:
    """Make one: name with a nul."""
    return folder / "a\0b"


def endless_device(folder: Path) -> Path:
    """Make one: endless device."""
    del folder
    return Path("/dev/zero")


def below_a_file(folder: Path) -> Path:
    """Make one: below a file."""
    (folder / "file").touch()
    return folder / "file" / "below"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (link_to_itself, "a link that leads back to itself"),
        (ring_of_links, "a link that leads back to itself"),
        (named_pipe, "a named pipe, not a regular file"),
        (link_to_a_pipe, "a named pipe, not a regular file"),
        (listening_socket, "a socket, not a regular file|no such device"),
        (long_name, "too long for a file"),
        (name_with_a_nul, "has a NUL in it"),
        (endless_device, "a device, not a regular file"),
        (below_a_file, "is a file"),
        (lambda folder: folder, "it is a folder"),
    ],
    ids=lambda each: getattr(each, "__name__", "because"),
)
def test_reading_ends_in_one_sentence(
    make: Callable[[Path], Path], why: str, tmp_path: Path
) -> None:
    """Whatever a path leads to: no wait without end, and no error of the file system."""
    path = make(tmp_path)

    with pytest.raises(UnreadableError, match=why) as refused:
        read_bytes(path)

    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("make", [link_to_itself, named_pipe, long_name, name_with_a_nul])
def test_looking_tells_what_reading_would(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """A path is looked at before it is read; that must not raise anything else."""
    with pytest.raises(UnreadableError):
        look(make(tmp_path))


def test_link_that_leads_nowhere_is_not_just_missing(tmp_path: Path) -> None:
    """Its end is named: what is missing is not what was typed."""
    (tmp_path / "link").symlink_to("gone.yaml")

    with pytest.raises(UnreadableError, match=r"a link to 'gone.yaml', which does not exist"):
        look(tmp_path / "link")
    assert look(tmp_path / "nothing") is PathState.NOTHING


def test_large_file_is_read_no_further_than_allowed(tmp_path: Path) -> None:
    """A file may be larger than the memory."""
    path = tmp_path / "large"
    path.write_bytes(b"x" * 1000)

    assert len(read_bytes(path, most_bytes=10)) == 11
    with pytest.raises(UnreadableError, match="larger than"):
        read_text(path, most_bytes=10)


def test_file_of_many_lines_has_no_limit_but_each_line_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search may write for days; what has no lines at all is not read to its end."""
    monkeypatch.setattr(inputs, "_LONGEST_LINE", 8)
    path = tmp_path / "search"
    path.write_bytes(b"1234567\n" * 1000 + b"12345678")

    assert list(inputs.read_lines(path)) == [b"1234567\n"] * 1000 + [b"12345678"]

    path.write_bytes(b"1234567\n" + b"x" * 9)
    with pytest.raises(inputs.UnreadableError, match="a line of more than"):
        list(inputs.read_lines(path))


def test_text_that_is_not_utf8_has_its_line(tmp_path: Path) -> None:
    """The place is worth more than the codec's own words."""
    path = tmp_path / "latin"
    path.write_bytes(b"one\ntwo \xe9\n")

    with pytest.raises(UnreadableError, match="byte 0xe9 in line 2 is not UTF-8"):
        read_text(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 100_000, "nests deeper than 100 levels"),
        ("[" * 150 + "]" * 150, "nests deeper than 100 levels"),
        ('{"a":' * 150 + "1" + "}" * 150, "nests deeper than 100 levels"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
        ('{"a": 1, "a": 2}', "key 'a' is given twice"),
        ("9" * 5000, "digits"),
        ('{"a": 1,\n  }', "line 2 column 3"),
        ("", "line 1 column 1"),
    ],
    ids=lambda text: text[:12] or "nothing",
)
def test_json_that_cannot_be_used_is_refused_with_a_reason(text: str, why: str) -> None:
    """Python reads more than JSON, and gives up at depths of its own."""
    with pytest.raises(NotJsonError, match=why):
        parse_json(text)


def test_json_as_deep_as_our_own_is_read() -> None:
    """The bound is far from anything that is written by hand or by us."""
    assert parse_json("[" * 50 + "]" * 50)
