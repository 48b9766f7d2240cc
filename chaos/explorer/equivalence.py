"""Knows a run again that has come to where another has been.

Exploring both would be to do the same work twice. Two runs are taken for one from a question on if
all that follows is determined alike: by what the *service* knows, by what it will be *asked*, by
the *chance* it has yet to draw, and by what its *judges* remember.

- The service: `Target.state`, taken when nobody else is being answered; and the connections that
  it keeps open, with the time since they were used.
- The questions: their number so far says where in the script the run is. It has no steps beside
  it, and users who ask together ask once: so nothing depends on when it is, nor on which of them
  have had their turn. Ages take the place of times.
- Chance: the state of the global ``random``, and how much each label has drawn from the seed.
- The judges: laws look at one question, or at one breaker, or at the last copy of a cache, or at
  the time since the last fault. The first is over. The second has followed its model so far, or
  the run would have been set aside, so that the state of the service tells it. The third is
  `_memory`, and so is whether the model ever answered. The fourth is decided by the last fault:
  either there is none after this question, and that run has been played and judged itself; or
  it lies in what both have in common.

A law that remembers more than that has to be added to `_memory`. The tests compare the findings of
the pruned tree with those of the whole one, and the number of runs saved with the real number.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Hashable
from hashlib import blake2b

from chaos.choices import Steered
from chaos.ports import Answer, Target, World
from chaos.runner.own_events import OwnEvents
from chaos.trace.events import AnswerEvent, IndexEvent
from chaos.trace.trace import Trace


def watched(
    target: type[Target],
    choices: Steered,
    states: dict[int, str],
    connections: Callable[[], Hashable],
) -> type[Target]:
    """The target, which notes its state before each question that is asked alone.

    Args:
        target: The class to watch.
        choices: Tells how many decisions were steered so far.
        states: Filled in: number of the next steered decision to what the run depends on from
            there.
        connections: Tells which connections are open.
    """

    class _Progress:
        trace: Trace
        asked = 0
        waiting = 0

    progress = _Progress()

    def build(self: Target, world: World) -> Awaitable[None] | None:
        assert isinstance(world.recorder, OwnEvents), "a run is played"
        progress.trace = world.recorder.trace
        return target.build(self, world)

    def ask(self: Target, question: str) -> Answer | Awaitable[Answer]:
        progress.asked += 1
        state = None if progress.waiting else self.state()
        if state is not None:
            open_ = connections()
            known = progress.asked, state, open_, _chance(choices), _memory(progress.trace)
            shown = blake2b(repr(known).encode(), digest_size=12).hexdigest()
            states[len(choices.steered)] = shown
        progress.waiting += 1
        try:
            answer = target.ask(self, question)
            if inspect.isawaitable(answer):
                progress.waiting += 1
                return awaiting(answer)
        finally:
            progress.waiting -= 1
        return answer

    async def awaiting(answer: Awaitable[Answer]) -> Answer:
        try:
            return await answer
        finally:
            progress.waiting -= 1

    return type(target.__name__, (target,), {"build": build, "ask": ask, "name": target.name})


def _chance(choices: Steered) -> Hashable:
    _, numbers, gauss = random.getstate()
    return hash(numbers), gauss, tuple(sorted(choices.drawn.items()))


def _memory(trace: Trace) -> Hashable:
    """What laws remember of the past, beyond what the state of the service tells."""
    modes: set[str] = set()
    states: set[str | None] = set()
    refreshed = served = None
    is_served = False
    for event in trace:
        if isinstance(event, AnswerEvent):
            modes.add(event.mode)
            states.add(event.index_state)
        elif isinstance(event, IndexEvent):
            is_served = event.what == "served"
            if is_served:
                served = event.generation, event.sha256
            else:
                refreshed = event.what, event.generation
    return tuple(sorted(modes)), tuple(sorted(map(str, states))), refreshed, served, is_served
