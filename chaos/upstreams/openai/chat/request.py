"""A chat request, as it declares itself: every parameter that the stand-in models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from chaos.upstreams.declared import (
    TEXT_OR_LIST,
    TEXT_OR_OBJECT,
    Declared,
    NotModelled,
    by,
    not_modelled_value,
    only,
)
from chaos.upstreams.openai.chat.messages import Message, ToolName

STORED_ONLY = "Needs `store`; kept with the completion, and filtered by in its list."
SAMPLING = "Checked; the stand-in's model has one text for a prompt, whatever the odds."
NOTHING_TO_SEE = "Checked; nothing that an answer shows depends on it."


class FunctionDefinition(Declared):
    """A function that the model may call."""

    name: ToolName = Field(description="Called if the question has it in it, or if one must be.")
    description: Annotated[str, Field(max_length=1024)] | None = Field(
        default=None, description="Counted as tokens."
    )
    parameters: dict[str, Any] | None = Field(
        default=None, description="Arguments fit this JSON schema; none without it."
    )
    strict: bool | None = Field(
        default=None, description="If true, the schema has to be closed, or the request is a 400."
    )


class FunctionTool(Declared):
    """A tool that is a function."""

    type: Literal["function"] = Field(description="Tells the tools apart.")
    function: FunctionDefinition = Field(description="What can be called.")


AnyTool = Annotated[Annotated[FunctionTool, Tag("<function>")], by("type")]


class FunctionName(Declared):
    """A function by its name."""

    name: ToolName = Field(description="One of the request's tools.")


class FunctionChoice(Declared):
    """The function that has to be called."""

    type: Literal["function"] = Field(description="Tells the choices apart.")
    function: FunctionName = Field(description="The one that is called.")


class AllowedTools(Declared):
    """Some of the tools, and whether one of them has to be called."""

    mode: Literal["auto", "required"] = Field(description="As `tool_choice` without a list.")
    tools: Annotated[list[FunctionChoice], Field(min_length=1)] = Field(
        description="Those that may be called this time."
    )


class AllowedChoice(Declared):
    """The tools that may be called this time."""

    type: Literal["allowed_tools"] = Field(description="Tells the choices apart.")
    allowed_tools: AllowedTools = Field(description="Which ones.")


NamedChoice = Annotated[
    Annotated[FunctionChoice, Tag("<function>")]
    | Annotated[AllowedChoice, Tag("<allowed_tools>")],
    by("type"),
]
ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("<text>")]
    | Annotated[NamedChoice, Tag("<object>")],
    TEXT_OR_OBJECT,
]


class JsonSchema(Declared):
    """The shape of an answer."""

    name: ToolName = Field(description="For messages only.")
    description: str | None = Field(default=None, description="Counted as tokens.")
    schema_: dict[str, Any] = Field(alias="schema", description="The text is JSON that fits it.")
    strict: bool | None = Field(
        default=None, description="If true, the schema has to be closed, or the request is a 400."
    )


class AsText(Declared):
    """Any text."""

    type: Literal["text"] = Field(description="The text is prose.")


class AsJsonObject(Declared):
    """Any JSON object."""

    type: Literal["json_object"] = Field(
        description="The text is a JSON object; it is a 400 if no message speaks of JSON."
    )


class AsJsonSchema(Declared):
    """JSON of one shape."""

    type: Literal["json_schema"] = Field(description="The text is JSON that fits the schema.")
    json_schema: JsonSchema = Field(description="The shape.")


ResponseFormat = Annotated[
    Annotated[AsText, Tag("<text>")]
    | Annotated[AsJsonObject, Tag("<json_object>")]
    | Annotated[AsJsonSchema, Tag("<json_schema>")],
    by("type"),
]


class StreamOptions(Declared):
    """What a stream has besides its text."""

    include_usage: bool | None = Field(
        default=None, description="A last chunk without choices has the usage."
    )
    include_obfuscation: bool | None = Field(
        default=None, description="Unless false, each chunk has random letters of varying length."
    )


# What an empty one would stop, the provider's pages do not say.
Stop = Annotated[str, not_modelled_value("")]
Stops = Annotated[
    Annotated[Stop, Tag("<text>")]
    | Annotated[Annotated[list[Stop], Field(min_length=1, max_length=4)], Tag("<list>")],
    TEXT_OR_LIST,
]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
    Field(max_length=16),
]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Percent = Annotated[float, Field(ge=0, le=1)]
SafetyIdentifier = Annotated[str, Field(max_length=128)]
CacheKey = Annotated[str, Field(max_length=64)]


class ChatRequest(Declared):
    """``POST /chat/completions``."""

    model: Annotated[str, Field(min_length=1)] = Field(description="One of the models it has.")
    messages: Annotated[list[Message], Field(min_length=1)] = Field(
        description="The conversation; tool messages have to answer the calls before them."
    )
    n: Annotated[int, Field(ge=1, le=128)] | None = Field(
        default=None, description="So many choices, each with a text of its own."
    )
    stream: bool | None = Field(default=None, description="The answer comes as events.")
    stream_options: StreamOptions | None = Field(default=None, description="Needs `stream`.")
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="The text ends after so many tokens; a 400 for reasoning models."
    )
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="The same, thoughts included."
    )
    stop: Stops | None = Field(
        default=None, description="The text ends before the first of these."
    )
    tools: Annotated[list[AnyTool], Field(min_length=1, max_length=128)] | None = Field(
        default=None, description="The model calls one if the question names it, or if it must."
    )
    tool_choice: ToolChoice | None = Field(
        default=None, description="Which tools may be called, or must be; needs `tools`."
    )
    parallel_tool_calls: bool | None = Field(
        default=None, description="If false, one call at most; needs `tools`."
    )
    response_format: ResponseFormat | None = Field(
        default=None, description="Whether the text is prose, JSON, or JSON of a shape."
    )
    logprobs: bool | None = Field(
        default=None, description="Each token comes with its log probability."
    )
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = Field(
        default=None, description="And with so many alternatives; needs `logprobs`."
    )
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        default=None, description=SAMPLING + " Reasoning models take 1 only."
    )
    top_p: Percent | None = Field(default=None, description=SAMPLING)
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = Field(
        default=None, description=SAMPLING
    )
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = Field(
        default=None, description=SAMPLING
    )
    seed: Seed | None = Field(
        default=None, description="The same request has the same answer anyway."
    )
    reasoning_effort: Effort | None = Field(
        default=None, description="How many tokens a reasoning model thinks; a 400 for others."
    )
    verbosity: Literal["low", "medium", "high"] | None = Field(default=None, description=SAMPLING)
    store: bool | None = Field(
        default=None, description="The completion can be retrieved, listed and deleted."
    )
    metadata: Metadata | None = Field(default=None, description=STORED_ONLY)
    service_tier: (
        Annotated[
            Literal["auto", "default", "flex", "scale", "priority", "fast"],
            only("auto", "default", None),
        ]
        | None
    ) = Field(default=None, description="Every answer is of the default tier.")
    modalities: list[Annotated[Literal["text", "audio"], only("text")]] | None = Field(
        default=None, description="Text only."
    )
    logit_bias: Annotated[dict[str, float], only({})] | None = Field(
        default=None, description="Only if it is empty."
    )
    user: str | None = Field(default=None, description=NOTHING_TO_SEE)
    safety_identifier: SafetyIdentifier | None = Field(default=None, description=NOTHING_TO_SEE)
    prompt_cache_key: CacheKey | None = Field(
        default=None, description="Nothing comes from a cache, which the provider may do too."
    )
    prompt_cache_retention: Literal["in_memory", "24h"] | None = Field(
        default=None, description="The same."
    )
    audio: NotModelled = Field(default=None, description="Only null.")
    functions: NotModelled = Field(default=None, description="Only null; `tools` took its place.")
    function_call: NotModelled = Field(default=None, description="Only null, the same.")
