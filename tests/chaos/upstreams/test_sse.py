"""Streams of events, taken apart and put together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.upstreams.sse import encode_events, payloads, split_events

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=3,
)


@settings(deadline=None)  # a busy machine is not a failure
@given(st.lists(JSON, max_size=3))
def test_events_carry_what_was_put_in(values: list[object]) -> None:
    """Whatever is encoded comes back, each in an event of its own."""
    body = encode_events(values)

    assert payloads(body) == values
    assert len(split_events(body)) == len(values) + 1
    assert b"".join(split_events(body)) == body


def test_half_an_event_is_none() -> None:
    """What comes after the last blank line is not an event yet."""
    assert split_events(b"data: 1\n\ndata: 2\n") == [b"data: 1\n\n"]
