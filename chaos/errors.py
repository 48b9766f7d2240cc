"""What can go wrong with the harness itself, as opposed to the service under test."""

from __future__ import annotations


class ChaosError(Exception):
    """Anything the harness raises on purpose; ``str()`` is one clear message for a person.

    Attributes:
        exit_code: What the ``chaos`` command exits with when this ends it.
    """

    exit_code = 2


class MissingComponentError(ChaosError):
    """Something the run needs is not on this machine; the message says how to get it."""

    exit_code = 4


class ReaderGoneError(ChaosError):
    """Whoever read standard output has ended, as `head` does; there is nobody to tell."""

    exit_code = 141
    """What a shell says of a command that a closed pipe ended."""


class OwnDefectError(ChaosError):
    """Chaos has a defect; the message has a line to paste into a report."""

    exit_code = 5


class TargetError(ChaosError):
    """A target cannot be found, or does not do what its class promises."""


class SimulationError(ChaosError):
    """The simulated world was left: a foreign thread slept, a real socket was asked for.

    A run that ends with this error proves nothing about the service.
    """


class StuckError(SimulationError):
    """A user waits for something outside the simulation; the message has its stack."""


class DeadlockError(SimulationError):
    """Every user waits for another; the message names who waits for whom, and since when."""


class LivelockError(SimulationError):
    """Somebody would go on for ever; the message says who."""
