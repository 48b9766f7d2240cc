"""What a request may not have together, what a schema may not say, and where a mistake is."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from chaos.upstreams.replies import Calls
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.anthropic.test_messages import MODEL, ask, strict
from tests.chaos.upstreams.openai.asking import user

THINKING = {"type": "enabled", "budget_tokens": 1024}
TOOL = {"name": "look_up", "input_schema": {"type": "object", "properties": {}}}
OLD = {"anthropic-version": "2023-06-01"}


def sampled(**options: Any) -> dict[str, Any]:
    """A request of the version that still has the parameters of sampling."""
    return {"extra_body": options, "extra_headers": OLD}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (sampled(temperature=0.5, top_p=0.9), "cannot both be specified for this model"),
        (sampled(top_k=5) | {"thinking": THINKING}, "`top_k` must be unset"),
        (sampled(top_p=0.5) | {"thinking": THINKING}, "greater than or equal to 0.95 or unset"),
    ],
    ids=["both", "thoughts and top_k", "thoughts and top_p"],
)
def test_parameters_of_sampling_do_not_go_together(options: dict[str, Any], message: str) -> None:
    """Alone each is fine."""
    with pytest.raises(anthropic.BadRequestError, match=message):
        ask(strict(), max_tokens=3000, **options)


class Talk:
    """A conversation in which a model that thinks has called a tool."""

    def __init__(self) -> None:
        self.client = strict(answers=[Calls("look_up"), "It is up."])
        self.options: dict[str, Any] = {"thinking": THINKING, "max_tokens": 3000, "tools": [TOOL]}
        answer = ask(self.client, **self.options)
        self.thought, self.call = (block.to_dict() for block in answer.content)

    def go_on(self, *said: Any, **options: Any) -> Any:
        """Send this back as what the model said, with what the tool returned."""
        result = {"type": "tool_result", "tool_use_id": self.call["id"], "content": "up"}
        turns = [user("?"), {"role": "assistant", "content": list(said)}]
        messages = [*turns, {"role": "user", "content": [result]}]
        return ask(self.client, messages=messages, **(self.options | options))


def test_turn_goes_on_with_its_thoughts() -> None:
    """A service that keeps them gets its answer."""
    talk = Talk()

    assert talk.go_on(talk.thought, talk.call).stop_reason == "end_turn"


def test_turn_without_its_thoughts_is_refused() -> None:
    """So is one whose thoughts have been dropped on the way."""
    talk = Talk()

    wanted = r"messages.1.content.0.type: Expected `thinking` .* but found `tool_use`"
    with pytest.raises(anthropic.BadRequestError, match=wanted):
        talk.go_on(talk.call)


def test_turn_needs_no_thoughts_if_nobody_thinks() -> None:
    """The way out that the message names."""
    talk = Talk()

    assert talk.go_on(talk.call, thinking={"type": "disabled"}).stop_reason == "end_turn"


def test_earlier_answers_need_no_thoughts() -> None:
    """Only the turn that goes on has to have them."""
    before = [user("?"), {"role": "assistant", "content": "Hello."}, user("And?")]

    assert ask(strict(), messages=before, thinking=THINKING, max_tokens=3000).content


def test_results_of_tools_need_tools() -> None:
    """What was called has to be there still."""
    talk = Talk()

    with pytest.raises(anthropic.BadRequestError, match="must define tools"):
        talk.go_on(talk.thought, talk.call, tools=[])


def closed(**properties: Any) -> dict[str, Any]:
    """A schema of an object that has nothing else in it."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


BEYOND = {
    "one bound": (closed(a={"type": "integer", "minimum": 1}), "property 'minimum' is not supp"),
    "two": (
        closed(a={"type": "number", "minimum": 0, "maximum": 1}),
        "For 'number' type, properties maximum, minimum are not supported",
    ),
    "length": (closed(a={"type": "string", "maxLength": 3}), "property 'maxLength' is not supp"),
    "most": (
        closed(a={"type": "array", "items": {"type": "string"}, "maxItems": 3}),
        "For 'array' type, property 'maxItems'",
    ),
    "least": (
        closed(a={"type": "array", "items": {"type": "string"}, "minItems": 2}),
        "'minItems' values other than 0 or 1",
    ),
    "open": ({"type": "object", "properties": {}}, "'additionalProperties' must be explicitly"),
}


@pytest.mark.parametrize(("schema", "message"), BEYOND.values(), ids=BEYOND)
def test_schema_says_no_more_than_a_model_can_be_held_to(
    schema: dict[str, Any], message: str
) -> None:
    """Neither that of an answer, nor that of a strict tool; others may say more."""
    shaped = {"format": {"type": "json_schema", "schema": schema}}
    tool = {"name": "look_up", "input_schema": schema}

    with pytest.raises(
        anthropic.BadRequestError, match=r"output_config\.format\.schema: "
    ) as refused:
        ask(strict(), output_config=shaped)
    assert message in str(refused.value)
    with pytest.raises(anthropic.BadRequestError, match=r"tools.0.custom: ") as refused:
        ask(strict(), tools=[tool | {"strict": True}])
    assert message in str(refused.value)
    assert ask(strict(), tools=[tool]).stop_reason == "end_turn"


def test_array_may_be_empty_or_not() -> None:
    """The one thing that can be said of its length."""
    schema = closed(a={"type": "array", "items": {"type": "string"}, "minItems": 1})

    assert ask(strict(), output_config={"format": {"type": "json_schema", "schema": schema}})


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"tools": [TOOL | {"name": "a b"}]}, "tools.0.custom.name: "),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 9}},
            "thinking.enabled.budget_tokens: ",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages.0.content.0.text.text: Field required",
        ),
        (
            {"messages": [{"role": "user", "content": [{}]}]},
            "messages.0.content.0.type: Field req",
        ),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content: "),
    ],
)
def test_place_of_a_mistake_names_kinds(options: dict[str, Any], place: str) -> None:
    """The path to it has the kinds of what is on the way."""
    with pytest.raises(anthropic.BadRequestError) as refused:
        ask(strict(), **options)

    body: Any = refused.value.body
    assert body["error"]["message"].startswith(place)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
            "messages: ",
        ),
        ({"system": [{"type": "text", "text": ""}]}, "system: "),
    ],
)
def test_text_of_nothing_is_refused(options: dict[str, Any], message: str) -> None:
    """A block that is empty is another mistake than one of blanks."""
    with pytest.raises(
        anthropic.BadRequestError, match=f"{message}text content blocks must be non-empty"
    ):
        ask(strict(), **options)


def test_picture_is_of_ten_megabytes_at_most() -> None:
    """Counted as it is sent."""
    data = "A" * (10 * 1024 * 1024 + 4)
    source = {"type": "base64", "media_type": "image/png", "data": data}
    said = [{"role": "user", "content": [{"type": "image", "source": source}]}]

    with pytest.raises(anthropic.BadRequestError, match="10485764 bytes > 10485760 bytes"):
        ask(strict(), messages=said)


@pytest.mark.parametrize(
    ("first", "role"), [("assistant", "assistant"), ("system", "system")], ids=["model", "system"]
)
def test_who_may_speak_where_is_not_all_modelled(first: str, role: str) -> None:
    """The SDK knows messages of the system; what comes of them is not known here."""
    said = [{"role": first, "content": "Hello."}, user("?")]

    with pytest.raises(anthropic.APIConnectionError) as caught:
        ask(strict(), messages=said)

    assert isinstance(caught.value.__cause__, UnmodelledError)
    assert f'messages[0].role="{role}"' in caught.value.__cause__.parameters


def test_answer_tells_whose_it_is() -> None:
    """The headers that the provider promises for every answer."""
    raw = strict().messages.with_raw_response.create(
        model=MODEL, max_tokens=50, messages=[{"role": "user", "content": "?"}]
    )

    assert {"request-id", "anthropic-organization-id"} <= set(raw.headers)
