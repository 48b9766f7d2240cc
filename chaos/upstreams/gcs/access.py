"""Who may do what: what entries of lists of access, and bindings of policies, have to be like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chaos.upstreams.gcs import errors
from chaos.upstreams.gcs.buckets import Bucket
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.unmodelled import UnmodelledError

BUCKET_ROLES = frozenset({"OWNER", "WRITER", "READER"})
OBJECT_ROLES = frozenset({"OWNER", "READER"})
"""The roles in the list of an object, and in the list that new objects get."""

_EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
_ENTITY = re.compile(
    r"allUsers|allAuthenticatedUsers|(user|group|domain)-\S+|project-(owners|editors|viewers)-\S+"
)
_MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers|principal(Set)?://\S+|deleted:\S+|"
    r"(user|serviceAccount|group|domain|projectOwner|projectEditor|projectViewer):\S+"
)
_ROLE = re.compile(r"(projects/[^/]+/|organizations/[^/]+/)?roles/\S+")
_POLICY = frozenset({"kind", "resourceId", "version", "etag", "bindings"})
_BINDING = frozenset({"role", "members", "condition"})
_CONDITIONAL = 3


def require_entry(entity: object, role: object, *, roles: frozenset[str], bucket: Bucket) -> None:
    """See to it that an entry is one that there can be in a list of access.

    Raises:
        RefusalError: It is not, or it lets everybody in where the bucket forbids that.
    """
    if not isinstance(entity, str) or not _ENTITY.fullmatch(entity):
        raise errors.invalid(f"Invalid value for entity: {entity!r}")
    if role not in roles:
        raise errors.invalid(f"Invalid value for role: {role!r}")
    _require_not_everybody({entity}, bucket)


def read_entries(sent: object, *, roles: frozenset[str], bucket: Bucket) -> dict[str, str]:
    """A whole list, as it stands in a resource.

    Raises:
        RefusalError: It is no list of entries, or the bucket has no lists.
    """
    if not isinstance(sent, list) or not all(isinstance(entry, Mapping) for entry in sent):
        raise errors.invalid("Invalid value for acl: expected a list of entries")
    if sent and bucket.is_uniform:
        message = "Cannot insert legacy ACL for an object when uniform bucket-level access is "
        raise errors.invalid(message + "enabled.")
    for entry in sent:
        require_entry(entry.get("entity"), entry.get("role"), roles=roles, bucket=bucket)
    return {entry["entity"]: entry["role"] for entry in sent}


def read_policy(sent: Mapping[str, Any], bucket: Bucket) -> dict[str, Any]:
    """A policy that is to be that of a bucket, without its tag.

    Raises:
        UnmodelledError: It has something that is not modelled.
        RefusalError: It is none.
    """
    bindings = sent.get("bindings", [])
    if not isinstance(bindings, list) or not all(isinstance(each, Mapping) for each in bindings):
        raise errors.invalid("Invalid value for bindings: expected a list of bindings")
    unknown = [f"body.{key}" for key in sent if key not in _POLICY]
    unknown += [f"body.bindings.{key}" for each in bindings for key in each if key not in _BINDING]
    if unknown:
        raise UnmodelledError("gcs", "buckets.setIamPolicy", unknown, taught_in=__name__)
    for each in bindings:
        _require_binding(each, sent.get("version", 1), bucket)
    return {key: sent[key] for key in ("version", "bindings") if key in sent}


def _require_binding(binding: Mapping[str, Any], version: object, bucket: Bucket) -> None:
    role, members = binding.get("role"), binding.get("members")
    if not isinstance(role, str) or not _ROLE.fullmatch(role):
        raise errors.invalid(f"Role ({role}) does not exist in the resource's hierarchy.")
    if not isinstance(members, list):
        raise errors.invalid("Invalid value for members: expected a list of members")
    for member in members:
        if not isinstance(member, str) or not _MEMBER.fullmatch(member):
            raise errors.invalid(f"Invalid member: {member!r}")
    _require_not_everybody(members, bucket)
    if binding.get("condition") is None:
        return
    if version != _CONDITIONAL:
        message = f"Policies with conditions have version {_CONDITIONAL}, and not {version}."
        raise errors.invalid(message)
    if not bucket.is_uniform:
        message = "Conditions need uniform bucket-level access to be enabled."
        raise RefusalError(errors.error(412, message, "conditionNotMet"))


def _require_not_everybody(who: Iterable[str], bucket: Bucket) -> None:
    if bucket.is_private and _EVERYBODY.intersection(who):
        message = "The member bindings allUsers and allAuthenticatedUsers are not allowed since "
        message += "public access prevention is enforced."
        raise RefusalError(errors.error(412, message, "conditionNotMet"))
