"""The items of a conversation, as a request to the Responses API declares them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from chaos.upstreams.declared import KIND, TEXT_OR_LIST, Declared, by, not_modelled_value
from chaos.upstreams.openai.chat.messages import ToolName
from chaos.upstreams.openai.item_ids import begins_with
from chaos.upstreams.openai.pictures import PictureUrl

Status = Literal["in_progress", "completed", "incomplete"]
CallId = Annotated[str, Field(min_length=1, max_length=64)]
_KIND = "Tells the items apart."
_PART = "Tells the parts apart."
_BACK = "Taken back as it was given."


class InputText(Declared):
    """A part that is text."""

    type: Literal["input_text"] = Field(description=_PART)
    text: str = Field(description="Read together with the other parts.")


class InputImage(Declared):
    """A part that is a picture."""

    type: Literal["input_image"] = Field(description=_PART)
    image_url: PictureUrl = Field(description="Checked for its form; part of the conversation.")
    detail: Annotated[
        Literal["auto", "low", "high", "original"], not_modelled_value("original")
    ] = Field(default="auto", description="Decides how many tokens the picture costs.")


class OutputText(Declared):
    """A part of what the model said."""

    type: Literal["output_text"] = Field(description=_PART)
    text: str = Field(description="Part of the conversation.")
    annotations: list[dict[str, Any]] | None = Field(default=None, description=_BACK)
    logprobs: list[dict[str, Any]] | None = Field(default=None, description=_BACK)


class OutputRefusal(Declared):
    """What the model said instead of an answer."""

    type: Literal["refusal"] = Field(description=_PART)
    refusal: str = Field(description="Part of the conversation.")


Part = Annotated[
    Annotated[InputText, Tag("<input_text>")]
    | Annotated[InputImage, Tag("<input_image>")]
    | Annotated[OutputText, Tag("<output_text>")]
    | Annotated[OutputRefusal, Tag("<refusal>")],
    by("type"),
]
Parts = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[list[Part], Tag("<list>")], TEXT_OR_LIST
]


class MessageItem(Declared):
    """Something that was said, by whomever."""

    type: Literal["message"] = Field(default="message", description=_KIND)
    role: Literal["user", "assistant", "system", "developer"] = Field(
        description="The last thing that a user said is the question."
    )
    content: Parts = Field(description="Read as one text; part of the conversation.")
    id: Annotated[str, begins_with("msg")] | None = Field(default=None, description=_BACK)
    status: Status | None = Field(default=None, description=_BACK)
    phase: Literal["commentary", "final_answer"] | None = Field(default=None, description=_BACK)


class CallItem(Declared):
    """A call that the model made."""

    type: Literal["function_call"] = Field(description=_KIND)
    call_id: CallId = Field(description="An output has to answer it.")
    name: ToolName = Field(description="Part of the conversation.")
    arguments: str = Field(description="Part of the conversation.")
    id: Annotated[str, begins_with("fc")] | None = Field(default=None, description=_BACK)
    status: Status | None = Field(default=None, description=_BACK)


class OutputItem(Declared):
    """What a tool returned."""

    type: Literal["function_call_output"] = Field(description=_KIND)
    call_id: CallId = Field(description="Has to be the id of a call before it.")
    output: Parts = Field(description="Part of the conversation.")
    id: str | None = Field(default=None, description=_BACK)
    status: Status | None = Field(default=None, description=_BACK)


class SummaryText(Declared):
    """A part of what the model thought."""

    type: Literal["summary_text"] = Field(description=_PART)
    text: str = Field(description="Part of the conversation.")


class ReasoningItem(Declared):
    """What the model thought before."""

    type: Literal["reasoning"] = Field(description=_KIND)
    id: Annotated[str, begins_with("rs")] = Field(description=_BACK)
    summary: list[SummaryText] = Field(description="Part of the conversation.")
    encrypted_content: str | None = Field(default=None, description=_BACK)
    status: Status | None = Field(default=None, description=_BACK)


def _kind_of_item(sent: object) -> str:
    """Messages need not say that they are; what is only an id refers to an item of before."""
    if not isinstance(sent, dict):
        return f"<{getattr(sent, KIND, None)}>"
    return f"<{sent.get(KIND) or ('message' if 'role' in sent else 'item_reference')}>"


_kind_of_item.__name__ = KIND  # as `by` does it

Item = Annotated[
    Annotated[MessageItem, Tag("<message>")]
    | Annotated[CallItem, Tag("<function_call>")]
    | Annotated[OutputItem, Tag("<function_call_output>")]
    | Annotated[ReasoningItem, Tag("<reasoning>")],
    Discriminator(_kind_of_item),
]
Input = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[list[Item], Tag("<list>")], TEXT_OR_LIST
]


def text_of(content: Parts) -> str:
    """The text of a message, its parts with a space between them.

    Example:
        >>> text_of([InputText(type="input_text", text=each) for each in ("Is the", "VPN down?")])
        'Is the VPN down?'
    """
    if isinstance(content, str):
        return content
    return " ".join(part.text for part in content if isinstance(part, InputText | OutputText))
