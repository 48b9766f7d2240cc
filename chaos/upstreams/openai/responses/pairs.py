"""Items that belong together: thoughts of the model, and what it said or did because of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chaos.upstreams.openai.errors import error, invalid_request
from chaos.upstreams.openai.responses.items import CallItem, Item, MessageItem, ReasoningItem
from chaos.upstreams.refusal import RefusalError

_NOT_KEPT = (
    " Items are not persisted when `store` is set to false. Try again with `store` set to true, "
    "or remove this item from your input."
)


class KnownItems:
    """What the provider remembers of the items that it gave out in one run.

    A service that keeps the conversation itself has to send thoughts back with what came of them.
    """

    def __init__(self) -> None:
        self._thoughts: dict[str, bool] = {}
        self._came_of: dict[str, str] = {}

    def remember(self, output: Sequence[Mapping[str, Any]], *, is_stored: bool) -> None:
        """Remember the items of an answer.

        Args:
            output: They, as the response shows them.
            is_stored: Whether the response is kept; of others, thoughts have to come back
                encrypted.
        """
        thought = next((item["id"] for item in output if item["type"] == "reasoning"), None)
        if thought is None:
            return
        self._thoughts[thought] = is_stored
        if is_stored:
            others = (item["id"] for item in output if item["type"] != "reasoning")
            self._came_of.update(dict.fromkeys(others, thought))

    def forget(self, output: Sequence[Mapping[str, Any]]) -> None:
        """Forget the items of a response that was deleted."""
        for item in output:
            self._thoughts.pop(item["id"], None)
            self._came_of.pop(item["id"], None)

    def require_pairs(self, before: Sequence[Item], sent: Sequence[Item]) -> None:
        """See to it that thoughts and what came of them are sent together.

        Args:
            before: Items of the conversation that goes on.
            sent: Items of this request.

        Raises:
            RefusalError: Thoughts are not known, or one is sent without the other.
        """
        seen = {item.id for item in before if isinstance(item, ReasoningItem)}
        for place, item in enumerate(sent):
            if isinstance(item, ReasoningItem):
                self._require_known(item)
                _require_next(item, sent[place + 1 :])
                seen.add(item.id)
            elif isinstance(item, CallItem | MessageItem):
                thought = self._came_of.get(item.id or "")
                if thought is not None and thought not in seen:
                    message = f"Item '{item.id}' of type '{item.type}' was provided without its "
                    message += f"required 'reasoning' item: '{thought}'."
                    raise RefusalError(invalid_request(message, "input"))

    def _require_known(self, item: ReasoningItem) -> None:
        if item.encrypted_content is not None or self._thoughts.get(item.id):
            return
        message = f"Item with id '{item.id}' not found."
        message += _NOT_KEPT if item.id in self._thoughts else ""
        raise RefusalError(error(404, message, kind="invalid_request_error", param="input"))


def _require_next(item: ReasoningItem, rest: Sequence[Item]) -> None:
    """What follows thoughts, other thoughts aside, is what the model made of them."""
    following = next((each for each in rest if not isinstance(each, ReasoningItem)), None)
    is_message = isinstance(following, MessageItem) and following.role == "assistant"
    if is_message or isinstance(following, CallItem):
        return
    message = f"Item '{item.id}' of type 'reasoning' was provided without its required following "
    raise RefusalError(invalid_request(f"{message}item.", "input"))
