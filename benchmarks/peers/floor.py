"""No tool: the three calls of a run without their waits, which is the least it can take."""

import tenacity

from benchmarks.peers import case


def run() -> None:
    """The waits are left out."""
    patched = {**case._WAITS, "wait": tenacity.wait_none()}  # noqa: SLF001 - of this folder
    client = case.client()
    tenacity.Retrying(**patched)(lambda: client.chat.completions.create(**case._ASKED))  # noqa: SLF001 - as above


if __name__ == "__main__":
    case.tell(run)
