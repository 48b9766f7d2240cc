"""Addresses as they may be shown: without the name and password that some carry."""

from __future__ import annotations

import re

# Up to the last "@" before a space: a password that nobody escaped may hold any of "/", "?", "@".
_CREDENTIALS = re.compile(r"(?<=://)[^\s'\"]*@")


def redacted(text: str) -> str:
    """Return ``text`` without what stands before the ``@`` of the addresses in it.

    Example:
        >>> redacted("cannot reach http://user:secret@proxy.example.com:3128/")
        'cannot reach http://proxy.example.com:3128/'
    """
    return _CREDENTIALS.sub("", text)
