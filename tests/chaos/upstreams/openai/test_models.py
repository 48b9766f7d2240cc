"""Which models there are: all that the SDK names, served or said to be out of reach."""

from __future__ import annotations

from itertools import chain
from typing import get_args

import openai
import pytest
from openai.types import ChatModel, EmbeddingModel, ModerationModel, ResponsesModel

from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.openai.model_names import DEFAULT_MODELS, UNMODELLED
from chaos.upstreams.openai.models import Catalogue
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.sdk import openai_client

NAMES = sorted(
    {
        *chain.from_iterable(get_args(each) for each in (ChatModel, EmbeddingModel)),
        *chain.from_iterable(get_args(each) for each in get_args(ResponsesModel)),
        *get_args(ModerationModel),
    }
    - {str}
)
HELLO = [{"role": "user", "content": "Is the VPN down?"}]


def test_sdk_names_many_models() -> None:
    """The list is read from the SDK; an empty one would prove nothing."""
    assert {"gpt-4o", "o3-pro", "text-embedding-ada-002", "omni-moderation-latest"} < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_sdk_is_served_or_told(name: str) -> None:
    """A name that the provider knows is never answered with "does not exist"."""
    served = Catalogue(DEFAULT_MODELS).get(name) is not None

    assert served != bool(UNMODELLED.search(name))


@pytest.mark.parametrize(
    "name", ["gpt-4-turbo", "gpt-3.5-turbo-0125", "gpt-4-0613", "gpt-4o-2024-08-06", "gpt-5.2"]
)
def test_models_of_all_ages_chat(name: str) -> None:
    """Older and newer names are chat models, with or without their release."""
    client = openai_client(OpenAIUpstream().handle)

    assert client.chat.completions.create(model=name, messages=HELLO).model == name  # type: ignore[arg-type]


def test_model_that_does_what_the_stand_in_cannot_is_said() -> None:
    """A model that speaks exists at the provider: an answer in prose, or a 404, would be a lie."""
    client = openai_client(OpenAIUpstream().handle)

    with pytest.raises(
        UnmodelledError, match=r'model="gpt-4o-audio-preview".*OpenAIUpstream\(mod'
    ):
        client.chat.completions.create(model="gpt-4o-audio-preview", messages=HELLO)  # type: ignore[arg-type]


def test_model_that_a_test_brings_is_served() -> None:
    """Whoever names a model says that it answers as the stand-in does."""
    client = openai_client(OpenAIUpstream(models=["gpt-4o-search-preview"]).handle)

    assert client.chat.completions.create(model="gpt-4o-search-preview", messages=HELLO).choices  # type: ignore[arg-type]


def test_model_nobody_has_is_404() -> None:
    """A name that the SDK has never heard of does not exist."""
    client = openai_client(OpenAIUpstream().handle)

    with pytest.raises(openai.NotFoundError, match="gpt-9"):
        client.chat.completions.create(model="gpt-9", messages=HELLO)  # type: ignore[arg-type]


def test_embeddings_of_the_first_kind_cannot_be_shortened() -> None:
    """``text-embedding-ada-002`` has 1,536 dimensions, and no parameter for fewer."""
    client = openai_client(OpenAIUpstream().handle)

    found = client.embeddings.create(model="text-embedding-ada-002", input="vpn")

    assert len(found.data[0].embedding) == 1536
    with pytest.raises(openai.BadRequestError, match="dimensions"):
        client.embeddings.create(model="text-embedding-ada-002", input="vpn", dimensions=256)
