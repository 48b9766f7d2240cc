"""The reference page of the wire tier: what is played there, and what is compared."""

from __future__ import annotations

import inspect

from chaos.compare.tiers.normalise import RULES, Rule
from chaos.scenario.collecting import APART

_PAGE = """\
# The wire

`chaos run --tier wire` plays scenarios over real sockets, through a real Toxiproxy;
`--tier both` plays each in the simulated tier as well, and compares the two runs. The summary
counts the runs of each tier: `184 passed (92 simulated, 92 wire)`.

## What is played there

Every scenario that the simulated tier plays; none is left out. One with `explore` is played in
each of its interleavings. The run that is compared is the one that nobody interrupts, or the
first that failed.

In both tiers, scenarios with one of these tags take longer, and are played only when they are
named, by file, folder, name or tag:

{tags}

## What is compared

Every event of both traces, in order, to the microsecond and to the letter, without

{rules}

## When the tiers disagree

The run on the wire fails. Its first differences are shown in two columns, with the line of the
scenario that they belong to; JSON has them as `side_by_side`, JUnit in the text of the failure.
"""


def wire_page() -> str:
    """The whole page, its title first."""
    tags = "\n".join(f"- `{tag}`" for tag in sorted(APART))
    return _PAGE.format(tags=tags, rules="\n".join(map(_left_out, RULES)))


def _left_out(rule: Rule) -> str:
    """What a rule leaves out, and its reason: the text of it before any example."""
    name = rule.__name__.removeprefix("without_").replace("_", " ")
    reason, _, _ = inspect.cleandoc(rule.__doc__ or "").partition("\n\nExample:")
    assert reason, f"{rule.__name__} gives no reason"
    return f"- **{name}**: {' '.join(reason.split())}"
