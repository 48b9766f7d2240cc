"""What streams, fallbacks and refreshes say is held against what was seen."""

from __future__ import annotations

import json

import pytest

from chaos.http import Response
from chaos.ports import Answer
from chaos.targets.helpdesk.audit import Seen, answered, refreshed
from chaos.targets.helpdesk.responses import streamed
from helpdesk.events import Event, IndexServed, RefreshEnded


def stream(*events: tuple[str, object]) -> Response:
    """A response of these events."""
    body = "".join(f"event: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in events)
    return Response(
        status=200, headers=(("content-type", "text/event-stream"),), body=body.encode()
    )


def token(text: str) -> tuple[str, object]:
    """A piece of an answer."""
    return "token", {"text": text}


def end(text: str, mode: str = "llm") -> tuple[str, object]:
    """The whole of it."""
    return "answer", {"text": text, "mode": mode}


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (stream(token("Press "), token("it."), end("Press it.")), []),
        (stream(token("Press "), end("See the article.", "fallback")), []),
        (
            stream(end("Press it.")),
            ["text as it was written: the service says '', and it is 'Press it.'"],
        ),
        (Response(status=200, body=b"{}"), []),
    ],
    ids=["whole", "broken off", "nothing on the way", "no stream"],
)
def test_pieces_of_a_stream_are_its_answer(response: Response, told: list[str]) -> None:
    """Whoever has read along has read the answer."""
    assert list(streamed(response)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Sorry.\n\n## One\n\ntext\n\n### Part\n\n## Two\n\ntext", []),
        ("Sorry.\n\n## One\n\ntext", ["a fallback: it names 2 articles, and shows 1"]),
    ],
    ids=["both", "one"],
)
def test_fallback_shows_what_it_names(text: str, told: list[str]) -> None:
    """Parts of an article are no articles."""
    answer = Answer(mode="fallback", text=text, reason="timeout", sources=("one", "two"))

    assert list(answered([answer])) == told


def served(generation: str | None) -> Event:
    """An answer was looked for in it."""
    return IndexServed(state="fresh", generation=generation, age_s=0, sha256=None, reason=None)


def ended(outcome: str, generation: str, duration_s: float = 0.0) -> Event:
    """A refresh."""
    return RefreshEnded(
        outcome=outcome,  # type: ignore[arg-type] # what a wrong service says
        generation=generation,
        duration_s=duration_s,
        size_bytes=1,
    )


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([served(None), ended("updated", "1"), served("1"), ended("unchanged", "1")], None),
        # While a refresh runs, others may be served the new index before it says that it is there.
        ([served("2"), ended("updated", "2", 1.5)], None),
        ([served("1"), served("2"), ended("updated", "2", 1.5)], None),
        ([ended("updated", "2"), served("3"), ended("updated", "3", 1.5)], None),
        ([served("1"), ended("unchanged", "2")], "says 'unchanged' of generation 2"),
        ([served("1"), ended("updated", "1")], "says 'updated' of generation 1"),
        ([ended("updated", "1"), ended("updated", "1")], "and served 1 before"),
        ([ended("updated", "2"), ended("unchanged", "1")], "and served 2 before"),
        ([ended("updated", "1", -1.0)], "said to have taken -1.0 s"),
        ([ended("updated", "1", 1e9)], "said to have taken 1000000000.0 s"),
    ],
    ids=[
        "true",
        "first served meanwhile",
        "served meanwhile",
        "served meanwhile again",
        "changed",
        "the same",
        "twice",
        "back",
        "before it began",
        "longer than all",
    ],
)
def test_refresh_tells_what_it_changed_and_how_long_it_took(
    events: list[Event], told: str | None
) -> None:
    """By what was served before and after."""
    at_s = [float(number) for number, _ in enumerate(events)]
    found = list(refreshed(Seen(events=events, at_s=at_s, began_s=0.0)))

    assert (told is None and not found) or (told is not None and told in found[0])
