"""Moderations: what a text is flagged for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from chaos.http import Response, json_response
from chaos.upstreams.declared import Declared, by
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.model_names import DEFAULT_MODERATION
from chaos.upstreams.openai.models import Catalogue

CATEGORIES = {
    "harassment": ("text",),
    "harassment/threatening": ("text",),
    "hate": ("text",),
    "hate/threatening": ("text",),
    "illicit": ("text",),
    "illicit/violent": ("text",),
    "self-harm": ("text", "image"),
    "self-harm/instructions": ("text", "image"),
    "self-harm/intent": ("text", "image"),
    "sexual": ("text", "image"),
    "sexual/minors": ("text",),
    "violence": ("text", "image"),
    "violence/graphic": ("text", "image"),
}
"""Every category, and the kinds of input that it looks at."""

_FLAGGED = 0.98


class TextInput(Declared):
    """A part that is text."""

    type: Literal["text"] = Field(description="Tells the parts apart.")
    text: str = Field(description="Flagged for each category that it names.")


class ImageUrl(Declared):
    """Where a picture is."""

    url: str = Field(description="Not looked at.")


class ImageInput(Declared):
    """A part that is a picture."""

    type: Literal["image_url"] = Field(description="Tells the parts apart.")
    image_url: ImageUrl = Field(description="Never flagged.")


def _form(sent: object) -> str:
    if not isinstance(sent, list):
        return "<text>"
    return "<parts>" if isinstance(next(iter(sent), None), dict) else "<texts>"


Part = Annotated[
    Annotated[TextInput, Tag("<text>")] | Annotated[ImageInput, Tag("<image_url>")], by("type")
]
Input = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[list[str], Field(min_length=1), Tag("<texts>")]
    | Annotated[list[Part], Tag("<parts>")],
    Discriminator(_form),
]


class ModerationRequest(Declared):
    """``POST /moderations``."""

    input: Input = Field(description="A text, several texts, or the parts of one input.")
    model: str | None = Field(default=None, description="One of the models it has.")

    @property
    def inputs(self) -> Sequence[tuple[str, frozenset[str]]]:
        """Each text to be judged, with the kinds of input it came as."""
        match self.input:
            case str(text):
                return [(text, frozenset({"text"}))]
            case [str(), *_] as texts:
                return [(str(text), frozenset({"text"})) for text in texts]
            case parts:
                said = " ".join(part.text for part in parts if isinstance(part, TextInput))
                kinds = {"text" if isinstance(part, TextInput) else "image" for part in parts}
                return [(said, frozenset(kinds))]


class ModerationsApi:
    """Judges texts: one is flagged for a category if it has its name in it.

    Example:
        >>> flags("This is harassment.")
        ['harassment']
    """

    def __init__(self, models: Catalogue) -> None:
        self._models = models

    def create(self, asked: Asked) -> Response:
        """A judgement of each input."""
        request = asked.body(ModerationRequest)
        name = request.model or DEFAULT_MODERATION
        self._models.find(name, "moderation", asked)
        results = [_result(text, kinds) for text, kinds in request.inputs]
        payload = {"id": asked.new_id("modr-", 32), "model": name, "results": results}
        return json_response(200, payload)


def flags(text: str) -> list[str]:
    """The categories that a text is flagged for: those whose name it has in it."""
    said = f" {_words(text)} "
    return [name for name in CATEGORIES if f" {_words(name)} " in said]


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _result(text: str, kinds: frozenset[str]) -> dict[str, Any]:
    flagged = flags(text)
    return {
        "flagged": bool(flagged),
        "categories": {name: name in flagged for name in CATEGORIES},
        "category_scores": {name: _score(text, name, flagged) for name in CATEGORIES},
        "category_applied_input_types": {
            name: [kind for kind in looked_at if kind in kinds]
            for name, looked_at in CATEGORIES.items()
        },
    }


def _score(text: str, name: str, flagged: Sequence[str]) -> float:
    """A score that is high for what is flagged, and low and different for the rest."""
    drawn = hashlib.sha256(f"{name}/{text}".encode()).digest()[0] / 25_600
    return _FLAGGED + drawn if name in flagged else drawn
