"""Addresses as they may be shown: without the name, password or query that some carry."""

from __future__ import annotations

import re

# Up to the last "@" before a space: a password that nobody escaped may hold any of "/", "?", "@".
_CREDENTIALS = re.compile(r"(?<=://)[^\s'\"]*@")
_QUERY = re.compile(r"(://[^\s'\"?#]*[?#])[^\s'\"]+")
"""Keys travel in queries as well."""


def redacted(text: str) -> str:
    """Return ``text`` without what stands before the ``@`` and behind the ``?`` of addresses.

    Example:
        >>> redacted("cannot reach http://user:secret@proxy.example.com:3128/")
        'cannot reach http://proxy.example.com:3128/'
        >>> redacted("GET http://llm.example.com/v1?key=secret failed")
        'GET http://llm.example.com/v1?(hidden) failed'
    """
    return _QUERY.sub(r"\1(hidden)", _CREDENTIALS.sub("", text))
