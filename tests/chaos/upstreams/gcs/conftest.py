"""Cloud Storage with one empty bucket, and the real SDK over it."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.upstreams.gcs import GcsUpstream
from tests.chaos.upstreams.sdk import Recording, storage_client


@pytest.fixture(autouse=True)
def _one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the SDK's background thread from adding requests of its own."""
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")


@pytest.fixture
def upstream() -> GcsUpstream:
    """A stand-in with one empty bucket."""
    upstream = GcsUpstream()
    upstream.create_bucket("kb")
    return upstream


@pytest.fixture
def recording(upstream: GcsUpstream) -> Recording:
    """What the client sent, by operation."""
    return Recording(upstream)


@pytest.fixture
def bucket(recording: Recording) -> Any:
    """The bucket, through the SDK."""
    return storage_client(recording).bucket("kb")
