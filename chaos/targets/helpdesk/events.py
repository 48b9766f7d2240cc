"""The events that the helpdesk streams, as a browser reads them."""

from __future__ import annotations


def events_of(text: str) -> list[tuple[str, str]]:
    r"""The kind and the data of each event; comments are none.

    Example:
        >>> events_of('event: token\ndata: {"text": "Hi"}\n\n: still here\n\n')
        [('token', '{"text": "Hi"}')]
    """
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.splitlines() if line[:1] != ":")
        if "event" in fields:
            found.append((fields["event"], fields["data"]))
    return found
