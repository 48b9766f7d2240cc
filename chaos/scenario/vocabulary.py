"""What the loader must know of a target: the words it adds to the language.

``chaos.ports.Vocabulary`` is one. It is described again here because ports stand above
scenarios: a file is data, and can be read without anything that runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chaos.scenario.circumstances import Circumstance


class Observable(Protocol):
    """Something of a target that a scenario can look at."""

    @property
    def type(self) -> type:
        """``str``, ``int``, ``float`` or ``bool``."""

    @property
    def doc(self) -> str:
        """One line for the reference."""

    @property
    def values(self) -> tuple[str, ...]:
        """Every value it can take, if they are few."""

    @property
    def duration(self) -> bool:
        """Whether scenarios write it with a unit."""


class Vocabulary(Protocol):
    """The words a target adds to the scenario language."""

    @property
    def upstreams(self) -> Mapping[str, tuple[str, ...]]:
        """Upstream name to its operations."""

    @property
    def streams(self) -> frozenset[str]:
        """The upstreams that do not speak HTTP."""

    @property
    def observables(self) -> Mapping[str, Observable]:
        """Key to what it is."""

    @property
    def settings(self) -> Mapping[str, type]:
        """Dotted setting to its type: timedelta, int, float, bool or str."""

    @property
    def defaults(self) -> Mapping[str, object]:
        """What a setting is where a scenario does not say, of those whose target tells it."""

    @property
    def refuse(self) -> Callable[[str, Any], str | None]:
        """What a setting must be, where the service would not take a value of the right type."""

    @property
    def modes(self) -> tuple[str, ...]:
        """Values of ``answer.mode``, and the keys of ``answers``."""

    @property
    def actions(self) -> frozenset[str]:
        """Steps it supports beyond ``ask``."""

    @property
    def given(self) -> Mapping[str, Circumstance]:
        """Keys it understands under ``given``, and what may stand there."""
