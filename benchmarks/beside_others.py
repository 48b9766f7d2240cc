"""One case beside other tools: who says what is wrong, and how long it takes.

Run it with ``nox -s bench_others -- FOLDER``, which keeps an environment for each tool there. The
scripts are in `benchmarks.peers`. A hundred runs are only made where one takes less than a second;
waits that are real take a hundred times as long as one, and nobody learns anything by waiting.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROUNDS = 5
MANY = 100
SHORT_S = 1.0

_SDK = ("openai==3.54.0", "tenacity==9.2.1")


@dataclass(frozen=True)
class Tool:
    """A tool and its script.

    Attributes:
        name: As people call it.
        script: The module in `benchmarks.peers`.
        packages: What its environment has beside the SDK.
    """

    name: str
    script: str
    packages: tuple[str, ...] = ()


OURS = Tool("chaos", "ours")
FLOOR = Tool("floor: the calls without waits", "floor")
OTHERS = (
    Tool("mock transport, real waits", "with_real_waits"),
    Tool("mock transport and freezegun", "with_freezegun", ("freezegun==1.5.5",)),
    Tool("looptime (async)", "with_looptime", ("looptime==0.9",)),
    Tool("aiotools (async)", "with_aiotools", ("aiotools==2.2.4",)),
    Tool("detangle (async)", "with_detangle", ("detangle==0.1.0",)),
    Tool("LLMock", "with_llmock", ("llmock==0.2.2",)),
)


@dataclass(frozen=True)
class Row:
    """What came of a tool."""

    tool: Tool
    verdict: str
    one_s: float
    many_s: tuple[float, ...]


def python_of(tool: Tool, folder: Path) -> str:
    """The interpreter of the environment of a tool, which is made if need be; ours is this one."""
    if tool is OURS:
        return sys.executable
    place = folder / tool.script
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
        install = (str(python), "-m", "pip", "install", "--quiet", *_SDK, *tool.packages)
        subprocess.run(install, check=True)  # noqa: S603 - ours
    return str(python)


def played(tool: Tool, python: str, runs: int) -> tuple[float, str]:
    """Seconds of so many runs in one process, and the verdict of all of them."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = (python, "-m", f"benchmarks.peers.{tool.script}", str(runs))
    done = subprocess.run(  # noqa: S603 - ours
        command, check=True, capture_output=True, text=True, cwd=PROJECT, env=environment
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["runs"] == runs, told
    return told["seconds"], " and ".join(told["verdicts"])


def rows(folder: Path) -> list[Row]:
    """Each tool once, then all that are quick a hundred times, in turns."""
    tools = (FLOOR, OURS, *OTHERS)
    pythons = {tool: python_of(tool, folder) for tool in tools}
    once = {tool: played(tool, pythons[tool], 1) for tool in tools}
    quick = [tool for tool in tools if played(tool, pythons[tool], 2)[0] / 2 < SHORT_S]
    many: dict[Tool, list[float]] = {tool: [] for tool in tools}
    for _ in range(ROUNDS):
        for tool in quick:
            seconds, verdict = played(tool, pythons[tool], MANY)
            assert verdict == once[tool][1], (
                f"{tool.name}: {verdict}, and {once[tool][1]} at first"
            )
            many[tool].append(seconds)
    return [Row(tool, once[tool][1], once[tool][0], tuple(many[tool])) for tool in tools]


def as_markdown(found: list[Row]) -> str:
    """The table; what was not waited for is marked."""
    floor = next(row.many_s for row in found if row.tool is FLOOR)
    lines = [
        f"| tool | its verdict | right | 1 run | {MANY} runs | x the floor, quartiles |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in found:
        if row.many_s:
            many = f"{statistics.median(row.many_s):.2f} s"
            ratios = [mine / least for mine, least in zip(row.many_s, floor, strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            spread = f"{middle:.1f} ({low:.1f} to {high:.1f})"
        else:
            many, spread = f"{row.one_s * MANY:.0f} s, not waited for", ""
        right = "yes" if row.verdict == "failed" else "no"
        right = "" if row.tool is FLOOR else right
        cells = (row.tool.name, row.verdict, right, f"{row.one_s:.2f} s", many, spread)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown(rows(Path(sys.argv[1]))))
