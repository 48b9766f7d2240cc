"""Every scenario gives the same trace however it is played; run with ``nox -s digests``.

Played by one process and by two, in the opposite order, and while sixteen others keep the machine
busy. With a file, also the same on every Python: the first writes it, the others compare with it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[1]
BUSY = 16

Digests = Mapping[str, str]
"""Name of a scenario to the digest of its trace."""


def digests(*options: str) -> Digests:
    """Of all scenarios, played with these options.

    Raises:
        SystemExit: They could not be played, or one of them did not pass.
    """
    command = [sys.executable, "-m", "chaos", "run", "scenarios", "--json", "-", *options]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{' '.join(command[2:])} ended with {run.returncode}:\n{run.stderr}")
    played = json.loads(run.stdout)["scenarios"]
    return {each["name"]: each["digest"] for each in played}


@contextmanager
def busy_machine() -> Iterator[None]:
    """Sixteen processes that compute, for as long as this is entered."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(BUSY)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def different(first: Digests, again: Digests) -> list[str]:
    """Names of scenarios whose traces differ, or that only one of the two has.

    Example:
        >>> different({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"})
        ['b', 'c']
    """
    return sorted(
        name for name in first.keys() | again.keys() if first.get(name) != again.get(name)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, compare, and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, help="digests of another Python, or where to write")
    options = parser.parse_args(arguments)
    first = digests("-j1")
    compared = {"two processes": digests("-j2"), "the opposite order": digests("--check-order")}
    with busy_machine():
        compared["a busy machine"] = digests("-j2")
    if options.file is not None:
        if options.file.exists():
            compared["another Python"] = json.loads(options.file.read_text())
        else:
            options.file.write_text(json.dumps(first, indent=1))
    failed = False
    for how, again in compared.items():
        names = different(first, again)
        failed |= bool(names)
        sys.stdout.write(f"{how}: {len(first)} scenarios, {len(names)} differ\n")
        sys.stdout.writelines(f"  {name}\n" for name in names)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
