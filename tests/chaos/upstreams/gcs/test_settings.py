"""What buckets and objects can be told to be, and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core import exceptions

from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.gcs.test_refused import OBJECTS, ask
from tests.chaos.upstreams.sdk import storage_client

BUCKET = "/storage/v1/b/kb"
DAY_S = 86_400
TOPIC = "//pubsub.googleapis.com/projects/my-project/topics/changes"


@pytest.mark.parametrize(
    "settings",
    [
        {"labels": "x"},
        {"labels": {"A": "b"}},
        {"labels": {"a": 1}},
        {"labels": {"a": "b" * 64}},
        {"labels": {f"k{number}": "v" for number in range(65)}},
        {"versioning": True},
        {"versioning": {"enabled": "yes"}},
        {"iamConfiguration": 1},
        {"iamConfiguration": {"uniformBucketLevelAccess": True}},
        {"iamConfiguration": {"publicAccessPrevention": "maybe"}},
        {"retentionPolicy": 1},
        {"retentionPolicy": {"retentionPeriod": "soon"}},
        {"retentionPolicy": {"retentionPeriod": "0"}},
        {"retentionPolicy": {"retentionPeriod": str(101 * 366 * DAY_S)}},
        {"softDeletePolicy": []},
        {"softDeletePolicy": {"retentionDurationSeconds": "soon"}},
        {"softDeletePolicy": {"retentionDurationSeconds": str(DAY_S)}},
        {"softDeletePolicy": {"retentionDurationSeconds": str(91 * DAY_S)}},
    ],
    ids=lambda settings: str(settings)[:60],
)
def test_bucket_cannot_be_told_so(upstream: GcsUpstream, settings: dict[str, Any]) -> None:
    """Neither an existing one nor a new one."""
    assert ask(upstream, "PATCH", BUCKET, settings).status == 400
    new = {"name": "new-one", **settings}
    assert ask(upstream, "POST", "/storage/v1/b?project=p", new).status == 400


def test_bucket_stays_where_it_is(upstream: GcsUpstream) -> None:
    """To name its place again is no wish; to move it is none that is modelled."""
    assert ask(upstream, "PATCH", BUCKET, {"location": "us"}).status == 200
    with pytest.raises(UnmodelledError, match=r"body\.location"):
        ask(upstream, "PATCH", BUCKET, {"location": "EU"})


def test_objects_are_of_the_class_of_their_bucket(upstream: GcsUpstream) -> None:
    """Unless they are given one of their own."""
    client: Any = storage_client(upstream.handle)
    cold = client.bucket("cold")
    cold.storage_class = "COLDLINE"
    cold.create()
    usual, own = cold.blob("usual"), cold.blob("own")
    own.storage_class = "STANDARD"

    usual.upload_from_string("x")
    own.upload_from_string("x")

    assert [cold.get_blob(name).storage_class for name in ("usual", "own")] == [
        "COLDLINE",
        "STANDARD",
    ]


def retained(upstream: GcsUpstream) -> Any:
    """A bucket that keeps objects for a hundred seconds, with one in it."""
    client: Any = storage_client(upstream.handle)
    bucket = client.bucket("kept")
    bucket.retention_period = 100
    bucket.create()
    bucket.blob("a").upload_from_string("x")
    return bucket


def test_object_says_how_long_it_is_kept(upstream: GcsUpstream) -> None:
    """By the policy that its bucket has now."""
    bucket = retained(upstream)
    blob = bucket.get_blob("a")
    assert (blob.retention_expiration_time - blob.time_created).total_seconds() == 100

    bucket.retention_period = None
    bucket.patch()

    assert bucket.get_blob("a").retention_expiration_time is None


def test_object_that_has_to_be_kept_is_not_moved_by_half(upstream: GcsUpstream) -> None:
    """What would delete it does nothing at all."""
    bucket = retained(upstream)
    objects = "/storage/v1/b/kept/o"
    compose = {"sourceObjects": [{"name": "a"}], "deleteSourceObjects": True}

    moved = ask(upstream, "POST", f"{objects}/a/moveTo/o/b")
    composed = ask(upstream, "POST", f"{objects}/b/compose", compose)

    assert (moved.status, composed.status) == (403, 403)
    assert [blob.name for blob in bucket.list_blobs()] == ["a"]


def test_custom_time_goes_forward(upstream: GcsUpstream, bucket: Any) -> None:
    """Once set, it is neither taken away nor set back."""
    upstream.put("kb", "a", b"x")
    blob = bucket.get_blob("a")
    for day in (2, 3):
        blob.custom_time = datetime(2026, 1, day, tzinfo=UTC)
        blob.patch()

    for time in (datetime(2026, 1, 1, tzinfo=UTC), None):
        blob.custom_time = time
        with pytest.raises(exceptions.BadRequest, match="Custom time"):
            blob.patch()
    assert ask(upstream, "PUT", f"{OBJECTS}/a", {}).status == 400
    assert ask(upstream, "PATCH", f"{OBJECTS}/a", {"customTime": "soon"}).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"sourceObjects": {"a": 1}},
        {"sourceObjects": [1]},
        {"sourceObjects": [{}]},
        {"sourceObjects": [{"name": 3}]},
        {"sourceObjects": [{"name": "a", "generation": "x"}]},
        {"sourceObjects": [{"name": "a", "objectPreconditions": 1}]},
        {"sourceObjects": [{"name": "a", "objectPreconditions": {"ifGenerationMatch": "x"}}]},
        {"sourceObjects": [{"name": "a"}], "destination": "b"},
    ],
    ids=str,
)
def test_composition_has_a_form(upstream: GcsUpstream, body: dict[str, Any]) -> None:
    """Whatever stands there, the answer is the provider's."""
    upstream.put("kb", "a", b"x")
    assert ask(upstream, "POST", f"{OBJECTS}/b/compose", body).status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "t"},
        {"topic": TOPIC.replace("my-project", "p")},
        {"topic": TOPIC.replace("changes", "t")},
        {"event_types": ["OBJECT_EXPLODED"]},
        {"event_types": "OBJECT_DELETE"},
        {"custom_attributes": "x"},
        {"custom_attributes": {"a": 1}},
        {"object_name_prefix": 1},
    ],
    ids=str,
)
def test_notification_is_of_something_that_happens(
    upstream: GcsUpstream, change: dict[str, Any]
) -> None:
    """And goes to where somebody can read it."""
    good = {"topic": TOPIC, "payload_format": "NONE", "event_types": ["OBJECT_DELETE"]}
    assert ask(upstream, "POST", f"{BUCKET}/notificationConfigs", good).status == 200
    assert ask(upstream, "POST", f"{BUCKET}/notificationConfigs", good | change).status == 400


def test_star_is_any_object_that_there_is(upstream: GcsUpstream) -> None:
    """As a tag in a precondition."""
    upstream.put("kb", "a", b"x")
    seen = [
        ask(upstream, "GET", "/kb/a", if_match="*").status,
        ask(upstream, "GET", "/kb/a", if_none_match="*").status,
        ask(upstream, "PUT", "/kb/a", b"y", if_none_match="*").status,
        ask(upstream, "PUT", "/kb/new", b"y", if_match="*").status,
        ask(upstream, "PUT", "/kb/new", b"y", if_none_match="*").status,
    ]
    assert seen == [200, 304, 412, 412, 200]


@pytest.mark.parametrize("number", ["1_0", " 1", "+1", "\u0663", "9" * 30, "1.0"])
def test_number_of_a_precondition_is_one(upstream: GcsUpstream, number: str) -> None:
    """Of 64 bits, written in digits."""
    upstream.put("kb", "a", b"x")
    assert ask(upstream, "GET", f"{OBJECTS}/a?ifGenerationMatch={number}").status == 400


def test_range_that_runs_backwards_is_none(upstream: GcsUpstream) -> None:
    """So the whole object is sent."""
    upstream.put("kb", "a", b"hello")
    answer = ask(upstream, "GET", f"{OBJECTS}/a?alt=media", range="bytes=3-1")
    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize(
    ("location", "kind"),
    [("eu", "multi-region"), ("nam4", "dual-region"), ("europe-west1", "region")],
)
def test_bucket_says_what_kind_of_place_it_is_in(
    upstream: GcsUpstream, location: str, kind: str
) -> None:
    """In capitals, however it was written."""
    made = storage_client(upstream.handle).create_bucket("placed", location=location)

    assert (made.location, made.location_type) == (location.upper(), kind)
    changed = ask(upstream, "PUT", "/storage/v1/b/placed", {"labels": {"a": "b"}})
    assert changed.json()["location"] == location.upper()
