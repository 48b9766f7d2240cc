"""Bodies of requests as JSON, read as strictly as providers read them, not as Python does."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

_HALF_OF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


def parsed(raw: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    r"""What a body says.

    Python also reads UTF-16, a byte order mark, ``NaN``, numbers that are infinite, and halves of
    surrogate pairs, which are no text. No provider does.

    Raises:
        ValueError: It is no JSON, or nested deeper than anybody reads.

    Example:
        >>> parsed(b'{"n": 1}')
        {'n': 1}
        >>> for raw in (b'{"n": NaN}', b"1e999", b'"\\ud83d"', b"\xef\xbb\xbf1", b"[" * 99_999):
        ...     try:
        ...         parsed(raw)
        ...     except ValueError as error:
        ...         print(error)
        NaN is no JSON
        1e999 is no number that can be told from infinity
        half of a surrogate pair is no text
        a byte order mark is no JSON
        nested too deep
    """
    text = raw.decode()
    if text.startswith("\ufeff"):
        raise ValueError("a byte order mark is no JSON")
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if _HALF_OF_A_PAIR.search(raw):
            # Whole pairs have been put together by now.
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deep") from None
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is no text") from None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is no number that can be told from infinity")
    return number
