"""A request to Anthropic's messages API, as it declares itself."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Tag
from pydantic_core import PydanticCustomError

from chaos.upstreams.declared import (
    TEXT_OR_LIST,
    Declared,
    DeclaredQuery,
    NotModelled,
    by,
    not_modelled,
    only,
)

_BLOCK = "Tells the blocks apart."
_CHOICE = "Tells the choices apart."
_SAMPLING = "Checked; the stand-in's model has one text for a prompt, whatever the odds."
ToolName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]


def _require_base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise PydanticCustomError("base64", "invalid base64 data") from None
    return text


Base64Str = Annotated[str, AfterValidator(_require_base64)]


def _require_visible(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError(BLANK_STOP, "a blank")
    return text


BLANK_STOP = "blank_stop"
"""Our name in pydantic for a stop sequence of nothing but blanks."""

StopSequence = Annotated[str, AfterValidator(_require_visible)]


class CacheControl(Declared):
    """A place up to which the prompt may be kept in a cache."""

    type: Literal["ephemeral"] = Field(description="The only kind.")
    ttl: Literal["5m", "1h"] | None = Field(
        default=None, description="Nothing comes from a cache, which the provider may do too."
    )


_CACHE = "Checked; nothing comes from a cache, which the provider may do too."


class TextBlock(Declared):
    """A block of text."""

    type: Literal["text"] = Field(description=_BLOCK)
    text: str = Field(description="Read with the other blocks.")
    cache_control: CacheControl | None = Field(default=None, description=_CACHE)
    citations: Annotated[object, only(None, [])] = Field(
        default=None, description="Only empty, as it was given."
    )


class Base64Source(Declared):
    """A picture in the request."""

    type: Literal["base64"] = Field(description="Tells the sources apart.")
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"] = Field(
        description="Checked."
    )
    data: Base64Str = Field(description="Checked for its form; part of the conversation.")


class UrlSource(Declared):
    """A picture elsewhere."""

    type: Literal["url"] = Field(description="Tells the sources apart.")
    url: Annotated[str, Field(pattern=r"^https?://")] = Field(
        description="Checked for its form; part of the conversation."
    )


class ImageBlock(Declared):
    """A picture."""

    type: Literal["image"] = Field(description=_BLOCK)
    source: Annotated[
        Annotated[Base64Source, Tag("<base64>")] | Annotated[UrlSource, Tag("<url>")], by("type")
    ] = Field(description="The model does not describe it.")
    cache_control: CacheControl | None = Field(default=None, description=_CACHE)


class ToolUseBlock(Declared):
    """A call that the model made."""

    type: Literal["tool_use"] = Field(description=_BLOCK)
    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")] = Field(
        description="A result has to answer it."
    )
    name: ToolName = Field(description="Part of the conversation.")
    input: dict[str, Any] = Field(description="Part of the conversation.")
    caller: Annotated[object, only(None, {"type": "direct"})] = Field(
        default=None, description="Only the model itself, as it was given."
    )
    toolset_name: NotModelled = Field(default=None, description="Only null, as it was given.")
    cache_control: CacheControl | None = Field(default=None, description=_CACHE)


Inside = Annotated[
    Annotated[TextBlock, Tag("<text>")] | Annotated[ImageBlock, Tag("<image>")], by("type")
]


class ToolResultBlock(Declared):
    """What a tool returned."""

    type: Literal["tool_result"] = Field(description=_BLOCK)
    tool_use_id: str = Field(description="Has to be the id of a call right before it.")
    content: Annotated[
        Annotated[str, Tag("<text>")] | Annotated[list[Inside], Tag("<list>")], TEXT_OR_LIST
    ] = Field(default="", description="Part of the conversation.")
    is_error: bool = Field(default=False, description="Part of the conversation.")
    cache_control: CacheControl | None = Field(default=None, description=_CACHE)


class ThinkingBlock(Declared):
    """What the model thought before."""

    type: Literal["thinking"] = Field(description=_BLOCK)
    thinking: str = Field(description="Part of the conversation.")
    signature: str = Field(description="Taken back as it was given.")


Block = Annotated[
    Annotated[TextBlock, Tag("<text>")]
    | Annotated[ImageBlock, Tag("<image>")]
    | Annotated[ToolUseBlock, Tag("<tool_use>")]
    | Annotated[ToolResultBlock, Tag("<tool_result>")]
    | Annotated[ThinkingBlock, Tag("<thinking>")],
    by("type"),
]
Blocks = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[list[Block], Tag("<list>")], TEXT_OR_LIST
]


class SaidMessage(Declared):
    """One message; the last one of the user is the question."""

    role: Literal["user", "assistant"] = Field(description="Who said it.")
    content: Blocks = Field(description="Read as one text; part of the conversation.")


Message = Annotated[SaidMessage, not_modelled("role", "system")]


class Tool(Declared):
    """A tool of the client's own."""

    type: Annotated[str | None, only(None, "custom")] = Field(
        default=None, description="Tools of Anthropic's own are not modelled."
    )
    name: ToolName = Field(description="Called if the question has it in it, or if one must be.")
    description: str | None = Field(default=None, description="Counted as tokens.")
    input_schema: dict[str, Any] = Field(description="Arguments fit this JSON schema.")
    strict: bool | None = Field(default=None, description="Arguments fit the schema anyway.")
    cache_control: CacheControl | None = Field(default=None, description=_CACHE)


class AutoChoice(Declared):
    """The model may call a tool."""

    type: Literal["auto"] = Field(description=_CHOICE)
    disable_parallel_tool_use: bool = Field(default=False, description="One call at most.")


class AnyChoice(Declared):
    """The model has to call a tool."""

    type: Literal["any"] = Field(description=_CHOICE)
    disable_parallel_tool_use: bool = Field(default=False, description="Exactly one call.")


class ToolChoice(Declared):
    """The model has to call one tool."""

    type: Literal["tool"] = Field(description=_CHOICE)
    name: ToolName = Field(description="The one that is called.")
    disable_parallel_tool_use: bool = Field(default=False, description="Exactly one call.")


class NoChoice(Declared):
    """The model calls no tool."""

    type: Literal["none"] = Field(description=_CHOICE)


AnyToolChoice = Annotated[
    Annotated[AutoChoice, Tag("<auto>")]
    | Annotated[AnyChoice, Tag("<any>")]
    | Annotated[ToolChoice, Tag("<tool>")]
    | Annotated[NoChoice, Tag("<none>")],
    by("type"),
]


class ThinkingEnabled(Declared):
    """The model thinks, and shows it."""

    type: Literal["enabled"] = Field(description=_CHOICE)
    budget_tokens: Annotated[int, Field(ge=1024)] = Field(
        description="Less than `max_tokens`; a tenth of it is used."
    )


class ThinkingDisabled(Declared):
    """The model does not think."""

    type: Literal["disabled"] = Field(description=_CHOICE)


class JsonFormat(Declared):
    """JSON of one shape."""

    type: Literal["json_schema"] = Field(description="The text is JSON that fits the schema.")
    schema_: dict[str, Any] = Field(alias="schema", description="The shape.")


class OutputConfig(Declared):
    """What kind of answer is wanted."""

    format: JsonFormat | None = Field(default=None, description="JSON of one shape.")
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None, description=_SAMPLING
    )


class Metadata(Declared):
    """Who is behind the request."""

    user_id: Annotated[str, Field(max_length=256)] | None = Field(
        default=None, description="Checked; nothing that an answer shows depends on it."
    )


class MessageRequest(Declared):
    """``POST /v1/messages``."""

    model: Annotated[str, Field(min_length=1)] = Field(description="One of the models it has.")
    messages: Annotated[list[Message], Field(min_length=1)] = Field(
        description="The conversation; results have to answer the calls right before them."
    )
    max_tokens: Annotated[int, Field(ge=1)] = Field(
        description="The text ends after so many tokens, thoughts included."
    )
    system: (
        Annotated[
            Annotated[str, Tag("<text>")] | Annotated[list[TextBlock], Tag("<list>")], TEXT_OR_LIST
        ]
        | None
    ) = Field(default=None, description="Part of the conversation.")
    stream: bool | None = Field(default=None, description="The answer comes as events.")
    stop_sequences: list[StopSequence] | None = Field(
        default=None, description="The text ends before the first of these, and says which."
    )
    tools: list[Tool] | None = Field(
        default=None, description="The model calls one if the question names it, or if it must."
    )
    tool_choice: AnyToolChoice | None = Field(
        default=None, description="Which tools may be called, or must be; needs `tools`."
    )
    thinking: (
        Annotated[
            Annotated[ThinkingEnabled, Tag("<enabled>")]
            | Annotated[ThinkingDisabled, Tag("<disabled>")],
            by("type"),
        ]
        | None
    ) = Field(default=None, description="Whether thoughts come before the answer.")
    output_config: OutputConfig | None = Field(
        default=None, description="What kind of answer is wanted."
    )
    temperature: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description=_SAMPLING
    )
    top_p: Annotated[float, Field(ge=0, le=1)] | None = Field(default=None, description=_SAMPLING)
    top_k: Annotated[int, Field(ge=0)] | None = Field(default=None, description=_SAMPLING)
    metadata: Metadata | None = Field(default=None, description="Checked.")
    service_tier: Literal["auto", "standard_only"] | None = Field(
        default=None, description="Every answer is of the standard tier."
    )
    cache_control: CacheControl | None = Field(default=None, description=_CACHE)


class CountRequest(Declared):
    """``POST /v1/messages/count_tokens``."""

    model: Annotated[str, Field(min_length=1)] = Field(description="One of the models it has.")
    messages: Annotated[list[Message], Field(min_length=1)] = Field(description="Counted.")
    system: (
        Annotated[
            Annotated[str, Tag("<text>")] | Annotated[list[TextBlock], Tag("<list>")], TEXT_OR_LIST
        ]
        | None
    ) = Field(default=None, description="Counted.")
    tools: list[Tool] | None = Field(default=None, description="Counted.")
    tool_choice: AnyToolChoice | None = Field(default=None, description="Costs nothing.")


class ModelsQuery(DeclaredQuery):
    """``GET /v1/models``."""

    limit: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=20, description="The page has so many models at most."
    )
    after_id: str | None = Field(default=None, description="The page begins after this one.")
    before_id: str | None = Field(default=None, description="The page ends before this one.")
