"""Kinds of settings that are more than text or a number: addresses, keys, headers, names.

A value that no client could use is a mistake of whoever set it, and stays until it is mended. So
it is said at the start, as of any other setting, and not with every question.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OF_THE_BODY = frozenset({"content-length", "content-type", "transfer-encoding", "connection"})
"""Headers that the client sets for each request; another value would break every one."""

_HOST = re.compile(r"\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[?[0-9A-Fa-f:.]+\]?")
_QUOTES = ('"', "'", "`")


def is_sendable(text: str) -> bool:
    r"""Return whether a header of HTTP can carry ``text``: printable ASCII, on one line.

    Example:
        >>> is_sendable("sk-abc"), is_sendable("sk-abc\n"), is_sendable("Bärenbude")
        (True, False, False)
    """
    return text.isascii() and text.isprintable()


def parse_headers(text: str) -> dict[str, str]:
    r"""Return headers by name, from lines such as ``X-Team: it``.

    Raises:
        ValueError: A line is not a header that can be sent.

    Example:
        >>> parse_headers("X-Team: it\nX-Cost-Centre: 4357")
        {'X-Team': 'it', 'X-Cost-Centre': '4357'}
    """
    headers = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _HEADER_NAME.fullmatch(name) or not is_sendable(value):
            raise ValueError("a line is not a header")
        if name.lower() in _OF_THE_BODY:
            raise ValueError("a header that belongs to each body")
        headers[name] = value
    return headers


def _url(text: str) -> str:
    parts = urlsplit(text)
    # Reading the port raises if it is none.
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError("not an address")
    if not is_sendable(text) or " " in text:
        raise ValueError("characters that no address has")
    # Paths are put behind it, and would become a part of these.
    if parts.query or parts.fragment:
        raise ValueError("more than an address")
    return text


def _key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value().strip(" ")
    # Quotes come from files of variables, of which not every reader takes them off.
    if not text or not is_sendable(text) or " " in text or text.startswith(_QUOTES):
        raise ValueError("characters that no key has")
    return SecretStr(text)


def _sendable(text: str) -> str:
    if not is_sendable(text) or text.startswith(_QUOTES):
        raise ValueError("characters that no header has")
    # Around it, no client sends them, and some refuse the whole request.
    return text.strip(" ")


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("not a line of text")
    return text


def _hosts(text: str) -> str:
    names = [name.strip() for name in text.split(",")]
    if not all(_HOST.fullmatch(name) for name in names):
        raise ValueError("not names with commas between them")
    return text


def _folder(path: Path) -> Path:
    # Shells put the home folder in place of the tilde, and nobody else does.
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError("the home folder does not exist") from error


def _headers(text: SecretStr) -> SecretStr:
    parse_headers(text.get_secret_value())
    return text


def _no_folder_up(prefix: str) -> str:
    if prefix.startswith("/") or ".." in prefix.split("/") or not prefix.isprintable():
        raise ValueError("not the start of an object's name")
    return prefix


Url = Annotated[str, AfterValidator(_url)]
Key = Annotated[SecretStr, AfterValidator(_key)]
HeaderText = Annotated[str, AfterValidator(_sendable)]
Headers = Annotated[SecretStr, AfterValidator(_headers)]
Line = Annotated[str, AfterValidator(_line)]
Hosts = Annotated[str, AfterValidator(_hosts)]
Folder = Annotated[Path, AfterValidator(_folder)]
Prefix = Annotated[str, AfterValidator(_no_folder_up)]
