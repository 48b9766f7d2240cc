"""A mock transport by hand, and nothing else: the waits are real."""

from benchmarks.peers import case


def run() -> None:
    """Nobody looks at when calls came."""
    case.ask(case.client())


if __name__ == "__main__":
    case.tell(run)
