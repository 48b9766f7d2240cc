"""Whether a scenario's trace depends on what was played before it, or on the process.

What a module keeps, what no seed decides, and the order of a set differ between two processes
that play the same scenarios in opposite orders. Traces then differ too, and verdicts may.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from chaos import session
from chaos.errors import ChaosError
from chaos.runner.result import RunResult
from chaos.trace import ndjson

_ANOTHER_HASH_SEED = "1"
_AND_ANOTHER = "2"


@dataclass(frozen=True, kw_only=True)
class OrderDifference:
    """A scenario that was another one when it was played again.

    Attributes:
        name: Of the scenario.
        first: The first event that differs, as it was at first; empty if there was none.
        again: The same place of the other trace.
    """

    name: str
    first: str
    again: str


def differences(results: Sequence[RunResult], *, seed: int | None = None) -> list[OrderDifference]:
    """Play scenarios again, in the opposite order and in a new process, and compare.

    Args:
        results: What came of them the first time, in the simulated tier.
        seed: What replaced the seed of every scenario.

    Raises:
        ChaosError: They could not be played again; the message has what was said.
    """
    again = _played_again([each.path for each in reversed(results)], seed)
    found = []
    for result in results:
        name, first = result.name, ndjson.dump(result.trace)
        if first != again[name]:
            lines = zip_longest(first.splitlines(), again[name].splitlines(), fillvalue="")
            before, after = next((one, other) for one, other in lines if one != other)
            found.append(OrderDifference(name=name, first=before, again=after))
    return found


def _played_again(paths: Sequence[str], seed: int | None) -> Mapping[str, str]:
    asked = {"paths": list(paths), "seed": seed}
    ours = os.environ.get("PYTHONHASHSEED")
    hash_seed = _ANOTHER_HASH_SEED if ours != _ANOTHER_HASH_SEED else _AND_ANOTHER
    package = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(  # noqa: S603 - this very module
        [sys.executable, "-m", __name__],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise ChaosError(
            f"the scenarios could not be played in the opposite order; the process said: {said}"
        )
    traces: dict[str, str] = json.loads(done.stdout)
    return traces


def _main() -> None:
    """Play what standard input names, in that order; write name to trace."""
    asked = json.load(sys.stdin)
    loaded = [each for path in asked["paths"] for each in session.load([Path(path)])]
    suite = session.run(loaded, seed=asked["seed"])
    traces = {each.name: ndjson.dump(each.trace) for each in suite.results}
    json.dump(traces, sys.stdout)


if __name__ == "__main__":
    _main()
