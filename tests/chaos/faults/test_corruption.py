"""Flipped bits: as many as asked for, and nothing else."""

from __future__ import annotations

import pytest
from google.cloud.storage.exceptions import DataCorruption
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.choices import Seeded
from chaos.faults.corruption import draw_distinct
from chaos.http import Request, Response
from tests.chaos.faults.sent import DATA, decide, fault, media_request, store
from tests.chaos.replayed import Replayed
from tests.chaos.upstreams.sdk import storage_client


def _flipped(body: bytes) -> list[int]:
    """Positions, in bits, at which ``body`` differs from the truth."""
    assert len(body) == len(DATA)
    return [
        byte * 8 + bit
        for byte, (was, came) in enumerate(zip(DATA, body, strict=True))
        for bit in range(8)
        if (was ^ came) >> bit & 1
    ]


@settings(deadline=None)  # a busy machine is not a failure
@given(flip=st.integers(1, 10_000), seed=st.integers(0, 1000))
def test_corrupt_flips_exactly_so_many_bits(flip: int, seed: int) -> None:
    """The bits flipped are all different ones; if there are too few, all are."""
    corrupt = fault("corrupt", "gcs", flip=flip)

    response = decide(corrupt, upstream=store(), choices=Seeded(seed)).respond(media_request())

    assert len(_flipped(response.body)) == min(flip, len(DATA) * 8)


@settings(deadline=None)  # a busy machine is not a failure
@given(options=st.integers(0, 30), share=st.floats(0, 1), seed=st.integers(0, 1000))
def test_distinct_draws_cost_one_choice_each(options: int, share: float, seed: int) -> None:
    """So many different numbers in range, and no more choices than numbers."""
    count = int(options * share)
    choices = Seeded(seed)

    drawn = draw_distinct(choices, "bits", count, options)

    assert len(drawn) == count
    assert drawn <= set(range(options))
    assert len(choices.made) <= count


def test_corrupt_replays_from_its_choices() -> None:
    """The same choices flip the same bits."""
    corrupt = fault("corrupt", "gcs", flip=5)
    choices = Seeded(3)
    first = decide(corrupt, upstream=store(), choices=choices).respond(media_request())

    again = Replayed(choice.picked for choice in choices.made)
    second = decide(corrupt, upstream=store(), choices=again).respond(media_request())

    assert first.body == second.body
    assert len(choices.made) == 5


def test_corrupt_at_a_byte_changes_one_bit_of_it() -> None:
    """With ``at``, one bit of that byte is flipped and every other byte is true."""
    response = decide(fault("corrupt", "gcs", at=17), upstream=store()).respond(media_request())

    (bit,) = _flipped(response.body)
    assert bit // 8 == 17


def test_corrupt_beyond_the_body_touches_nothing() -> None:
    """A body that has no such byte arrives as it is, and the fault does not count as touched."""
    decision = decide(fault("corrupt", "gcs", at=len(DATA)), upstream=store())

    assert decision.respond(media_request()).body == DATA
    assert decision.touched == ()


def test_corrupt_keeps_the_hashes_of_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers vouch for the true body, so that the SDK notices."""
    # Without it, a background thread of the SDK sends a request of its own.
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    upstream = store()
    decision = decide(fault("corrupt", "gcs"), upstream=upstream)
    responses: list[Response] = []

    def respond(request: Request) -> Response:
        responses.append(decision.respond(request))
        return responses[-1]

    with pytest.raises(DataCorruption):
        storage_client(respond).bucket("kb").blob("index.faiss").download_as_bytes()

    assert responses[0].headers == upstream.handle(media_request()).headers
    assert decision.touched == ("corrupt",)
