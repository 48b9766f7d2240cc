"""Defects of taking on more than can be carried."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite
from defects.wrong_default import WrongDefault

_TURNS = "helpdesk.turns:Turns"
_ADMISSION = "helpdesk.admission:Admission"

DEFECTS = (
    Defect(
        name="turns-without-end",
        doc="A slow model has as many questions at once as there are people.",
        tags=("load",),
        edits=(
            Rewrite(
                _TURNS,
                """
                - if self._free and not self._waiting:
                + if not self._waiting:
                """,
            ),
        ),
    ),
    Defect(
        name="turn-never-given-back",
        doc="After a hundred questions nobody has a turn any more.",
        tags=("load",),
        edits=(
            Rewrite(
                _TURNS,
                """
                - self._free += 1
                + self._free += 0
                """,
            ),
        ),
    ),
    Defect(
        name="turn-not-handed-on",
        doc="Who waits for a turn waits in vain, though there are some.",
        tags=("load",),
        edits=(
            Rewrite(
                _TURNS,
                """
                = return self._most - self._free
                - if self._waiting:
                + if len(self._waiting) > self._most:
                """,
            ),
        ),
    ),
    Defect(
        name="patience-without-end",
        doc="Who waits for a turn with a hung model waits until the deadline.",
        tags=("load",),
        edits=(
            Rewrite(
                _TURNS,
                """
    - mine.wait(max(0.0, min(self._patience_s, deadline - time.monotonic())))
    + mine.wait(max(0.0, deadline - time.monotonic()))
                """,
            ),
        ),
    ),
    Defect(
        name="wait-before-the-refusal",
        doc="While the breaker is open, people wait for a turn to be told so.",
        tags=("load",),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
    - turn = nullcontext() if self._breaker.refuses else self._turns.turn(self._deadline)
    - with turn, self._memory.acquire() as permit:
    + with self._turns.turn(self._deadline), self._memory.acquire() as permit:
    +     if self._breaker.refuses:
    +         time.sleep(0.1)
                """,
            ),
        ),
    ),
    Defect(
        name="everybody-is-admitted",
        doc="There is no bound to what is taken on.",
        tags=("load",),
        edits=(
            Rewrite(
                f"{_ADMISSION}.admit",
                """
                - if self._under_way < self.most:
                + if self._under_way >= 0:
                """,
            ),
        ),
    ),
    Defect(
        name="place-never-given-back",
        doc="After two hundred questions there is no room for another.",
        tags=("load",),
        edits=(
            Rewrite(
                _ADMISSION,
                """
                - self._under_way -= 1
                + self._under_way -= 0
                """,
            ),
        ),
    ),
    Defect(
        name="fewer-turns-than-promised",
        doc="Off by a factor: half of a crowd is turned away.",
        tags=("load",),
        edits=(WrongDefault("limits.max_calls", "50"),),
    ),
)
