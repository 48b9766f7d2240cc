"""The players of one worker: processes that play, one for each of its threads.

Nothing here looks into what is played: bytes come from the command, and bytes go back to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import suppress
from multiprocessing import Pipe

from chaos.processes.worker import how_it_died

Told = tuple[str, bytes | str]
"""What came of a slice: ``("answers", bytes)``, or ``"unfit"`` or ``"died"`` with the reason."""

_lock = threading.Lock()
_idle: defaultdict[str, list[_Player]] = defaultdict(list)


def do(command: str, about: bytes, setting: bytes, slice_: bytes) -> Told:
    """Let a player of this worker do a slice; one is begun if none is idle.

    Args:
        command: What the player belongs to; equal for all slices of one command.
        about: What it must find there; see `chaos.cluster.fitting`.
        setting: What it enters first.
        slice_: What it does.
    """
    with _lock:
        kept = _idle[command].pop() if _idle[command] else None
    if kept is not None:
        told = kept.do(slice_)
        if told[0] != "died":
            return _back(command, kept, told)
    # One that was idle may have ended of its idleness; of a new one nobody can say so.
    new = _Player()
    told = new.begin(about, setting) or new.do(slice_)
    return _back(command, new, told)


def _back(command: str, player: _Player, told: Told) -> Told:
    if told[0] == "answers":
        with _lock:
            _idle[command].append(player)
    else:
        player.end()
    return told


class _Player:
    def __init__(self) -> None:
        self._link, theirs = Pipe()
        # Not a child of `multiprocessing`: a worker with a nanny may not have any. With -P, no
        # file of the folder is imported in the place of a library.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "chaos.cluster.player_process"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
        )
        theirs.close()

    def begin(self, about: bytes, setting: bytes) -> Told | None:
        """Let it enter the setting; None if it has."""
        try:
            self._link.send_bytes(about)
            self._link.send_bytes(setting)
            unfit = json.loads(self._link.recv_bytes())["unfit"]
        except (EOFError, OSError):
            return "died", f"{how_it_died(self._exit_code())} before it played anything"
        return ("unfit", unfit) if unfit else None

    def do(self, slice_: bytes) -> Told:
        """Let it do a slice."""
        try:
            self._link.send_bytes(slice_)
            return "answers", self._link.recv_bytes()
        except (EOFError, OSError):
            return "died", how_it_died(self._exit_code())

    def end(self) -> None:
        """It is of no more use."""
        self._link.close()
        self._exit_code()

    def _exit_code(self) -> int:
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_PATIENCE_S)
        self._process.kill()
        return self._process.wait()


_PATIENCE_S = 5.0
"""How long a player that ends may tidy up."""
