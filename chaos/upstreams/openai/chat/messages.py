"""The messages of a chat request, as it declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from chaos.upstreams.declared import (
    TEXT_OR_LIST,
    Declared,
    NotModelled,
    by,
    not_modelled,
    not_modelled_value,
)
from chaos.upstreams.openai.pictures import PictureUrl

ToolName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")]
PersonName = Annotated[str, Field(min_length=1, pattern=r"^[^\s<|\\/>]+$")]
CallId = Annotated[str, Field(max_length=40)]


class TextPart(Declared):
    """A part that is text."""

    type: Literal["text"] = Field(description="Tells the parts apart.")
    text: str = Field(description="Read together with the other parts.")


class ImageUrl(Declared):
    """Where a picture is."""

    url: PictureUrl = Field(description="Checked for its form; part of the conversation.")
    detail: Annotated[
        Literal["auto", "low", "high", "original"], not_modelled_value("original")
    ] = Field(default="auto", description="Decides how many tokens the picture costs.")


class ImagePart(Declared):
    """A part that is a picture."""

    type: Literal["image_url"] = Field(description="Tells the parts apart.")
    image_url: ImageUrl = Field(description="A picture; the model does not describe it.")


class RefusalPart(Declared):
    """A part in which the model refused."""

    type: Literal["refusal"] = Field(description="Tells the parts apart.")
    refusal: str = Field(description="Part of the conversation.")


TextParts = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[list[TextPart], Field(min_length=1), Tag("<list>")],
    TEXT_OR_LIST,
]
UserPart = Annotated[
    Annotated[TextPart, Tag("<text>")] | Annotated[ImagePart, Tag("<image_url>")],
    by("type"),
]
UserParts = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[list[UserPart], Field(min_length=1), Tag("<list>")],
    TEXT_OR_LIST,
]
AssistantPart = Annotated[
    Annotated[TextPart, Tag("<text>")] | Annotated[RefusalPart, Tag("<refusal>")], by("type")
]
AssistantParts = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[list[AssistantPart], Field(min_length=1), Tag("<list>")],
    TEXT_OR_LIST,
]

_NAME = "Tells people of one role apart; part of the conversation."
_CONTENT = "Read as one text; part of the conversation."


class SystemMessage(Declared):
    """Instructions, as older models call them."""

    role: Literal["system"] = Field(description="Tells the messages apart.")
    content: TextParts = Field(description=_CONTENT)
    name: PersonName | None = Field(default=None, description=_NAME)


class DeveloperMessage(Declared):
    """Instructions, as newer models call them."""

    role: Literal["developer"] = Field(description="Tells the messages apart.")
    content: TextParts = Field(description=_CONTENT)
    name: PersonName | None = Field(default=None, description=_NAME)


class UserMessage(Declared):
    """What the user said: the last one is the question."""

    role: Literal["user"] = Field(description="Tells the messages apart.")
    content: UserParts = Field(description=_CONTENT)
    name: PersonName | None = Field(default=None, description=_NAME)


class CalledFunction(Declared):
    """A function that the model called."""

    name: ToolName = Field(description="Part of the conversation.")
    arguments: str = Field(description="Part of the conversation.")


class FunctionCall(Declared):
    """A call that the model made."""

    id: CallId = Field(description="A tool message has to answer it.")
    type: Literal["function"] = Field(description="Tells the calls apart.")
    function: CalledFunction = Field(description="What was called.")


AnyCall = Annotated[Annotated[FunctionCall, Tag("<function>")], by("type")]


class AssistantMessage(Declared):
    """What the model said before."""

    role: Literal["assistant"] = Field(description="Tells the messages apart.")
    content: AssistantParts | None = Field(default=None, description=_CONTENT)
    refusal: str | None = Field(default=None, description="Part of the conversation.")
    name: PersonName | None = Field(default=None, description=_NAME)
    tool_calls: Annotated[list[AnyCall], Field(min_length=1)] | None = Field(
        default=None, description="Each has to be answered by a tool message."
    )
    annotations: list[NotModelled] | None = Field(
        default=None, max_length=0, description="Taken back as it was given: empty."
    )
    audio: NotModelled = Field(default=None, description="Only null, as SDKs send it back.")
    function_call: NotModelled = Field(default=None, description="Only null, the same.")


class ToolMessage(Declared):
    """What a tool returned."""

    role: Literal["tool"] = Field(description="Tells the messages apart.")
    content: TextParts = Field(description=_CONTENT)
    tool_call_id: CallId = Field(description="Has to be the id of a call before it.")


Message = Annotated[
    Annotated[SystemMessage, Tag("<system>")]
    | Annotated[AssistantMessage, Tag("<assistant>")]
    | Annotated[UserMessage, Tag("<user>")]
    | Annotated[ToolMessage, Tag("<tool>")]
    | Annotated[DeveloperMessage, Tag("<developer>")],
    by("role"),
    not_modelled("role", "function"),
]

PICTURE_TOKENS = {"auto": 765, "low": 85, "high": 765}
"""What a picture costs at each detail; real pictures in high detail cost more or less by size."""


def text_of(content: TextParts | UserParts | AssistantParts | None) -> str:
    """The text of a message, its parts with a space between them.

    Example:
        >>> text_of([TextPart(type="text", text=each) for each in ("Is the", "VPN down?")])
        'Is the VPN down?'
    """
    if content is None or isinstance(content, str):
        return content or ""
    return " ".join(part.text for part in content if isinstance(part, TextPart))
