"""Where the client does other than the table says, and who is right."""

from __future__ import annotations

from collections.abc import Mapping

from tests.chaos.upstreams.conformance.table import Pair

_BY_DEFAULT = (
    "The table, as to what is safe: a second try may undo what somebody else did in between. The "
    "client tries again all the same since 3.0, on purpose (googleapis/python-storage #1400)."
)
_NO_TAG = (
    "The table. The client's `update` sends the state alone, never the tag that it has read; so "
    "its own rule (try again if a tag is in the body) never holds, and it gives up at once."
)
_NO_CALL = (
    "The table, but the client has no call for this: it was asked through the helper that all its "
    "deletions go through, and that one tries again."
)

EXPLAINED: Mapping[tuple[int, str], str] = {
    **{(scenario, "storage.hmacKey.update"): _NO_TAG for scenario in (2, 6)},
    **{(3, f"storage.objects.{method}"): _BY_DEFAULT for method in ("delete", "insert", "patch")},
    **{
        (4, f"storage.{place}.delete"): _NO_CALL
        for place in ("bucket_acl", "default_object_acl", "object_acl")
    },
}
"""By scenario and method."""


def explanation(pair: Pair) -> str | None:
    """Who is right about a pair that came out otherwise; None if nobody has found out."""
    return EXPLAINED.get((pair.scenario, pair.method))
