"""Who may say what in a conversation, and what some models do not take."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.rates import RateLimits
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.anthropic.test_messages import MODEL, ask, post, strict
from tests.chaos.upstreams.openai.asking import user

CALL = {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "It is up."}
TEXT = {"type": "text", "text": "And?"}
PICTURE = {"type": "image", "source": {"type": "url", "url": "https://a.test/b.png"}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "s"}


def said(*turns: Any) -> list[Any]:
    """Turns of a conversation, the user's first."""
    roles = ("user", "assistant")
    return [{"role": roles[place % 2], "content": turn} for place, turn in enumerate(turns)]


WRONG = {
    "call by the user": (said([CALL]), "can only be in `assistant` messages"),
    "thought of the user": (said([THOUGHT, TEXT]), "can only be in `assistant` messages"),
    "result by the model": (said("?", [RESULT], "!"), "can only be in `user` messages"),
    "picture by the model": (said("?", [PICTURE], "!"), "can only be in `user` messages"),
    "blanks": (said("   "), "non-whitespace"),
    "blank block": (said("?", [{"type": "text", "text": "\n"}], "!"), "non-whitespace"),
    "same id twice": (said("?", [CALL, CALL], [RESULT]), "ids must be unique"),
    "same id again": (said("?", [CALL], [RESULT], [CALL], [RESULT]), "ids must be unique"),
    "two results": (said("?", [CALL], [RESULT, RESULT]), "a single result"),
    "result of nothing behind a text": (said([TEXT, RESULT]), "unexpected `tool_use_id`"),
    "result behind a text": (said("?", [CALL], [TEXT, RESULT]), "without `tool_result` blocks"),
    "id that is none": (
        said("?", [CALL | {"id": "a b"}], [RESULT | {"tool_use_id": "a b"}]),
        "should match pattern",
    ),
}


@pytest.mark.parametrize(("messages", "message"), WRONG.values(), ids=WRONG)
def test_conversation_that_cannot_be_is_refused(messages: list[Any], message: str) -> None:
    """Both when it is to be answered and when its tokens are counted."""
    client = strict()

    with pytest.raises(anthropic.BadRequestError, match=message):
        ask(client, messages=messages)
    with pytest.raises(anthropic.BadRequestError, match=message):
        client.messages.count_tokens(model=MODEL, messages=messages)


def test_tokens_of_an_unknown_model_are_not_counted() -> None:
    """A typing mistake is found there, too."""
    with pytest.raises(anthropic.NotFoundError):
        strict().messages.count_tokens(model="claude-nine", messages=said("?"))


def test_what_is_cached_for_long_comes_first() -> None:
    """An hour before five minutes, tools before the system before messages."""

    def block(ttl: str) -> dict[str, Any]:
        return TEXT | {"cache_control": {"type": "ephemeral", "ttl": ttl}}

    assert ask(strict(), system=[block("1h")], messages=said([block("5m")])).content
    with pytest.raises(anthropic.BadRequestError, match="must not come after"):
        ask(strict(), system=[block("5m")], messages=said([block("1h")]))


def test_beginning_of_an_answer_is_for_older_models() -> None:
    """Later ones refuse it; what an older one makes of it, the stand-in does not know."""
    begun = said("?", "The")

    with pytest.raises(anthropic.BadRequestError, match="prefill"):
        ask(strict(), model="claude-opus-4-6", messages=begun)
    for model in (MODEL, f"{MODEL}-20251001"):
        with pytest.raises(UnmodelledError, match="assistant"):
            AnthropicUpstream().handle(post(model=model, messages=begun))


def test_newer_models_decide_for_themselves() -> None:
    """How much they think, and how they draw their words."""
    upstream = AnthropicUpstream()
    thinking = {"type": "enabled", "budget_tokens": 1024}

    def status(**options: Any) -> int:
        return upstream.handle(post(max_tokens=2_000, **options)).status

    assert status(model="claude-opus-4-7", top_p=1) == 400
    assert status(model="claude-opus-4-7", top_k=1) == 400
    assert status(model="claude-opus-4-8", thinking=thinking) == 400
    assert status(model="claude-opus-4-6", thinking=thinking, temperature=1) == 200


def test_request_may_be_too_large() -> None:
    """32 MB are all that the provider reads."""
    huge = post(messages=[user("x" * 33 * 1024 * 1024)])
    assert AnthropicUpstream().handle(huge).json()["error"]["type"] == "request_too_large"


def test_limits_are_those_of_one_model() -> None:
    """Whoever has used up one may ask another; a date in its name makes no other one."""
    upstream = AnthropicUpstream(limits=RateLimits(requests_per_minute=1))
    names = (MODEL, f"{MODEL}-20251001", "claude-sonnet-4-5")
    assert [upstream.handle(post(model=name)).status for name in names] == [200, 429, 200]


def test_every_error_has_an_id_of_its_own() -> None:
    """In its headers and in its body, whether the request is at fault or the provider."""
    upstream = AnthropicUpstream()
    failed = [
        upstream.handle(post(max_tokens=0)),
        upstream.failed(529),
        upstream.failed(500),
        upstream.rate_limited("rate_limit_exceeded"),
    ]
    ids = [each.header("request-id") for each in failed]

    assert [each.json()["request_id"] for each in failed] == ids
    assert len(set(ids)) == len(ids)
    assert None not in ids
    assert upstream.failed(502).header("request-id") is None
