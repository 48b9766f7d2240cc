"""What is said between a customer, the model and its tool; no request is made here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

MODEL = "gpt-4o-mini"

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "refund",
            "description": "Give a customer the money for an order back.",
            "parameters": {
                "type": "object",
                "properties": {"order": {"type": "integer"}},
                "required": ["order"],
            },
        },
    }
]

INSTRUCTIONS = "You help customers of a shop. Refund what was broken."


class UnusableError(Exception):
    """The model's answer can neither be shown nor acted on."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A call of the tool: which order, and under which id the model waits for the result."""

    call: str
    order: int

    @property
    def key(self) -> str:
        """By which the bank knows it again, however often, and by whom, it is asked for it."""
        return f"refund-of-order-{self.order}"


@dataclass(slots=True)
class Conversation:
    """What one customer wants, as far as it has come.

    Attributes:
        messages: Everything that was said, as the model is told it.
    """

    messages: list[Any] = field(default_factory=list)

    @classmethod
    def begun(cls, question: str) -> Conversation:
        """With what the customer wants."""
        said = [("system", INSTRUCTIONS), ("user", question)]
        return cls([{"role": role, "content": content} for role, content in said])

    def take(self, completion: Any) -> list[Refund]:  # noqa: ANN401 - checked below
        """Take the model's turn; returns what it wants done, or nothing if it is through.

        Raises:
            UnusableError: It was cut short, refused, or is none.
        """
        choices = getattr(completion, "choices", None)
        if not choices:
            raise UnusableError("the model has not answered")
        message, reason = choices[0].message, choices[0].finish_reason
        if reason == "tool_calls" and message.tool_calls:
            refunds = [_refund(call) for call in message.tool_calls]
            self.messages.append(message.model_dump(exclude_none=True))
            return refunds
        if reason != "stop" or not message.content:
            raise UnusableError(f"the model stopped for {reason!r}")
        self.messages.append({"role": "assistant", "content": message.content})
        return []

    def note(self, refund: Refund, result: str) -> None:
        """Tell the model what became of a refund."""
        self.messages.append({"role": "tool", "tool_call_id": refund.call, "content": result})

    @property
    def last_words(self) -> str:
        """What the model has said last."""
        return str(self.messages[-1]["content"])


def _refund(call: Any) -> Refund:  # noqa: ANN401 - the SDK has several kinds of calls
    try:
        order = json.loads(call.function.arguments)["order"]
    except (AttributeError, ValueError, LookupError, TypeError) as error:
        raise UnusableError("the model calls a tool that there is not") from error
    if not isinstance(order, int):
        raise UnusableError(f"{order!r} is not the number of an order")
    return Refund(call.id, order)
