"""What questions cost, and which of their tokens went into no answer."""

from __future__ import annotations

import textwrap
from typing import Any

import openai
import pytest

from chaos.checks import spending
from chaos.checks.measure import Window, measure
from chaos.ports import Answer, Target
from chaos.runner.life import play
from chaos.runner.measures import take
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.testing import SimulatedWorld
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.bill import Bill
from chaos.trace.events import AnswerEvent, AskEvent, ResponseEvent
from chaos.trace.ndjson import dump, load
from chaos.trace.said import Said
from chaos.trace.trace import Trace
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.openai.models import Model
from chaos.upstreams.prices import Price
from chaos.verdict import Outcome

BILL = Bill(model="m", tokens_in=30, tokens_out=12, cost=0.5)
WHOLE = Said(text="Restart it.", whole=True, ended="finished")
HALF = Said(text="Restart", whole=False, ended="cut_short")
TOOLS = Said(text=None, whole=True, ended="asks_for_tools")
FAILED = Said(text="Restart", whole=False, ended="failed")


def response(said: Said | None, **more: Any) -> ResponseEvent:
    """The end of a call that was billed."""
    fields = {"upstream": "openai", "operation": "chat.completions", "status": 200, "call": 1}
    event: dict[str, Any] = {**fields, "bill": BILL, "said": said, "ask": 1, **more}
    return ResponseEvent(seq=1, at_s=0.0, actor="user-1", **event)


def answer(mode: str = "llm", text: str = "Restart it.") -> AnswerEvent:
    """What the user got."""
    return AnswerEvent(seq=2, at_s=0, actor="user-1", ask=1, mode=mode, elapsed_s=1, text=text)


@pytest.mark.parametrize(
    ("responses", "got", "tokens"),
    [
        pytest.param([response(WHOLE)], answer(), 0, id="shown"),
        pytest.param([response(WHOLE)], answer(text="Try this!"), 0, id="put in other words"),
        pytest.param([response(WHOLE)], answer("second"), 0, id="shown in another mode"),
        pytest.param([response(WHOLE)], answer("fallback", "Sorry."), 42, id="thrown away"),
        pytest.param([response(WHOLE)], None, 42, id="never answered"),
        pytest.param([response(None, error="ReadError")], answer(), 42, id="lost"),
        pytest.param([response(None, error="Closed")], answer(), 42, id="abandoned"),
        pytest.param([response(None)], answer(), 42, id="cannot be read"),
        pytest.param([response(FAILED), response(WHOLE)], answer(), 42, id="broke off"),
        pytest.param([response(HALF), response(WHOLE)], answer(text="!"), 42, id="half"),
        pytest.param([response(HALF)], answer(text="Restart [...]"), 0, id="half, and told so"),
        pytest.param([response(TOOLS), response(WHOLE)], answer("x"), 0, id="tools, and used"),
        pytest.param([response(TOOLS)], answer("fallback", "Sorry."), 42, id="tools, in vain"),
        pytest.param([response(WHOLE, bill=None)], None, 0, id="not billed"),
        pytest.param(
            [response(None, bill=Bill(model="e", tokens_in=5))], answer(), 0, id="embedding"
        ),
    ],
)
def test_tokens_are_wasted_if_nobody_got_the_answer(
    responses: list[ResponseEvent], got: AnswerEvent | None, tokens: int
) -> None:
    """Lost, abandoned, broken, or thrown away."""
    assert spending.wasted(responses, got, best_mode="llm") == tokens


def test_bill_is_in_the_trace_that_is_written() -> None:
    """And is read back as it was."""
    trace = Trace([response(WHOLE), response(None, bill=None)])

    assert list(load(dump(trace))) == list(trace)


class Shop(Target):
    """Asks once, and again if the answer was lost."""

    upstreams = (OpenAIUpstream,)
    modes = ("llm", "error")
    isolation = "shared"

    def ask(self, question: str) -> Answer:
        """Ask the model."""
        client = openai.OpenAI(api_key="sk-test", max_retries=1)
        reply = client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": question}]
        )
        return Answer(mode="llm", text=reply.choices[0].message.content or "")


def played(claims: str, given: str, fault: str = "") -> RunResult:
    """One question, answered with three tokens to one."""
    text = f"""
        version: 1
        name: shop
        hypothesis: It costs what it costs.
        given: {given}
        method:
          {fault or "- advance: 1s"}
          - ask: Hello?
            expect: {claims}
        """
    loaded = load_text(textwrap.dedent(text), "shop.yaml", lambda _: Shop.vocabulary())
    with SimulatedTier() as simulation:
        return play(loaded, Shop, simulation)


_PRICE = "{input: 1000000, output: 10000000}"
PRICED = f"{{openai: {{answers: One two three., prices: {{gpt-4o-mini: {_PRICE}}}}}}}"
"""A dollar for a token of the question, ten for one of the answer."""
LOST = "- inject: {upstream: openai, fault: reset_peer, after: 10B, calls: 1}"


def test_question_costs_what_its_tokens_do() -> None:
    """The input is Hello? and what surrounds it; the output three words at ten dollars."""
    one = played("{cost: {between: [31, 45]}, tokens.wasted: 0}", PRICED)

    assert one.outcome is Outcome.PASSED, one.problems


def test_lost_answer_is_paid_twice() -> None:
    """The claim about one answer fails, and the tokens of the other are wasted."""
    once = played("{cost: {between: [31, 45]}}", PRICED, LOST)
    twice = played("{cost: {between: [62, 90]}, tokens.wasted: {at_least: 4}}", PRICED, LOST)

    assert once.outcome is Outcome.FAILED
    assert twice.outcome is Outcome.PASSED, twice.problems


def test_cost_without_a_price_is_not_judged() -> None:
    """The run is inconclusive, and says what to write; the tokens need no price."""
    unpriced = played("{cost: {at_most: 1}}", "{openai: {answers: One.}}")
    tokens = played("{tokens.wasted: 0}", "{openai: {answers: One.}}")

    assert unpriced.outcome is Outcome.INCONCLUSIVE
    (problem,) = [each for each in unpriced.problems if "cost" in each.check]
    assert "model 'gpt-4o-mini' of openai has no price" in problem.reason
    assert "prices: {gpt-4o-mini: {input:" in problem.reason
    assert tokens.outcome is Outcome.PASSED, tokens.problems


def test_nothing_can_be_said_where_nobody_bills() -> None:
    """Neither a run without questions nor one without a model."""
    asked = AskEvent(seq=0, at_s=0, actor="user-1", ask=1, question="?", step="method[0]")

    for trace, why in ((Trace(), "no question"), (Trace([asked]), "no provider billed")):
        for key in ("cost", "tokens.wasted"):
            assert why in (measure(key, Window(trace=trace)).missing or "")


def test_question_without_calls_costs_nothing() -> None:
    """Where another one was billed, so that there is somebody who bills."""
    questions = [
        AskEvent(seq=number, at_s=0, actor="u", ask=number, question="?", step="method[0]")
        for number in (1, 2)
    ]
    trace = Trace([*questions, response(WHOLE), answer()])

    assert measure("cost", Window(trace=trace)).values == (0.5, 0.0)


def test_gate_measures_what_was_spent() -> None:
    """Dollars only where everything has a price, waste only where there is some."""
    fine = Trace([response(WHOLE), answer()])
    lost = Trace([response(None, error="Closed"), answer("fallback", "Sorry.")])
    free = Trace([response(WHOLE, bill=Bill(model="m", tokens_in=1)), answer()])

    assert take(fine, best_mode="llm")["cost"] == 0.5
    assert "tokens_wasted" not in take(fine, best_mode="llm")
    assert take(lost, best_mode="llm")["tokens_wasted"] == 42
    assert "cost" not in take(free, best_mode="llm")


def test_provider_bills_what_a_client_never_reads(simulation: SimulatedWorld) -> None:
    """A client that gives up in the middle of a stream has been sent it all."""
    price = Price(input=1.0, output=1.0)
    simulation.serve(OpenAIUpstream(models=[Model(name="llama-4", price=price)]))
    client = openai.OpenAI(api_key="sk-test", max_retries=0)
    stream = client.chat.completions.create(
        model="llama-4", messages=[{"role": "user", "content": "Hello?"}], stream=True
    )

    with stream:
        next(iter(stream))

    (event,) = simulation.trace.of(ResponseEvent)
    assert event.bill is not None
    assert (event.bill.model, event.bill.tokens_out > 3) == ("llama-4", True)
    assert event.bill.cost == pytest.approx(event.bill.tokens / 1e6)
