"""An environment for each set of requirements: Python, the library as it was, and the harness.

The harness is not installed: it is found where it lies, so that what it requires of the library
does not get in the way of an old version. What it needs itself is written in its own project file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from corpus.bug import ROOT, BugError

FOLDER = ROOT / ".nox" / "corpus-environments"
"""Where they are kept, so that the next run need not make them."""

PYTHON = "3.11"

AS_OF = "2026-11-20"
"""Nothing newer than this is installed: what is not pinned is the same next year."""


def harness_needs() -> list[str]:
    """What the harness itself needs: by name, without the versions that it promises to work with.

    An old library may want older ones. Exact pins stay, because the harness leans on them.
    """
    project = tomllib.loads((ROOT / "chaos" / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"]
    return [each if "==" in each else re.split(r"[<>=!~ ]", each)[0] for each in wanted]


def python_of(requirements: Sequence[str]) -> Path:
    """The interpreter of an environment with these requirements; made if there is none yet.

    Raises:
        BugError: It cannot be made.
    """
    everything = sorted({*harness_needs(), *requirements})
    key = hashlib.sha256("\n".join([PYTHON, AS_OF, *everything]).encode()).hexdigest()[:12]
    folder = FOLDER / f"{requirements[0].replace('==', '-')}-{key}"
    if not folder.exists():
        _make(folder, everything)
    return _python(folder)


def _make(folder: Path, requirements: Sequence[str]) -> None:
    """Make an environment, beside others who may be making the same one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="unfinished-") as parent:
        made = Path(parent) / folder.name
        _uv("venv", "--python", PYTHON, str(made))
        _uv(
            *("pip", "install", "--exclude-newer", AS_OF, "--python", str(_python(made))),
            *requirements,
        )
        # It works wherever it lies, as long as its scripts are called through its Python.
        with contextlib.suppress(OSError):  # Somebody else was first: theirs is as good.
            made.rename(folder)
    if not folder.exists():
        raise BugError(f"the environment {folder} cannot be put in its place")


def _python(environment: Path) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / "python"


def _uv(*arguments: str) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "uv", "--quiet", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise BugError(f"uv {' '.join(arguments)} failed:\n{made.stderr.strip()}")
