"""A bucket: what it was told to be, who may do what with it, and what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

WEEK_S = 7 * 24 * 60 * 60
PROJECT_NUMBER = "1"

_OWNERS = (f"project-owners-{PROJECT_NUMBER}", f"project-editors-{PROJECT_NUMBER}")
DEFAULT_ACL: Mapping[str, str] = {
    **dict.fromkeys(_OWNERS, "OWNER"),
    f"project-viewers-{PROJECT_NUMBER}": "READER",
}
"""Entity to role, as every new bucket has it."""

DEFAULT_POLICY: Mapping[str, Any] = {
    "version": 1,
    "bindings": [
        {"role": "roles/storage.legacyBucketOwner", "members": [f"projectOwner:{PROJECT_NUMBER}"]},
        {
            "role": "roles/storage.legacyBucketReader",
            "members": [f"projectViewer:{PROJECT_NUMBER}"],
        },
    ],
}


@dataclass(slots=True, kw_only=True)
class Bucket:
    """One bucket, without its objects.

    Attributes:
        name: Its name.
        created_s: Unix time at which it was made.
        updated_s: Unix time of the last change of its settings.
        metageneration: 1, and one more for each change of its settings.
        settings: What its owner chooses, as the API shows it: ``versioning``, ``labels``, …
        acl: Entity to role.
        default_acl: The same for new objects in it.
        policy: Its IAM policy, without the tag.
        policy_version: Counts the policies it has had.
        notifications: Configurations by id.
        locked: Whether its retention policy cannot be taken back any more.
    """

    name: str
    created_s: float
    updated_s: float
    metageneration: int = 1
    settings: Json = field(default_factory=dict)
    acl: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_ACL))
    default_acl: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_ACL))
    policy: Json = field(default_factory=lambda: dict(DEFAULT_POLICY))
    policy_version: int = 1
    notifications: dict[str, Json] = field(default_factory=dict)
    locked: bool = False

    @property
    def versioning(self) -> bool:
        """Whether overwritten and deleted generations can still be read."""
        return bool(self.settings.get("versioning", {}).get("enabled"))

    @property
    def is_uniform(self) -> bool:
        """Whether access is decided by the policy alone, so that there are no lists."""
        access = self.settings.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {})
        return bool(access.get("enabled"))

    @property
    def is_private(self) -> bool:
        """Whether nobody can let everybody in."""
        access = self.settings.get("iamConfiguration", {})
        return bool(access.get("publicAccessPrevention") == "enforced")

    @property
    def kept_for_s(self) -> int:
        """How long a deleted object can be restored; 0 if it is gone at once."""
        policy = self.settings.get("softDeletePolicy", {})
        return int(policy.get("retentionDurationSeconds", WEEK_S))

    @property
    def class_of_new_objects(self) -> Json:
        """The storage class of objects for which none is chosen; empty if it is the usual one."""
        chosen = self.settings.get("storageClass", "STANDARD")
        return {} if chosen == "STANDARD" else {"storageClass": chosen}

    @property
    def retention_s(self) -> int:
        """How old an object has to be before it can be deleted."""
        return int(self.settings.get("retentionPolicy", {}).get("retentionPeriod", 0))

    def change(self, settings: Json, now_s: float) -> None:
        """Take other settings."""
        self.settings = settings
        self.metageneration += 1
        self.updated_s = now_s
