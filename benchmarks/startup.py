"""How long commands take to start, beside importing the SDK of a service.

Processor time of processes of their own, in turns. Bytecode is kept from the first round on, as it
is wherever packages are installed; that round is not counted.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figure, beside

PROJECT = Path(__file__).parents[1]
SCENARIO = "scenarios/breaker/opens-after-exactly-five.yaml"
FILES = 100
ROUNDS = 7

SDK = "import openai"
FLOOR = "import pydantic and typer"


def commands() -> Mapping[str, Sequence[str]]:
    """What is started, by what it is called."""
    files = sorted(str(path) for path in (PROJECT / "scenarios").rglob("*.yaml"))[:FILES]
    chaos = (sys.executable, "-m", "chaos")
    return {
        SDK: (sys.executable, "-c", SDK),
        FLOOR: (sys.executable, "-c", "import typer, pydantic; pydantic.BaseModel"),
        "chaos --help": (*chaos, "--help"),
        f"chaos validate, {FILES} files": (*chaos, "validate", *files),
        "the same, --no-import": (*chaos, "validate", "--no-import", *files),
        "chaos run, one scenario": (*chaos, "run", SCENARIO),
    }


GOALS = {"chaos --help": 0.3, f"chaos validate, {FILES} files": 0.3, "chaos run, one scenario": 2}


def figures() -> Iterator[Figure]:
    """Each command against the import."""
    took: dict[str, list[float]] = {name: [] for name in commands()}
    with tempfile.TemporaryDirectory() as bytecode:
        for number in range(ROUNDS + 1):
            for name, command in commands().items():
                took_s = _cpu_s(command, bytecode)
                if number:
                    took[name].append(took_s)
    for name, ours in took.items():
        if name != SDK:
            yield beside(name, ours, took[SDK], unit="s", against=SDK, goal=GOALS.get(name))
    yield rerun()


def _cpu_s(command: Sequence[str], bytecode: str) -> float:
    """Processor time of a process, and of those that it has started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603 - ours
        command, check=True, cwd=PROJECT, stdout=subprocess.DEVNULL, env=_environment(bytecode)
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def _environment(bytecode: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONUNBUFFERED": "1"}


def rerun(times: int = 5) -> Figure:
    """From a saved scenario to its verdict, under ``--watch``; real time, the median."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / Path(SCENARIO).name
        text = (PROJECT / SCENARIO).read_text(encoding="utf-8")
        file.write_text(text, encoding="utf-8")
        command = (sys.executable, "-m", "chaos", "run", str(file), "--watch")
        with subprocess.Popen(  # noqa: S603 - ours
            command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=_environment(folder)
        ) as process:
            assert process.stdout is not None, "it was asked for"
            try:
                _until_played(process.stdout)
                took = []
                for number in range(times):
                    time.sleep(1.5)  # Whoever watches looks every now and then.
                    began_s = time.monotonic()
                    file.write_text(f"{text}# {number}\n", encoding="utf-8")
                    _until_played(process.stdout)
                    took.append(time.monotonic() - began_s)
            finally:
                process.terminate()
    return Figure("chaos run --watch, from saving to verdict", _ms(took), "ms", goal=300)


def _until_played(lines: Iterator[str]) -> None:
    for line in lines:
        if "passed;" in line:
            return
    raise RuntimeError("it ended without a verdict")


def _ms(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1000
