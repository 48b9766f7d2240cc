"""Who may do what: entries and bindings that there can be, and those that there cannot."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions

from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.gcs.test_refused import OBJECTS, ask

BUCKET = "/storage/v1/b/kb"
READER = {"entity": "allUsers", "role": "READER"}
UNIFORM = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}}
PRIVATE = {"iamConfiguration": {"publicAccessPrevention": "enforced"}}


@pytest.mark.parametrize(
    ("path", "entry", "status"),
    [
        (f"{BUCKET}/acl", {"entity": "user-a@b.test", "role": "WRITER"}, 200),
        (f"{BUCKET}/acl", {"entity": "project-owners-1", "role": "OWNER"}, 200),
        (f"{BUCKET}/acl", {"entity": "allUsers", "role": "KING"}, 400),
        (f"{BUCKET}/acl", {"entity": "nobody", "role": "READER"}, 400),
        (f"{BUCKET}/defaultObjectAcl", {"entity": "allUsers", "role": "WRITER"}, 400),
        (f"{OBJECTS}/a/acl", READER, 200),
        (f"{OBJECTS}/a/acl", {"entity": "allUsers", "role": "WRITER"}, 400),
    ],
)
def test_entry_has_a_role_that_there_is(
    upstream: GcsUpstream, path: str, entry: dict[str, Any], status: int
) -> None:
    """Objects are owned or read; only buckets are written to."""
    upstream.put("kb", "a", b"x")
    assert ask(upstream, "POST", path, entry).status == status


@pytest.mark.parametrize("entries", ["all", [1], [{"role": "READER"}], [{"entity": "allUsers"}]])
def test_list_in_a_resource_is_a_list_of_entries(upstream: GcsUpstream, entries: object) -> None:
    """Wherever one can be sent."""
    upstream.put("kb", "a", b"x")
    compose = {"sourceObjects": [{"name": "a"}], "destination": {"acl": entries}}

    assert ask(upstream, "PATCH", BUCKET, {"acl": entries}).status == 400
    assert ask(upstream, "PATCH", f"{OBJECTS}/a", {"acl": entries}).status == 400
    assert ask(upstream, "POST", f"{OBJECTS}/b/compose", compose).status == 400
    assert ask(upstream, "POST", f"{OBJECTS}/a/copyTo/b/kb/o/b", {"acl": entries}).status == 400


def test_list_is_that_of_one_generation() -> None:
    """The one that is named, or else the live one."""
    upstream = GcsUpstream(versioning=True)
    first = upstream.put("kb", "a", b"1")
    ask(upstream, "POST", f"{OBJECTS}/a/acl", READER)
    upstream.put("kb", "a", b"2")
    entry = f"{OBJECTS}/a/acl/allUsers"

    assert ask(upstream, "GET", f"{entry}?generation={first}").status == 200
    assert ask(upstream, "GET", entry).status == 404
    assert ask(upstream, "DELETE", f"{entry}?generation={first}").status == 204
    assert ask(upstream, "GET", f"{entry}?generation={first}").status == 404
    assert ask(upstream, "GET", f"{OBJECTS}/a/acl?generation=1").status == 404


def test_uniform_access_takes_no_list_in_a_resource(upstream: GcsUpstream) -> None:
    """Neither with an upload nor later."""
    upstream.put("kb", "a", b"x")
    assert ask(upstream, "PATCH", BUCKET, UNIFORM).status == 200

    assert ask(upstream, "PATCH", f"{OBJECTS}/a", {"acl": [READER]}).status == 400
    assert ask(upstream, "PATCH", f"{OBJECTS}/a", {"acl": []}).status == 200


def test_nobody_lets_everybody_in_where_that_is_prevented(
    upstream: GcsUpstream, bucket: Any
) -> None:
    """Neither by a list nor by a policy."""
    upstream.put("kb", "a", b"x")
    bucket.blob("a").make_public()
    assert ask(upstream, "PATCH", BUCKET, PRIVATE).status == 200

    with pytest.raises(exceptions.PreconditionFailed, match="public access prevention"):
        bucket.blob("a").make_public()
    binding = {"role": "roles/storage.objectViewer", "members": ["allUsers"]}
    assert ask(upstream, "PUT", f"{BUCKET}/iam", {"bindings": [binding]}).status == 412


@pytest.mark.parametrize(
    "policy",
    [
        {"bindings": 1},
        {"bindings": ["all"]},
        {"bindings": [{"role": "king", "members": ["allUsers"]}]},
        {"bindings": [{"role": "roles/storage.admin", "members": "allUsers"}]},
        {"bindings": [{"role": "roles/storage.admin", "members": ["nobody"]}]},
    ],
)
def test_policy_is_one(upstream: GcsUpstream, policy: dict[str, Any]) -> None:
    """Roles and members are those that there can be."""
    assert ask(upstream, "PUT", f"{BUCKET}/iam", policy).status == 400


def test_policy_with_a_condition_needs_its_version_and_uniform_access(
    upstream: GcsUpstream,
) -> None:
    """Conditions are of version 3, and hold only where there are no lists beside them."""
    condition = {"title": "t", "expression": "true"}
    binding = {"role": "roles/storage.admin", "members": ["user:a@b.test"], "condition": condition}

    def status(version: int) -> int:
        policy = {"version": version, "bindings": [binding]}
        return ask(upstream, "PUT", f"{BUCKET}/iam", policy).status

    before = [status(1), status(3)]
    ask(upstream, "PATCH", BUCKET, UNIFORM)

    assert (before, status(1), status(3)) == ([400, 412], 400, 200)
    with pytest.raises(UnmodelledError, match=r"body\.colour"):
        ask(upstream, "PUT", f"{BUCKET}/iam", {"bindings": [], "colour": "red"})


def test_new_policy_is_a_change_of_the_bucket(bucket: Any) -> None:
    """Whoever has read the bucket before finds it changed."""
    bucket.reload()
    before = bucket.metageneration
    bucket.set_iam_policy(bucket.get_iam_policy())
    bucket.reload()
    assert bucket.metageneration == before + 1
