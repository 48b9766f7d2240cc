"""Buckets, lists of access, policies, keys and notifications, as the real SDK sees them."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound, PreconditionFailed
from google.cloud.storage import Client

from chaos.upstreams.gcs import GcsUpstream
from tests.chaos.upstreams.sdk import storage_client


@pytest.fixture
def client(upstream: GcsUpstream) -> Client:
    """The SDK over the stand-in."""
    return storage_client(upstream.handle)


def test_buckets_are_made_listed_and_deleted(client: Client, upstream: GcsUpstream) -> None:
    """A bucket is there once, and goes only when it is empty."""
    made = client.create_bucket("attic", location="EU")
    upstream.put("attic", "a", b"")

    assert [bucket.name for bucket in client.list_buckets()] == ["attic", "kb"]
    assert [b.name for b in client.list_buckets(prefix="k", max_results=1)] == ["kb"]
    assert client.get_bucket("attic").location == "EU"
    with pytest.raises(Conflict, match="already own it"):
        client.create_bucket("attic")
    with pytest.raises(Conflict, match="not empty"):
        made.delete()
    made.delete(force=True)
    with pytest.raises(NotFound):
        client.get_bucket("attic")


def test_buckets_come_in_pages(client: Client, upstream: GcsUpstream) -> None:
    """Nothing is lost between pages."""
    for name in "abc":
        upstream.create_bucket(name)

    pages = [[bucket.name for bucket in page] for page in client.list_buckets(page_size=3).pages]

    assert pages == [["a", "b", "c"], ["kb"]]


def test_labels_are_merged_and_counted(client: Client) -> None:
    """A patch leaves what it does not name, and counts as a change."""
    bucket = client.get_bucket("kb")
    bucket.labels = {"one": "1", "two": "2"}
    bucket.patch()
    bucket.labels = {"one": "3"}
    bucket.patch()

    fresh = client.get_bucket("kb")
    assert fresh.labels == {"one": "3"}
    assert fresh.metageneration == 3
    with pytest.raises(PreconditionFailed):
        fresh.patch(if_metageneration_match=1)
    with pytest.raises(PreconditionFailed):
        fresh.delete(if_metageneration_match=1)
    fresh.update(if_metageneration_match=3)
    assert client.get_bucket("kb", if_metageneration_not_match=1).metageneration == 4


@pytest.mark.parametrize("what", ["bucket", "default", "object"])
def test_lists_of_access_are_read_and_written(
    client: Client, upstream: GcsUpstream, what: str
) -> None:
    """Each list can be added to and taken from, and is shown again."""
    upstream.put("kb", "a", b"")
    bucket = client.bucket("kb")
    acl: Any = {
        "bucket": bucket.acl,
        "default": bucket.default_object_acl,
        "object": bucket.blob("a").acl,
    }[what]
    acl.reload()
    before = len(list(acl))
    acl.user("ada@example.com").grant_read()
    acl.save()

    acl.reload()
    added = {entry["entity"]: entry["role"] for entry in acl}
    assert added["user-ada@example.com"] == "READER"
    assert len(added) == before + 1
    acl.user("ada@example.com").revoke_read()
    acl.save()
    acl.reload()
    assert len(list(acl)) == before


def test_new_objects_have_the_list_of_their_bucket(client: Client) -> None:
    """What is said of new objects holds for them, unless they come with a list of their own."""
    bucket = client.bucket("kb")
    acl: Any = bucket.default_object_acl
    acl.reload()
    acl.user("ada@example.com").grant_owner()
    acl.save()

    bucket.blob("a").upload_from_string("a")

    blob = bucket.blob("a")
    assert "user-ada@example.com" in {entry["entity"] for entry in blob.acl}


def test_uniform_access_knows_no_lists(client: Client) -> None:
    """Where the policy alone decides, lists are refused."""
    bucket = client.get_bucket("kb")
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.patch()

    with pytest.raises(BadRequest, match="uniform"):
        bucket.acl.reload()


def test_policy_is_replaced_if_it_is_the_one_that_was_read(client: Client) -> None:
    """A policy carries a tag, and a tag that is too old is refused."""
    bucket = client.bucket("kb")
    first, second = bucket.get_iam_policy(), bucket.get_iam_policy()
    viewer = {"role": "roles/storage.objectViewer", "members": {"user:ada@example.com"}}
    first.bindings.append(viewer)

    written = bucket.set_iam_policy(first)

    assert viewer["role"] in {each["role"] for each in written.bindings}
    assert viewer["role"] in {each["role"] for each in bucket.get_iam_policy().bindings}
    with pytest.raises(PreconditionFailed):
        bucket.set_iam_policy(second)
    wanted = ["storage.objects.get", "storage.objects.list"]
    assert bucket.test_iam_permissions(wanted) == wanted


def test_keys_are_switched_off_before_they_are_deleted(client: Client) -> None:
    """A key is made with a secret, found without it, and deleted when it is off."""
    key, secret = client.create_hmac_key("sim@example.com")

    assert secret
    assert [each.access_id for each in client.list_hmac_keys()] == [key.access_id]
    with pytest.raises(BadRequest, match="ACTIVE"):
        key.delete()
    key.state = "INACTIVE"
    key.update()
    assert client.get_hmac_key_metadata(key.access_id).state == "INACTIVE"
    key.delete()
    with pytest.raises(NotFound):
        client.get_hmac_key_metadata(key.access_id)
    assert list(client.list_hmac_keys()) == []
    assert len(list(client.list_hmac_keys(show_deleted_keys=True))) == 1


def test_notifications_are_configured(client: Client) -> None:
    """A configuration is made, found, listed and deleted."""
    bucket = client.bucket("kb")
    made = bucket.notification("news", topic_project="sim-project", payload_format="NONE")
    made.create()

    (listed,) = bucket.list_notifications()
    assert (listed.notification_id, listed.topic_name) == (made.notification_id, "news")
    assert bucket.get_notification(made.notification_id).payload_format == "NONE"
    made.delete()
    assert list(bucket.list_notifications()) == []
    with pytest.raises(NotFound):
        bucket.get_notification("1")


def test_service_has_an_account_of_its_own(client: Client) -> None:
    """The account by which it acts is told."""
    assert client.get_service_account_email().endswith("gserviceaccount.com")


def test_batch_does_several_things_in_one_request(client: Client, upstream: GcsUpstream) -> None:
    """What is in a batch is done in its order; one that fails does not keep others back."""
    for name in "ab":
        upstream.put("kb", name, b"")
    bucket = client.bucket("kb")

    with client.batch(raise_exception=False) as batch:
        bucket.blob("a").delete()
        bucket.blob("nothing").delete()
        bucket.blob("b").delete()

    assert [response.status_code for response in batch._responses] == [204, 404, 204]
    assert [upstream.generations("kb", name) for name in "ab"] == [(), ()]


def test_batch_is_no_larger_than_a_hundred(client: Client) -> None:
    """More calls than that are refused as a whole."""
    batch = client.batch()
    with pytest.raises(BadRequest, match="at most 100"), batch:
        delete_many(client, 101)


def delete_many(client: Client, number: int) -> None:
    """Delete so many objects, whether they are there or not."""
    for each in range(number):
        client.bucket("kb").blob(f"{each}").delete()
