"""The shipped scenarios: all pass, and all are the same in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


def results(hash_seed: str) -> str:
    """Play everything in a process of its own; the results as text."""
    done = subprocess.run(
        [sys.executable, "-m", "chaos", "run", "scenarios", "--json", "-"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_all_scenarios_pass_the_same_way_in_every_process() -> None:
    """Verdicts, times and trace digests are the same byte for byte; every law is exercised."""
    one, other = results("0"), results("1")

    assert one == other
    document = json.loads(one)
    assert len(document["scenarios"]) >= 50
    assert document["laws_not_exercised"] == []
