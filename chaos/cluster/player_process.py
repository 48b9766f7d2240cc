"""A process that plays for a worker: ``python -m chaos.cluster.player_process``.

Its standard input is the way to its worker. It ends with the worker, and after a minute without
anything to do.
"""

from __future__ import annotations

import json
import os
import pickle
import select
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from chaos.cluster.fitting import unfit
from chaos.cluster.slices import Slice, SliceAnswer
from chaos.processes.worker import JobAnswer, at_work, belong_to, failure
from chaos.simulation.timing import real
from chaos.targets.here import importable_here

_IDLE_S = 60.0

Do = Callable[[Any], JobAnswer[Any]]


def main() -> None:
    """Play until nobody asks any more."""
    link = Connection(os.dup(0))
    with open(os.devnull) as nothing:  # noqa: PTH123 - a device has no path to speak of
        os.dup2(nothing.fileno(), 0)
    belong_to(partial(_wait_for_end, link.fileno()))
    with suppress(EOFError, ConnectionError), importable_here():
        _serve(link)


def _serve(link: Connection) -> None:
    about, packed = json.loads(link.recv_bytes()), link.recv_bytes()
    why = unfit(about)
    if not why:
        try:
            setting, inheritance = pickle.loads(packed)  # noqa: S301 - of the command we work for
        except Exception as error:  # noqa: BLE001 - whatever an import ends with
            why = f"cannot import what is played: {type(error).__name__}: {error}"
    link.send_bytes(json.dumps({"unfit": why}).encode())
    if why:
        return
    inheritance.accept()
    with ExitStack() as stack:
        try:
            do: Do = stack.enter_context(at_work(setting, isolated=about["isolated"]))
        except Exception as error:  # noqa: BLE001 - it is raised again by whoever gave the jobs
            failed = failure(error)
            do = lambda _: failed  # noqa: E731 - it stands in for what could not be entered
        while link.poll(_IDLE_S):
            answer = _done(pickle.loads(link.recv_bytes()), do)  # noqa: S301 - the same
            link.send_bytes(_packed(answer))
            if answer.answers[-1].is_spent:
                return


def _done(slice_: Slice[Any], do: Do) -> SliceAnswer[Any]:
    until_s = real.monotonic() + slice_.seconds
    answers: list[JobAnswer[Any]] = []
    for job in slice_.jobs:
        answers.append(do(job))
        if real.monotonic() >= until_s or answers[-1].is_spent:
            break
    return SliceAnswer(tuple(answers))


def _packed(answer: SliceAnswer[Any]) -> bytes:
    try:
        return pickle.dumps(answer)
    except Exception as error:  # noqa: BLE001 - whatever a result is made of
        return pickle.dumps(SliceAnswer((failure(error),)))


def _wait_for_end(descriptor: int) -> None:
    """Until the other end of a connection is closed; what it sends is for others."""
    ends = select.poll()
    ends.register(descriptor, 0)
    ends.poll()


if __name__ == "__main__":
    main()
