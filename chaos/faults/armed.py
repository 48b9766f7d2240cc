"""A fault in force: which calls it is for, and whether it ever touched one."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase

from chaos.choices import Choices, chance
from chaos.faults.registry import behaviour_of
from chaos.ports import Operation
from chaos.scenario.faults import Fault
from chaos.scenario.schedules import value_at


class Armed:
    """One injection of a fault.

    Attributes:
        fault: What was asked for.
        id: Its name in this run.
        since_s: Virtual time of the injection.
        behaviour: What it does to a call.
        matched: Calls so far that its upstream, operation and object match.
        touched: Whether it ever affected a call.
    """

    def __init__(self, fault: Fault, *, id: str, since_s: float, choices: Choices) -> None:  # noqa: A002 - the YAML word
        self.fault = fault
        self.id = id
        self.since_s = since_s
        self.behaviour = behaviour_of(fault, id=id, choices=choices)
        self.matched = 0
        self.touched = False
        self._choices = choices
        self._began_s = time.monotonic()

    def claims(self, upstream: str, operation: Operation) -> bool:
        """Whether this call is one for it: matched, within ``calls``, and drawn by toxicity.

        Asking counts the call, so it must be asked once for each.
        """
        return self._matches(upstream, operation) and self._strikes()

    def claims_connection(self, upstream: str) -> bool:
        """The same of an attempt to connect, which is for no operation yet."""
        return self.fault.upstream == upstream and self._strikes()

    def _strikes(self) -> bool:
        self.matched += 1
        if self.fault.calls is not None and self.matched not in self.fault.calls:
            return False
        share = value_at(self.fault.toxicity, time.monotonic() - self._began_s)
        return chance(self._choices, f"toxicity/{self.id}", share)

    def _matches(self, upstream: str, operation: Operation) -> bool:
        fault = self.fault
        if fault.upstream != upstream:
            return False
        # "objects" is for objects.get as well as objects.media.
        if fault.operation is not None and not f"{operation.name}.".startswith(
            f"{fault.operation}."
        ):
            return False
        return fault.object is None or (
            operation.object is not None and fnmatchcase(operation.object, fault.object)
        )
