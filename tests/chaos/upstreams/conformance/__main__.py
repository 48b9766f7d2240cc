"""Plays the table: ``python -m tests.chaos.upstreams.conformance TABLE [PAGE]``.

Writes the page if one is named. Exits with 1 if a pair came out otherwise and nobody has said who
is right, or if somebody has said so of a pair that came out right.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.chaos.upstreams.conformance.explained import EXPLAINED, explanation
from tests.chaos.upstreams.conformance.playing import Played, play
from tests.chaos.upstreams.conformance.report import page
from tests.chaos.upstreams.conformance.table import read


def main(table: str, written_to: str | None = None) -> int:
    """Play, tell, and write."""
    pairs = list(read(Path(table)))
    played = [play(pair) for pair in pairs]
    resets = [pair for pair in pairs if "return-reset-connection" in pair.instructions]
    lost = [play(pair, lost_answers=True) for pair in resets]
    wrong = [each for each in played if not each.is_right]
    for each in wrong:
        _say(f"{each.pair}: {'; '.join(each.seen)}\n  {explanation(each.pair) or 'UNEXPLAINED'}")
    _say(f"{len(played)} pairs asked, {len(played) - len(wrong)} right, {len(wrong)} wrong")
    if written_to is not None:
        Path(written_to).write_text(page(played, lost))
    unexplained = any(explanation(each.pair) is None for each in wrong)
    outlived = _outlived(wrong)
    return 1 if unexplained or outlived else 0


def _outlived(wrong: list[Played]) -> bool:
    """Whether an explanation has outlived what it explains."""
    left = EXPLAINED.keys() - {(each.pair.scenario, each.pair.method) for each in wrong}
    for scenario, method in sorted(left):
        _say(f"S{scenario} {method} comes out right now; take its explanation away")
    return bool(left)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
