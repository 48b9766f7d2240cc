"""What is not modelled, from the error to the page that lists what is."""

from __future__ import annotations

import contextlib
from pathlib import Path

import openai
import pytest

from chaos.errors import ChaosError, SimulationError
from chaos.testing import SimulatedWorld
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.reference import page
from chaos.upstreams.unmodelled import UnmodelledError

PAGE = Path(__file__).parents[3] / "docs" / "stand-ins-parameters.md"


def test_error_is_one_clear_message() -> None:
    """It says whose, which and where, in the singular and in the plural."""
    one = UnmodelledError("openai", "embeddings", ["colour"], taught_in="chaos.here")
    two = UnmodelledError("openai", "embeddings", ["colour", "size"], taught_in="chaos.here")

    assert isinstance(one, ChaosError)
    assert str(one) == (
        "openai does not model 'colour' of embeddings; expected only what the operation declares; "
        "leave it out, or declare it in chaos.here"
    )
    assert "'colour', 'size' of embeddings" in str(two)
    assert "leave them out, or declare them" in str(two)


def test_run_that_asks_for_it_proves_nothing() -> None:
    """Even a service that swallows every error cannot hide it from the run."""
    messages: list[openai.types.chat.ChatCompletionMessageParam] = [
        {"role": "user", "content": "Is the VPN down?"}
    ]

    def careless() -> None:
        client = openai.OpenAI(api_key="sk-test", max_retries=0)
        with contextlib.suppress(Exception):
            client.chat.completions.create(
                model="gpt-4o-mini", messages=messages, extra_body={"unheard_of": 1}
            )

    def run() -> None:
        with SimulatedWorld() as world:
            world.serve(OpenAIUpstream())
            world.users(1, careless)

    with pytest.raises(SimulationError, match="does not model 'unheard_of' of chat"):
        run()


def test_page_of_parameters_is_up_to_date() -> None:
    """`python -m chaos.upstreams.reference docs/stand-ins-parameters.md` has been run."""
    assert PAGE.read_text() == page()
