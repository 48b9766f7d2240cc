"""RESP, the protocol of Redis: commands as clients send them, and values as servers do."""

from __future__ import annotations

from dataclasses import dataclass

_END = b"\r\n"
_RESP_3 = 3


@dataclass(frozen=True, slots=True)
class Simple:
    """A short word, such as ``OK``."""

    word: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An error; its first word is the kind."""

    message: str

    @property
    def kind(self) -> str:
        """For example ``ERR`` or ``WRONGTYPE``."""
        return self.message.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class NoArray:
    """In place of a list that there is not: RESP 2 has a nothing of its own for it."""


Value = Simple | Refused | NoArray | bytes | int | None | list["Value"] | dict[bytes, "Value"]
"""What a server says."""

OK = Simple("OK")
NO_ARRAY = NoArray()


def first_command(data: bytes) -> tuple[list[bytes], int] | None:
    r"""The words of the first command, and how many bytes it takes; None if it is not whole.

    Raises:
        ValueError: These are no commands of a client.

    Example:
        >>> first_command(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4")
        ([b'GET', b'a'], 20)
        >>> first_command(b"*2\r\n$3\r\nGE")
    """
    found = _number(data, 0, b"*")
    if found is None:
        return None
    count, at = found
    words = []
    for _ in range(count):
        found = _number(data, at, b"$")
        if found is None:
            return None
        length, begin = found
        at = begin + length + len(_END)
        if len(data) < at:
            return None
        words.append(data[begin : begin + length])
    return words, at


def _number(data: bytes, at: int, mark: bytes) -> tuple[int, int] | None:
    """The number in the line that begins there, and where the next one begins."""
    if at < len(data) and data[at : at + 1] != mark:
        raise ValueError(
            f"a Redis client sent {data[at : at + 20]!r}; expected {mark!r} and a number, as RESP "
            "requires"
        )
    end = data.find(_END, at)
    return None if end < 0 else (int(data[at + 1 : end]), end + len(_END))


def encoded(value: Value, protocol: int) -> bytes:
    r"""A value as it is sent.

    Example:
        >>> encoded([b"a", 1, None], 2), encoded([b"a", 1, None], 3)
        (b'*3\r\n$1\r\na\r\n:1\r\n$-1\r\n', b'*3\r\n$1\r\na\r\n:1\r\n_\r\n')
    """
    match value:
        case Simple(word=word):
            sent = b"+%b\r\n" % word.encode()
        case Refused(message=message):
            sent = b"-%b\r\n" % message.encode()
        case NoArray():
            sent = b"*-1\r\n" if protocol < _RESP_3 else b"_\r\n"
        case None:
            sent = b"$-1\r\n" if protocol < _RESP_3 else b"_\r\n"
        case bytes():
            sent = b"$%d\r\n%b\r\n" % (len(value), value)
        case int():
            sent = b":%d\r\n" % value
        case dict():
            pairs = [each for pair in value.items() for each in pair]
            many = b"*%d\r\n" % len(pairs) if protocol < _RESP_3 else b"%%%d\r\n" % len(value)
            sent = many + b"".join(encoded(each, protocol) for each in pairs)
        case list():
            many = b"*%d\r\n" % len(value)
            sent = many + b"".join(encoded(each, protocol) for each in value)
    return sent
