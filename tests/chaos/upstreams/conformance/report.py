"""The result as a page of the documentation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version

from tests.chaos.upstreams.conformance.explained import explanation
from tests.chaos.upstreams.conformance.playing import Played

_HEAD = """\
# Retries of the Cloud Storage client, by Google's own table

Google publishes a table of which calls a client of Cloud Storage tries again, and after which
failures: `storage/v1/retry_tests.json` in googleapis/conformance-tests, under the
Apache licence. It is not part of this project. This page is what came of playing it with
google-cloud-storage {version} against the stand-in, in virtual time:

```text
$ nox -s conformance -- PATH/TO/retry_tests.json
```
"""

_COUNTS = """\
**{asked} pairs of a case and a method were asked; {right} came out as the table says, {wrong}
otherwise.** That took {minutes} minutes of virtual time.

The lists of access have five methods each for which the client has no call of its own; those were
asked through the helpers by which it makes all its requests, with the policy that these have by
default. Where the client has several calls for a method, all of them had to be right."""

_LOST = """\
## What the table does not ask

In the table, a connection that is reset is reset before the request was carried out. Now
the answer is lost instead: the request was carried out, and the client still tries again. These
calls end in an error although they did what they were asked to do, so their callers have to expect
it:

| method | ends in |
| --- | --- |
"""


def page(played: Sequence[Played], lost: Sequence[Played]) -> str:
    """The page.

    Args:
        played: Every pair of the table.
        lost: Those with connections that are reset, with answers that are lost instead.
    """
    right = [each for each in played if each.is_right]
    wrong = [each for each in played if not each.is_right]
    virtual_s = sum(each.virtual_s for each in played)
    lines = [
        _HEAD.format(version=version("google-cloud-storage")),
        _COUNTS.format(
            asked=len(played), right=len(right), wrong=len(wrong), minutes=round(virtual_s / 60)
        ),
        "",
        "| scenario | asked | as the table says |",
        "| --- | --- | --- |",
        *_by_scenario(played),
        "",
        "## Where the client does something else",
        "",
        "| scenario, method | instructions | the table wants | the client | who is right |",
        "| --- | --- | --- | --- | --- |",
        *_wrong(wrong),
        "",
        _LOST + "\n".join(_lost(lost)),
        "",
    ]
    return "\n".join(lines)


def _by_scenario(played: Sequence[Played]) -> list[str]:
    found: defaultdict[int, list[Played]] = defaultdict(list)
    for each in played:
        found[each.pair.scenario].append(each)
    return [
        f"| {scenario} | {len(pairs)} | {sum(each.is_right for each in pairs)} |"
        for scenario, pairs in sorted(found.items())
    ]


def _wrong(wrong: Sequence[Played]) -> list[str]:
    """A line for each scenario and method."""
    found: defaultdict[tuple[int, str], list[Played]] = defaultdict(list)
    for each in wrong:
        found[each.pair.scenario, each.pair.method].append(each)
    lines = []
    for (scenario, method), pairs in found.items():
        instructions = "; ".join(", ".join(each.pair.instructions) for each in pairs)
        wanted = "success" if pairs[0].pair.succeeds else "an error"
        seen = "; ".join(dict.fromkeys(end for each in pairs for end in each.seen))
        who = explanation(pairs[0].pair) or "nobody knows yet"
        lines.append(f"| {scenario}, `{method}` | {instructions} | {wanted} | {seen} | {who} |")
    return lines


def _lost(lost: Sequence[Played]) -> list[str]:
    ends: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for each in lost:
        for seen in each.seen:
            if each.pair.succeeds and not each.is_right and "unused" not in seen:
                ends[each.pair.method][seen] = None
    return [f"| `{method}` | {', '.join(found)} |" for method, found in sorted(ends.items())]
