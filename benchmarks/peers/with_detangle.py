"""Detangle: a deterministic loop in virtual time."""

import detangle

from benchmarks.peers import case


def run() -> None:
    """Nobody looks at when calls came."""
    detangle.run(case.one_async_run)


if __name__ == "__main__":
    case.tell(run)
