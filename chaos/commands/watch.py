"""What ``chaos run --watch`` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.commands.common import output, print_error
from chaos.errors import ChaosError

if TYPE_CHECKING:
    from chaos.interactive.rerun import Rerun

_EVERY_S = 0.05


def watch(
    paths: Sequence[Path],
    expression: str = "",
    *,
    seed: int | None = None,
    laws: bool = False,
    pause: Callable[[], None] | None = None,
) -> None:
    """Play everything once, then each scenario again when it is saved, until Ctrl-C.

    The simulation stays entered, so that a save is answered at once. When code that was imported
    is saved, the process starts anew: Python cannot trade a module for another in a running one.

    Args:
        paths: Scenario files and folders.
        expression: Only scenarios matching.
        seed: Replaces the seed of every scenario.
        laws: Show laws and digests as well.
        pause: Waits until it is worth looking again.
    """
    from chaos import session
    from chaos.interactive.interruption import HeldInterrupt
    from chaos.interactive.rerun import Rerun
    from chaos.interactive.watch import Watcher
    from chaos.simulation.timing.real import sleep as real_sleep
    from chaos.targets.here import find_here
    from chaos.tiers.simulated.world import SimulatedTier

    console = output()
    with suppress(ChaosError):  # It is reported below, and may be mended.
        # Imports what must be imported before time is frozen, and watched.
        for each in session.load(paths, expression):
            find_here(each.scenario.target)
    watcher = Watcher(paths)
    pause = pause or (lambda: real_sleep(_EVERY_S))
    rerun: Rerun | None = None
    try:
        with HeldInterrupt() as interrupt, SimulatedTier() as simulation:
            rerun = Rerun(simulation, expression=expression, seed=seed)
            _play(rerun, paths, laws=laws)
            names = ", ".join(map(str, paths))
            console.print(f"watching {names}; Ctrl-C ends it", soft_wrap=True)
            while not watcher.is_code_changed():
                if saved := watcher.saved():
                    _play(rerun, saved, laws=laws)
                interrupt.act()
                pause()
    except KeyboardInterrupt:
        console.print(
            f"stopped watching; {rerun.count if rerun else 0} runs, nothing was left behind"
        )
        return
    console.print("code was saved; restarting")
    os.execv(sys.executable, [sys.executable, "-m", "chaos", *sys.argv[1:]])  # noqa: S606 - itself


def _play(rerun: Rerun, paths: Sequence[Path], *, laws: bool) -> None:
    """Play and report; a mistake in a file is shown, and waits for the next save."""
    from chaos.reports.console import ConsoleReport

    report = ConsoleReport(output(), laws=laws)
    try:
        suite = rerun.play(paths, report.on_result)
    except ChaosError as error:
        print_error(error)
    else:
        if suite.results:
            report.on_end(suite)
