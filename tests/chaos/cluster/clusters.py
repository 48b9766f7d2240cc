"""Real clusters on loopback: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[3]
PATIENCE_S = 240.0
"""Generous: machines that test are busy."""


def environment(**more: str) -> dict[str, str]:
    """Return that of a process which finds chaos and the tests where they are."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **more}


def wait_until(what: Callable[[], object], told: str) -> None:
    """Wait for something that is going to be so."""
    until_s = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until_s, f"waited in vain: {told}"
        time.sleep(0.02)


class Cluster:
    """A scheduler with its workers.

    Args:
        folder: For logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.workers: list[subprocess.Popen[bytes]] = []
        self._logs: list[Path] = []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        log = self._logs[0]
        at = re.compile(r"Scheduler at:\s+tcp://([\d.]+:\d+)")
        wait_until(lambda: at.search(log.read_text()), "for the scheduler")
        found = at.search(log.read_text())
        assert found is not None
        self.netloc = found[1]

    @property
    def url(self) -> str:
        """What `--executor` takes."""
        return f"dask://{self.netloc}"

    def add_worker(
        self,
        *options: str,
        threads: int = 1,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until the scheduler knows it."""
        self.workers.append(
            self._start(
                *("worker", self.netloc, "--host", "127.0.0.1", "--nthreads", str(threads)),
                *("--local-directory", str(self._folder), *options),
                folder=folder,
                env=env,
            )
        )
        log = self._logs[-1]
        wait_until(lambda: "Registered to:" in log.read_text(), "for a worker")
        return self.workers[-1]

    def close(self) -> None:
        """End all of it."""
        for process in (*self.workers, self.scheduler):
            for each in family(process.pid):
                _kill(each)
            process.wait()

    def _start(
        self,
        kind: str,
        *arguments: str,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        self._logs.append(self._folder / f"{len(self._logs)}.log")
        with self._logs[-1].open("wb") as log:
            return subprocess.Popen(
                [
                    *(sys.executable, "-m", "dask", kind),
                    *(*arguments, "--no-dashboard"),
                ],
                stdout=log,
                stderr=log,
                cwd=folder or ROOT,
                env=environment(**(env or {})),
            )


def family(pid: int) -> list[psutil.Process]:
    """Return a process with all that it has started, those first."""
    try:
        process = psutil.Process(pid)
        return [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return []


def players_of(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the players that a worker has now."""
    found = []
    for each in family(worker.pid):
        try:
            if "chaos.cluster.player_process" in each.cmdline():
                found.append(each)
        except psutil.NoSuchProcess:
            continue
    return found


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


@contextmanager
def cluster(folder: Path, workers: int = 0) -> Iterator[Cluster]:
    """Run a cluster as long as the block lasts."""
    running = Cluster(folder)
    try:
        for _ in range(workers):
            running.add_worker("--no-nanny")
        yield running
    finally:
        running.close()
        shutil.rmtree(folder, ignore_errors=True)
