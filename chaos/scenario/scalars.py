"""What an unquoted word of YAML 1.2 means: a number, true, nothing, or just text."""

from __future__ import annotations

import re
from collections.abc import Callable

from chaos.units import format_number

Scalar = str | int | float | bool | None

MOST_DIGITS = 18
"""A longer number is nothing that a scenario could mean."""

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...] = (
    (re.compile(rf"[-+]?[0-9]{{1,{MOST_DIGITS}}}"), int),
    (re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(?:[0-9]{1,18}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?"), float),
)


def resolve(text: str) -> Scalar:
    """The value of a plain scalar, by the core schema of YAML 1.2.

    Two things differ, because no scenario needs them: infinities and numbers too long to be
    meant stay text, so that a check for a number refuses them.

    Example:
        >>> [resolve(word) for word in ("7", "1.5", "true", "~", "on", "07", ".inf")]
        [7, 1.5, True, None, 'on', 7, '.inf']
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    for pattern, convert in _NUMBERS:
        if pattern.fullmatch(text):
            return convert(text)
    return text


def write(value: object) -> str:
    """The value as it would be written in a scenario, in one line, quoted only where it must be.

    Example:
        >>> [write(value) for value in ("open", "7", "a: b", True, None, 1.5)]
        ['open', "'7'", "'a: b'", 'true', 'null', '1.5']
        >>> write({"age": "2h", "tags": ["a", "b"]})
        '{age: 2h, tags: [a, b]}'
    """
    match value:
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[value]
        case float():
            return format_number(value)
        case str():
            return _write_text(value)
        case dict():
            pairs = (f"{write(key)}: {write(each)}" for key, each in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list() | tuple():
            return f"[{', '.join(map(write, value))}]"
        case _:
            return str(value)


# Safe in flow collections too, where a comma or a bracket would end the text.
_PLAIN = re.compile(r"(?:[\w./]|-(?=\d))(?:[\w*./ -]|->|\?(?! ))*(?<! )")


def _write_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and resolve(text) is text:
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return f'"{escaped}"'
