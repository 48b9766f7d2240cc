"""Thoughts of a model, and what came of them, in conversations that a service keeps itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.replies import Calls
from tests.chaos.upstreams.openai.asking import client_of, respond, user

TOOL = {"type": "function", "name": "look_up", "parameters": {}, "strict": False}
ENCRYPTED = ["reasoning.encrypted_content"]


class Talk:
    """A conversation with a model that thinks, calls a tool, and then answers."""

    def __init__(self, **options: Any) -> None:
        self.client = client_of(OpenAIUpstream(answers=[Calls("look_up"), "It is up."]))
        self.options = {"model": "gpt-5", "tools": [TOOL], **options}
        self.first = respond(self.client, **self.options)
        self.thought, self.call = (item.to_dict() for item in self.first.output)
        call_id = self.call["call_id"]
        self.output = {"type": "function_call_output", "call_id": call_id, "output": "up"}

    def go_on(self, *items: Any, **options: Any) -> Any:
        """Send these items."""
        return respond(self.client, list(items), **(self.options | options))


def test_conversation_with_all_its_items_goes_on() -> None:
    """Thoughts, the call, and what the tool returned."""
    talk = Talk()

    assert talk.go_on(user("?"), talk.thought, talk.call, talk.output).output_text == "It is up."


def test_conversation_goes_on_from_a_response() -> None:
    """Then the provider has the thoughts."""
    talk = Talk()

    answer = talk.go_on(talk.output, previous_response_id=talk.first.id)

    assert answer.output_text == "It is up."


def test_call_without_its_thoughts_is_refused() -> None:
    """The id of the call tells the provider that there were some."""
    talk = Talk()

    with pytest.raises(openai.BadRequestError) as refused:
        talk.go_on(user("?"), talk.call, talk.output)

    wanted = f"without its required 'reasoning' item: '{talk.thought['id']}'."
    assert wanted in str(refused.value)


def test_call_without_an_id_needs_no_thoughts() -> None:
    """What has no id is news to the provider."""
    talk = Talk()
    call = {key: value for key, value in talk.call.items() if key != "id"}

    assert talk.go_on(user("?"), call, talk.output).output_text == "It is up."


@pytest.mark.parametrize(
    "items",
    [lambda talk: [user("?"), talk.thought], lambda talk: [user("?"), talk.thought, user("?")]],
    ids=["last", "before a question"],
)
def test_thoughts_without_what_came_of_them_are_refused(
    items: Callable[[Talk], list[Any]],
) -> None:
    """Thoughts alone lead to nothing."""
    talk = Talk()

    with pytest.raises(openai.BadRequestError, match="without its required following item"):
        talk.go_on(*items(talk))


def test_thoughts_that_were_not_stored_are_not_found() -> None:
    """The message says what to do about it."""
    talk = Talk(store=False)

    with pytest.raises(openai.NotFoundError, match="not persisted when `store` is set to false"):
        talk.go_on(user("?"), talk.thought, talk.call, talk.output)


def test_thoughts_that_come_back_encrypted_need_no_store() -> None:
    """The provider reads them from the request."""
    talk = Talk(store=False, include=ENCRYPTED)

    assert talk.go_on(user("?"), talk.thought, talk.call, talk.output).output_text == "It is up."


def test_thoughts_of_a_deleted_response_are_gone() -> None:
    """With it, its items are forgotten."""
    talk = Talk()
    talk.client.responses.delete(talk.first.id)

    with pytest.raises(openai.NotFoundError, match=f"'{talk.thought['id']}' not found"):
        talk.go_on(user("?"), talk.thought, talk.call, talk.output)


def test_response_may_have_no_input_if_another_goes_on() -> None:
    """Otherwise there is nothing to answer."""
    client = client_of(OpenAIUpstream())
    create = client.responses.create
    followed = respond(client)

    assert create(model="gpt-4o-mini", previous_response_id=followed.id).status == "completed"
    with pytest.raises(openai.BadRequestError, match="must be provided"):
        create(model="gpt-4o-mini")
    with pytest.raises(openai.BadRequestError, match="must be provided"):
        create(model="gpt-4o-mini", input=[])
