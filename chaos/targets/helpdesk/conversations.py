"""What the model was told, held against what it should be told.

The specification has a paragraph for each kind of question. Reading it, or the kinds, from the
service would let a wrong one vouch for itself: here are the questions of the scenarios whose kind
a person has decided, and how each paragraph begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chaos.http import Request, Response
from chaos.ports import Answer
from chaos.upstreams.openai import OpenAIUpstream

_PARAGRAPHS = {
    "password": "This is about a password",
    "access": "This is about permission",
    "security": "This may be a security incident",
    "email": "This is about mail",
    "printing": "This is about printing",
    "mobile": "This is about a phone",
    "network": "This is about the network",
    "hardware": "This is about a device",
    "software": "This is about a program",
    "general": "The kind of question is unclear",
}

_KINDS = {
    "How do I reset my password?": "password",
    "Who approves access to a shared folder?": "access",
    "How do I report a phishing e-mail?": "security",
    "My mailbox is full": "email",
    "How do I add a printer?": "printing",
    "I lost my phone": "mobile",
    "Is the VPN down?": "network",
    "My laptop battery drains too fast": "hardware",
    "How do I update Windows?": "software",
    "Where is the company handbook?": "general",
}


class ListeningUpstream(OpenAIUpstream):
    """OpenAI's stand-in, which remembers requests, and the conversations to continue."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.heard: list[Sequence[Mapping[str, Any]]] = []

    def handle(self, request: Request) -> Response:
        """Remember, and answer."""
        self.requests.append(request)
        if request.path.endswith("/chat/completions"):
            messages = json.loads(request.body).get("messages", ())
            if messages not in self.heard:
                self.heard.append(messages)
        return super().handle(request)


def told_wrongly(
    heard: Sequence[Sequence[Mapping[str, Any]]], asked: Sequence[tuple[str, Answer]]
) -> Iterator[str]:
    """Everything that the model was told, and should not have been.

    Args:
        heard: The conversations.
        asked: Every question with its answer.
    """
    articles: dict[str, list[set[str]]] = {}
    for messages in heard:
        system, user = (str(each["content"]) for each in messages)
        question = _question(user)
        if question is None or question not in {each for each, _ in asked}:
            yield f"the model was asked {question!r}, which nobody has asked"
            continue
        articles.setdefault(question, []).append(set(re.findall(r'<article id="([^"]*)">', user)))
        kind = _KINDS.get(question)
        given = [each for each, begins in _PARAGRAPHS.items() if begins in system]
        if kind is not None and given != [kind]:
            yield f"the model was told that {question!r} is about {given}, and it is about {kind}"
    for question, answer in asked:
        if answer.mode == "llm" and set(answer.sources) not in articles.get(question, []):
            yield f"{question!r}: the answer names {answer.sources}, which the model was not given"


def _question(user: str) -> str | None:
    """The question in a message; None if it has none."""
    found = re.search(r"<question>\n(.*)\n</question>\Z", user, re.DOTALL)
    # Tags of ours that somebody has written in a question were broken up.
    return found and found[1].replace("&lt;", "<")
