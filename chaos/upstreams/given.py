"""What a scenario says of a model before the first step: its answers, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Node
from chaos.scenario.problems import quoted, suggest
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.wording import validate
from chaos.upstreams.prices import Price
from chaos.upstreams.replies import Ends

_EXAMPLE = {"printer": "Restart it.", "": {"refuse": "No."}}
_PRICES = {"gpt-4o-mini": {"input": 0.15, "output": 0.6}}


class ModelGiven(Node):
    """``given: {openai: ...}``, and the same for every other model's provider."""

    answers: Any = Field(
        default=None,
        description="What the model says: an answer, a list of its turns, or either by a part of "
        "the question. The first part that is in the question decides.",
        examples=[_EXAMPLE],
    )
    prices: dict[str, Any] = Field(
        default_factory=dict,
        description=(
            "Dollars per million tokens, by model; without a price, no cost can be expected."
        ),
        examples=[_PRICES],
    )

    def price_list(self) -> Mapping[str, Price]:
        """The prices as values."""
        return {name: Price(**price) for name, price in self.prices.items()}


class SayReply(Node):
    """The model says a text."""

    say: Any = Field(description="The text; anything else is sent as JSON.", examples=["Wait."])
    finish_reason: Ends = Field(
        default="stop",
        description="Why it stops; each API has its own word for it.",
        examples=["length"],
    )


class RefuseReply(Node):
    """The model declines."""

    refuse: str = Field(description="What it says.", examples=["No."])


class CallReply(Node):
    """The model asks for tools."""

    call: dict[str, dict[str, Any] | str | None] = Field(
        min_length=1,
        description="Tools with their arguments; a text is sent as it is.",
        examples=[{"refund": {"order": 7}}],
    )
    before: str | None = Field(
        default=None, description="The text before the call.", examples=["Wait."]
    )


class BreakReply(Node):
    """The provider fails while the model speaks."""

    break_: dict[str, Any] = Field(
        alias="break", description="How; see below.", examples=[{"after": 3}]
    )


class Break(Node):
    """How it fails."""

    after: int = Field(default=3, ge=0, description="Tokens sent before the break.", examples=[3])
    code: str | None = Field(
        default=None, description="The provider's error code.", examples=["server_error"]
    )
    say: Any = Field(default=None, description="The text that breaks off.", examples=["Hello."])
    abrupt: bool = Field(
        default=False,
        description="Whether a stream of the Responses API ends in a bare error.",
        examples=[True],
    )


class PriceGiven(Node):
    """What a million tokens of one model cost, in dollars."""

    input: float = Field(ge=0, description="Tokens of the request.", examples=[0.15])
    output: float = Field(default=0.0, ge=0, description="Tokens it makes.", examples=[0.6])
    cached: float | None = Field(
        default=None, ge=0, description="Tokens of the request it had seen.", examples=[0.075]
    )


_REPLIES: Mapping[str, type[Node]] = {
    "say": SayReply,
    "refuse": RefuseReply,
    "call": CallReply,
    "break": BreakReply,
}
"""The forms of an answer, by the key that tells them apart."""

_FORMS = "a text, or a mapping with say, refuse, call or break"


class ModelCircumstance(Circumstance):
    """What may stand under the name of a provider whose models can be scripted.

    Example:
        >>> from chaos.scenario.source import Findings
        >>> findings = Findings()
        >>> given = {"answers": {"printer": {"sya": "Restart it."}}}
        >>> MODEL.check(given, ("given", "openai"), findings)
        >>> print(findings.problems[0])
        unknown key 'sya' in an answer; expected a text, or a mapping with say, refuse, call or \
break; did you mean 'say'? [unknown-key]
    """

    def check(self, value: object, path: NodePath, findings: Findings) -> Node | str | None:
        """What it stands for; None, with findings, if it stands for nothing."""
        so_far = len(findings.problems)
        read = super().check(value, path, findings)
        if isinstance(value, dict):
            if value.get("answers") is not None:
                _check_answers(value["answers"], (*path, "answers"), findings)
            prices = value.get("prices")
            for name, price in prices.items() if isinstance(prices, dict) else ():
                where, what = (*path, "prices", name), f"the price of {name}"
                validate(PriceGiven, price, where, findings, what)
        return read if len(findings.problems) == so_far else None


MODEL = ModelCircumstance(model=ModelGiven)
"""For stand-ins with a model behind them."""


def _check_answers(written: object, path: NodePath, findings: Findings) -> None:
    if not isinstance(written, dict):
        _check_turns(written, path, findings)
        return
    if len(written) == 1 and written.keys() <= _REPLIES.keys():
        # As the only part of a question that is answered, it is more likely not meant as one.
        form = next(iter(written))
        findings.add(
            (*path, form),
            f"answers has the key {form!r}, where parts of questions are expected",
            "parts of questions, with the empty text for every question",
            f"write {{'': {{{form}: ...}}}}",
            "no-question",
            at_key=True,
        )
        return
    for part, turns in written.items():
        _check_turns(turns, (*path, part), findings)


def _check_turns(written: object, path: NodePath, findings: Findings) -> None:
    if not isinstance(written, list | tuple):
        _check_reply(written, path, findings)
        return
    if not written:
        fix = "write one, or remove the key"
        findings.add(path, "an answer has no turns", "at least one", fix, "empty-value")
    for place, reply in enumerate(written):
        _check_reply(reply, (*path, place), findings)


def _check_reply(written: object, path: NodePath, findings: Findings) -> None:
    if isinstance(written, str):
        return
    if not isinstance(written, dict) or not written:
        fix = "put it in quotes, or write {say: ...} for JSON"
        findings.add(path, f"an answer is {quoted(written)}", _FORMS, fix, "wrong-type")
        return
    form = next((key for key in _REPLIES if key in written), None)
    if form is None:
        key = next(iter(written))
        wrong, fix = f"unknown key {quoted(key)} in an answer", suggest(key, _REPLIES, "write say")
        findings.add((*path, key), wrong, _FORMS, fix, "unknown-key", at_key=True)
        return
    validate(_REPLIES[form], written, path, findings, f"answer {form!r}")
    how = written.get("break")
    if form == "break" and isinstance(how, dict):
        validate(Break, how, (*path, "break"), findings, "break")
