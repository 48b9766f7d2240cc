"""Plays the clients of one environment: ``python -m tests.clients newest``.

Each client has a process of its own, so that none has to import the libraries of the others.
Much of what they do is waiting for real seconds; there are more processes at a time than cores.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

AT_A_TIME = 4
WRITE = "--write-page"


def play(options: list[str], module: Path) -> tuple[str, int]:
    """Run the tests of one client; returns what they print, and their exit code."""
    # Libraries of others may warn; it is not their warnings that are tested.
    quiet = ("-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-o", "filterwarnings=default")
    command = [sys.executable, "-m", "pytest", "--confcutdir=tests/clients", *quiet]
    done = subprocess.run(
        [*command, str(module), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{module}\n{done.stdout}{done.stderr}", done.returncode


def main(environment: str, *options: str) -> int:
    """Run them all; 1 if any has failed, or if there are none."""
    modules = sorted((Path(__file__).parent / environment).glob("test_*.py"))
    # The page is one file; it is written by one process at a time.
    with ThreadPoolExecutor(1 if WRITE in options else AT_A_TIME) as pool:
        codes = []
        for told, code in pool.map(partial(play, list(options)), modules):
            sys.stdout.write(told)
            codes.append(code)
    failed = sum(map(bool, codes))
    sys.stdout.write(f"{environment}: {len(codes) - failed} clients passed, {failed} failed\n")
    return 1 if failed or not codes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
