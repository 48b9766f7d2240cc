"""The model behind every stand-in: what it makes of a prompt, whoever's API the prompt came by.

The text quotes the question and ends in a hash of all that was sent, so that whoever shows it can
be held to it: no two conversations get the same text, and half a text is not the text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from chaos.errors import ChaosError
from chaos.upstreams import tokens
from chaos.upstreams.instances import instance
from chaos.upstreams.replies import Breaks, Calls, Refuses, Says, ToolCall
from chaos.upstreams.schemas import Schema, misfit
from chaos.upstreams.script import ReplyScript

_QUOTED_WORDS = 8
_SHOWN = 60
"""Characters of a text that a message shows."""


class ScriptError(ChaosError, ValueError):
    """A script tells the model to say what it cannot say to this request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Something that the model may ask for; ``schema`` is that of its arguments."""

    name: str
    schema: Schema = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the model sees.

    Attributes:
        question: The last text of the user.
        turn: How often the model has spoken since that.
        conversation: All that was said, as JSON; it decides the reference.
        tools: Those it may call now.
        must_call: Whether it has to call one.
        one_call: Whether it may call only one.
        schema: What its text has to fit as JSON; empty for any object, None for any text.
    """

    question: str
    turn: int = 0
    conversation: str
    tools: Sequence[Tool] = ()
    must_call: bool = False
    one_call: bool = False
    schema: Schema | None = None

    def reference(self, choice: int = 0) -> str:
        """Ten hexadecimal digits that stand for the conversation and one of its answers."""
        salt = f"#{choice}" if choice else ""
        return hashlib.sha256((self.conversation + salt).encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the model does with a prompt.

    Attributes:
        text: What it says; None if it says nothing.
        refusal: What it says instead, if it refuses.
        calls: The tools it asks for.
        stopped: Whether the text ends where a stop sequence began; ``stop`` is which.
        cut: Whether its tokens ran out.
        filtered: Whether a filter cut it off.
        breaks: The provider fails on the way.
    """

    text: str | None = None
    refusal: str | None = None
    calls: Sequence[ToolCall] = ()
    stop: str | None = None
    cut: bool = False
    filtered: bool = False
    breaks: Breaks | None = None

    @property
    def said(self) -> str:
        """All that the model wrote, arguments of its calls included."""
        return "".join([self.text or "", self.refusal or "", *(c.arguments for c in self.calls)])

    @property
    def tokens(self) -> int:
        """How many tokens that is; a call costs one for its name."""
        written = (self.text, self.refusal, *(call.arguments for call in self.calls))
        return sum(tokens.count(each or "") for each in written) + len(self.calls)


def take_turn(prompt: Prompt, script: ReplyScript, *, choice: int = 0) -> Turn:
    """What the model does; the same prompt always gets the same.

    What the script says comes first. Otherwise the model calls a tool if it has to, or if the
    question names one that it has not called yet; else it says a text of its own.

    Args:
        prompt: What it sees.
        script: What it was told.
        choice: Which of several answers to the same prompt this is, from 0.

    Raises:
        ScriptError: The script wants what this request does not allow.
        SchemaError: A schema has keywords that are not modelled.

    Example:
        >>> sent = Prompt(question="Is the VPN down?", conversation="...")
        >>> take_turn(sent, ReplyScript()).text
        'You asked: "Is the VPN down?" Here is what usually helps, step by step. [ref ab5df625bc]'
    """
    match script.reply(prompt.question, turn=prompt.turn):
        case None:
            return _of_its_own(prompt, choice)
        case Says(text, ends):
            if prompt.must_call:
                raise ScriptError(_against(prompt, "says a text", "a call of a tool"))
            if ends == "stop":
                _hold_to(prompt, text)
            return Turn(text=text, cut=ends == "length", filtered=ends == "content_filter")
        case Calls(calls, before):
            offered = {tool.name for tool in prompt.tools}
            for call in calls:
                if call.name not in offered:
                    raise ScriptError(_against(prompt, f"calls {call.name!r}", _one_of(offered)))
            return Turn(text=before, calls=calls[:1] if prompt.one_call else calls)
        case Refuses(text):
            return Turn(refusal=text)
        case Breaks(reply=reply) as breaks:
            turn = _of_its_own(prompt, choice) if reply is None else Turn(text=reply.text)
            return replace(turn, breaks=breaks)


def end(turn: Turn, *, stops: Sequence[str] = (), limit: int | None = None) -> Turn:
    """The turn as far as it gets before a stop sequence comes or its tokens run out.

    Example:
        >>> end(Turn(text="one two three"), stops=["two"]).text
        'one '
        >>> cut = end(Turn(text="one two three"), limit=2)
        >>> cut.text, cut.cut
        ('one two', True)
    """
    if turn.text is not None and stops:
        found = [(turn.text.find(stop), stop) for stop in stops if stop in turn.text]
        if found:
            place, stop = min(found)
            turn = replace(turn, text=turn.text[:place], calls=(), stop=stop)
    if limit is None or turn.tokens <= limit:
        return turn
    text, left = _first(turn.text, limit)
    refusal, left = _first(turn.refusal, left)
    calls: list[ToolCall] = []
    for call in turn.calls:
        if left <= 0:
            break
        # A call that is cut has arguments that are no JSON any more.
        arguments, left = _first(call.arguments, left - 1)
        calls.append(replace(call, arguments=arguments or ""))
    return replace(turn, text=text, refusal=refusal, calls=tuple(calls), stop=None, cut=True)


def _first(text: str | None, limit: int) -> tuple[str | None, int]:
    """The first tokens of a text, and how many may still come."""
    if text is None:
        return None, limit
    words = tokens.split(text)
    return "".join(words[: max(limit, 0)]), limit - len(words)


def _of_its_own(prompt: Prompt, choice: int) -> Turn:
    reference = prompt.reference(choice)
    tool = _tool_for(prompt)
    if tool is not None:
        arguments = instance(tool.schema, reference) if tool.schema else {}
        return Turn(calls=(ToolCall(tool.name, json.dumps(arguments)),))
    if prompt.schema is not None:
        value = instance(prompt.schema, reference) if prompt.schema else {"answer": reference}
        return Turn(text=json.dumps(value))
    quote = " ".join(prompt.question.split()[:_QUOTED_WORDS])
    text = f'You asked: "{quote}" Here is what usually helps, step by step. [ref {reference}]'
    return Turn(text=text)


def _tool_for(prompt: Prompt) -> Tool | None:
    """The tool that the model calls of its own accord."""
    if prompt.turn == 0:
        words = " ".join(re.findall(r"\w+", prompt.question.casefold()))
        for tool in prompt.tools:
            name = " ".join(re.findall(r"[^\W_]+", tool.name.casefold()))
            if re.search(rf"\b{re.escape(name)}\b", words):
                return tool
    return prompt.tools[0] if prompt.must_call else None


def _hold_to(prompt: Prompt, text: str) -> None:
    """See to it that a scripted text is what the request wants, as a model's would be."""
    if prompt.schema is None:
        return
    try:
        value = json.loads(text)
    except ValueError:
        raise ScriptError(_against(prompt, "says what is not JSON", "JSON")) from None
    wrong = misfit(prompt.schema, value)
    if wrong is not None:
        raise ScriptError(
            _against(prompt, f"says {_beginning(text)} ({wrong})", "JSON that fits the schema")
        )


def _against(prompt: Prompt, does: str, wanted: str) -> str:
    # A question may come with all that was found for it; its end is what was asked.
    asked = " ".join(prompt.question.split())
    asked = asked if len(asked) <= _SHOWN else f"…{asked[-_SHOWN:]}"
    return (
        f"the script {does} in turn {prompt.turn} after {asked!r}; the request requires {wanted}; "
        "change the script"
    )


def _one_of(tools: Collection[str]) -> str:
    return f"a call of one of: {', '.join(sorted(tools))}" if tools else "no call: it has no tools"


def _beginning(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
