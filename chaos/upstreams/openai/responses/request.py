"""A request to the Responses API, as it declares itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from chaos.upstreams.declared import (
    TEXT_OR_OBJECT,
    Declared,
    DeclaredQuery,
    NotModelled,
    by,
    only,
)
from chaos.upstreams.openai.chat.messages import ToolName
from chaos.upstreams.openai.chat.request import (
    NOTHING_TO_SEE,
    SAMPLING,
    AsJsonObject,
    AsText,
    CacheKey,
    Effort,
    Metadata,
    Percent,
    SafetyIdentifier,
)
from chaos.upstreams.openai.responses.items import Input

Includable = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]
LOGPROBS = "message.output_text.logprobs"
Include = Annotated[Includable, only("reasoning.encrypted_content", LOGPROBS)]


class FunctionTool(Declared):
    """A function that the model may call."""

    type: Literal["function"] = Field(description="Tells the tools apart.")
    name: ToolName = Field(description="Called if the question has it in it, or if one must be.")
    description: str | None = Field(default=None, description="Counted as tokens.")
    parameters: dict[str, Any] | None = Field(
        default=None, description="Arguments fit this JSON schema; none without it."
    )
    strict: bool | None = Field(
        default=None, description="If true, the schema has to be closed, or the request is a 400."
    )


AnyTool = Annotated[
    Annotated[FunctionTool, Tag("<function>")],
    by("type"),
]


class FunctionChoice(Declared):
    """The function that has to be called."""

    type: Literal["function"] = Field(description="Tells the choices apart.")
    name: ToolName = Field(description="The one that is called.")


class AllowedChoice(Declared):
    """The tools that may be called this time."""

    type: Literal["allowed_tools"] = Field(description="Tells the choices apart.")
    mode: Literal["auto", "required"] = Field(description="As `tool_choice` without a list.")
    tools: Annotated[list[FunctionChoice], Field(min_length=1)] = Field(
        description="Those that may be called this time."
    )


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("<text>")]
    | Annotated[
        Annotated[
            Annotated[FunctionChoice, Tag("<function>")]
            | Annotated[AllowedChoice, Tag("<allowed_tools>")],
            by("type"),
        ],
        Tag("<object>"),
    ],
    TEXT_OR_OBJECT,
]


class AsJsonSchema(Declared):
    """JSON of one shape."""

    type: Literal["json_schema"] = Field(description="The text is JSON that fits the schema.")
    name: ToolName = Field(description="For messages only.")
    schema_: dict[str, Any] = Field(alias="schema", description="The shape.")
    description: str | None = Field(default=None, description="Counted as tokens.")
    strict: bool | None = Field(
        default=None, description="If true, the schema has to be closed, or the request is a 400."
    )


class TextConfig(Declared):
    """What kind of text is wanted."""

    format: (
        Annotated[
            Annotated[AsText, Tag("<text>")]
            | Annotated[AsJsonObject, Tag("<json_object>")]
            | Annotated[AsJsonSchema, Tag("<json_schema>")],
            by("type"),
        ]
        | None
    ) = Field(default=None, description="Prose, JSON, or JSON of a shape.")
    verbosity: Literal["low", "medium", "high"] | None = Field(default=None, description=SAMPLING)


class Reasoning(Declared):
    """How a reasoning model thinks."""

    effort: Effort | None = Field(default=None, description="How many tokens it thinks.")
    summary: Literal["auto", "concise", "detailed"] | None = Field(
        default=None, description="What it thought comes in one sentence."
    )


class StreamOptions(Declared):
    """What a stream has besides its text."""

    include_obfuscation: bool | None = Field(
        default=None, description="Unless false, each delta has random letters of varying length."
    )


class ResponseRequest(Declared):
    """``POST /responses``."""

    model: Annotated[str, Field(min_length=1)] = Field(description="One of the models it has.")
    input: Input | None = Field(
        default=None,
        description="A question, or the items of a conversation; needed unless one goes on.",
    )
    instructions: str | None = Field(
        default=None, description="Part of this turn, and not of those that follow it."
    )
    previous_response_id: str | None = Field(
        default=None, description="The conversation goes on from there."
    )
    store: bool | None = Field(
        default=None, description="Unless false, the response can be retrieved and gone on from."
    )
    stream: bool | None = Field(default=None, description="The answer comes as events.")
    stream_options: StreamOptions | None = Field(default=None, description="Needs `stream`.")
    background: bool | None = Field(
        default=None, description="Queued, then in progress, then done by the clock."
    )
    max_output_tokens: Annotated[int, Field(ge=16)] | None = Field(
        default=None, description="The response is incomplete after so many, thoughts included."
    )
    max_tool_calls: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Counts calls of built-in tools, and there are none."
    )
    tools: Annotated[list[AnyTool], Field(max_length=128)] | None = Field(
        default=None, description="The model calls one if the question names it, or if it must."
    )
    tool_choice: ToolChoice | None = Field(
        default=None, description="Which tools may be called, or must be."
    )
    parallel_tool_calls: bool | None = Field(
        default=None, description="If false, one call at most."
    )
    text: TextConfig | None = Field(default=None, description="What kind of text is wanted.")
    reasoning: Reasoning | None = Field(
        default=None, description="For reasoning models; an effort is a 400 for others."
    )
    include: list[Include] | None = Field(
        default=None, description="Encrypted thoughts, and the probabilities of tokens."
    )
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = Field(
        default=None, description="So many alternatives for each token, if those are included."
    )
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        default=None, description=SAMPLING + " A 400 for reasoning models."
    )
    top_p: Percent | None = Field(default=None, description=SAMPLING)
    truncation: Literal["auto", "disabled"] | None = Field(
        default=None,
        description="If `auto`, the beginning of a conversation that is too long is left out.",
    )
    metadata: Metadata | None = Field(default=None, description="Comes back with the response.")
    service_tier: (
        Annotated[
            Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"],
            only("auto", "default"),
        ]
        | None
    ) = Field(default=None, description="Every answer is of the default tier.")
    user: str | None = Field(default=None, description="Comes back with the response.")
    safety_identifier: SafetyIdentifier | None = Field(
        default=None, description="Comes back with the response."
    )
    prompt_cache_key: CacheKey | None = Field(
        default=None, description="Nothing comes from a cache, which the provider may do too."
    )
    prompt_cache_retention: Literal["in_memory", "24h"] | None = Field(
        default=None, description=NOTHING_TO_SEE
    )
    conversation: NotModelled = Field(default=None, description="Only null.")
    prompt: NotModelled = Field(default=None, description="Only null.")


class RetrieveQuery(DeclaredQuery):
    """``GET /responses/{id}``."""

    stream: bool | None = Field(default=None, description="The events are sent once more.")
    starting_after: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Only the events after this one."
    )
    include_obfuscation: bool | None = Field(
        default=None, description="Unless false, each delta has random letters."
    )
