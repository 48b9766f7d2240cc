"""The rows of one client, played in the world, and held to what loopback gives."""

from __future__ import annotations

import os
from functools import cached_property

from chaos.tiers.simulated.world import SimulatedTier
from tests.clients.frame import loopback, virtual
from tests.clients.frame.certificates import TRUST, Authority
from tests.clients.frame.row import TOO_LONG_S, Case, Client, Fault, Seen, cases

_TRIES = 3
_SLACK_S = 0.4
"""How much longer than virtual time a real call may take: hands are shaken, clients are made."""

_SHARE = 3
"""How many threads of a call may be as late as the one that measures it: asks, reads, answers."""

_EARLY_S = 0.02
"""How much shorter: real clocks are rounded."""


class Played:
    """Plays all rows in one world, when it is first asked; then leaves it.

    Args:
        client: Whose rows.
        authority: Signs the certificates on loopback.
    """

    def __init__(self, client: Client, authority: Authority) -> None:
        self.client = client
        self._authority = authority

    @cached_property
    def seen(self) -> dict[Case, Seen]:
        """What came of each case in the world."""
        trusted = {name: os.environ[name] for name in TRUST}
        with SimulatedTier() as simulation:
            # The world needs none of these, but some clients keep what they make for later calls.
            os.environ.update(trusted)
            return {case: virtual.play(simulation, case) for case in cases(self.client)}

    def compare(self, case: Case) -> None:
        """Hold what the world gives to what loopback gives.

        What is real may be late on a busy machine, so it has a few tries, and its lateness is
        measured; a difference that is none of the machine's is there each time.
        """
        seen = self.seen[case]
        assert seen.refusals == ()
        if case.fault is Fault.NONE:
            assert seen.outcome == ("answer",)
        if seen.seconds > TOO_LONG_S:
            return
        for _ in range(_TRIES):
            real = loopback.play(self._authority, case)
            took = real.seconds - _SHARE * real.late_s - seen.seconds
            if seen.counted == real.counted and took <= _SLACK_S:
                break
        assert seen.counted == real.counted
        assert real.seconds >= seen.seconds - _EARLY_S
        assert took <= _SLACK_S

    def refuse(self, case: Case) -> None:
        """Hold the world to its words."""
        seen = self.seen[case]
        assert case.row.refused is not None
        assert any(case.row.refused in words for words in seen.refusals), seen
