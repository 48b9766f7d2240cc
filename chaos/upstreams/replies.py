"""What a model is told to say: texts, calls of tools, refusals, and answers that break off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Ends = Literal["stop", "length", "content_filter"]
"""Why a model stops: it is done, its tokens have run out, or a filter cut it off."""


@dataclass(frozen=True, slots=True)
class Says:
    """The model answers with a text.

    Args:
        text: What it says; anything but a text is said as JSON.
        ends: Why it stops there, in the words of chat completions; other APIs have their own.

    Example:
        >>> Says({"open": True}).text
        '{"open": true}'
    """

    text: str
    ends: Ends

    def __init__(self, text: object, ends: Ends = "stop") -> None:
        said = text if isinstance(text, str) else json.dumps(text)
        object.__setattr__(self, "text", said)
        object.__setattr__(self, "ends", ends)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that the model wants to be made.

    Attributes:
        name: Of the tool.
        arguments: As the model writes them: JSON in a text, if the model is right.
    """

    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Calls:
    """The model asks for tools.

    Args:
        name: The tool.
        arguments: A mapping; a text is sent as it is, for arguments that are no JSON.
        before: What the model says first.

    Example:
        >>> Calls("refund", order=7).calls
        (ToolCall(name='refund', arguments='{"order": 7}'),)
        >>> [call.name for call in (Calls("refund", order=7) & Calls("mail")).calls]
        ['refund', 'mail']
    """

    calls: tuple[ToolCall, ...]
    before: str | None

    def __init__(
        self,
        name: str,
        raw: str | Mapping[str, Any] | None = None,
        /,
        *,
        before: str | None = None,
        **arguments: Any,  # noqa: ANN401 - whatever the tool takes
    ) -> None:
        written = raw if isinstance(raw, str) else json.dumps({**(raw or {}), **arguments})
        object.__setattr__(self, "calls", (ToolCall(name, written),))
        object.__setattr__(self, "before", before)

    def __and__(self, other: Calls) -> Calls:
        """Both, in one turn of the model."""
        both = object.__new__(Calls)
        object.__setattr__(both, "calls", self.calls + other.calls)
        object.__setattr__(both, "before", self.before or other.before)
        return both


@dataclass(frozen=True, slots=True)
class Refuses:
    """The model declines; what it says is not an answer."""

    text: str = "I'm sorry, but I can't help with that."


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """The provider fails while the model speaks.

    In a stream the tokens come first, and then the provider's error; without a stream there is
    only the error.

    Attributes:
        after: How many tokens come before that.
        code: The provider's name for the error: ``server_error``, ``overloaded_error``; None for
            its usual one.
        reply: What the model was about to say.
        abrupt: Whether a stream of the Responses API ends in a bare ``error`` event rather than in
            ``response.failed``; other streams know one way only.
    """

    after: int = 3
    code: str | None = None
    reply: Says | None = None
    abrupt: bool = False


Reply = Says | Calls | Refuses | Breaks
"""One turn of the model."""


_BREAKS = frozenset({"after", "code", "say", "abrupt"})


def as_reply(written: object) -> Reply:
    """A reply, from itself or from plain data as a file holds it.

    Raises:
        ValueError: It is no reply; the text says what is expected.

    Example:
        >>> as_reply("Restart it.").text
        'Restart it.'
        >>> as_reply({"call": {"refund": {"order": 7}}}) == Calls("refund", order=7)
        True
        >>> as_reply({"refuse": "No."})
        Refuses(text='No.')
    """
    match written:
        case Says() | Calls() | Refuses() | Breaks():
            return written
        case str():
            return Says(written)
        case {"say": text, **rest} if not rest.keys() - {"finish_reason"}:
            return _says(text, rest.get("finish_reason", "stop"))
        case {"refuse": str(text), **rest} if not rest:
            return Refuses(text)
        case {"call": dict() as calls, **rest} if calls and not rest.keys() - {"before"}:
            return _calls(calls, rest.get("before"))
        case {"break": dict() as how, **rest} if not rest and not how.keys() - _BREAKS:
            said = Says(how["say"]) if "say" in how else None
            others = {key: value for key, value in how.items() if key != "say"}
            return Breaks(reply=said, **others)
        case _:
            raise ValueError(
                f"{written!r} is not a reply; expected a text, {{say: ...}}, {{call: {{tool: "
                f"{{arguments}}}}}}, {{refuse: ...}} or {{break: {{after: ..., code: ...}}}}; see "
                "chaos.upstreams.replies"
            )


def _says(text: object, ends: Any) -> Says:  # noqa: ANN401 - plain data
    if ends not in get_args(Ends):
        raise ValueError(f"{ends!r} is not a reason to stop; expected one of {get_args(Ends)}")
    return Says(text, ends)


def _calls(calls: Mapping[str, Any], before: Any) -> Calls:  # noqa: ANN401 - plain data
    first, *others = (Calls(name, arguments, before=before) for name, arguments in calls.items())
    for each in others:
        first &= each
    return first
