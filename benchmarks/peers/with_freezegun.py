"""A mock transport by hand, with time frozen: tenacity's sleep moves the clock."""

import time
from unittest import mock

import freezegun

from benchmarks.peers import case


def run() -> None:
    """Nobody looks at when calls came."""
    with (
        freezegun.freeze_time("2026-01-01") as frozen,
        mock.patch.object(time, "sleep", frozen.tick),
    ):
        case.ask(case.client())


if __name__ == "__main__":
    case.tell(run)
