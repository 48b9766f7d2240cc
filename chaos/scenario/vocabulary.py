"""The words that a target adds to the scenario language.

They stand here, and not beside `chaos.ports.Target`, because the loader checks files against
them: a file is data, and can be read without anything that runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chaos.extensions import Extension
from chaos.scenario.actions import Action, action_of
from chaos.scenario.circumstances import Circumstance
from chaos.units import parse_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Observable:
    """Something of a target that a scenario can look at.

    Attributes:
        type: ``str``, ``int``, ``float`` (seconds for durations) or ``bool``.
        values: Every value it can take, if they are few.
        duration: Whether scenarios write it with a unit.
        doc: One line for the reference.
    """

    type: type
    doc: str
    values: tuple[str, ...] = ()
    duration: bool = False


def take_any(key: str, value: object) -> None:
    """Refuse no value: whether the service accepts a setting shows when it starts."""
    del key, value


RESTART = "restart"
"""The one action that the language itself knows."""

MODES = ("llm", "fallback", "error")
"""How a service answers that says nothing of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words a target adds to the scenario language; the loader checks files against it.

    Attributes:
        upstreams: Upstream name to its operations.
        observables: Key to what it is.
        settings: Dotted setting to its type: timedelta, int, float, bool or str.
        defaults: What a setting is where a scenario does not say; for people to read.
        modes: Values of ``answer.mode``, and the keys of ``answers``; the first is how it answers
            while all is well.
        actions: Steps it carries out beyond ``ask``: ``restart``, and any of its own. A mapping
            says more of them than their names; ``restart`` means the same for every target.
        given: Keys it understands under ``given``, and what may stand there.
        streams: The upstreams that do not speak HTTP, so that faults which are answers of an HTTP
            server can be refused for them.
        brings: Faults, laws and expectations that its scenarios have beside those of all; see
            `chaos.ports.Target.brings`.
        refuse: Given a setting and a value of its type: what is expected, as words for people, if
            the service would not take it; else None. So a file is refused, and not a run wasted.
    """

    upstreams: Mapping[str, tuple[str, ...]]
    observables: Mapping[str, Observable]
    settings: Mapping[str, type]
    modes: tuple[str, ...] = MODES
    actions: Collection[str] | Mapping[str, Action] = frozenset()
    given: Mapping[str, Circumstance] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)
    refuse: Callable[[str, Any], str | None] = take_any
    streams: frozenset[str] = frozenset()
    brings: Sequence[type[Extension]] = ()

    @property
    def best_mode(self) -> str:
        """How it answers while all is well: what `time_to_recover` waits for.

        Example:
            >>> words = {"upstreams": {}, "observables": {}, "settings": {}}
            >>> Vocabulary(**words, modes=("told", "guessed", "error")).best_mode
            'told'
        """
        return next(iter(self.modes), "")

    @property
    def own_actions(self) -> dict[str, Action]:
        """Its actions that mean nothing to other targets, with what it says of them.

        Example:
            >>> words = {"upstreams": {}, "observables": {}, "settings": {}}
            >>> Vocabulary(**words, actions=frozenset({"restart", "flush"})).own_actions
            {'flush': Action(doc='', said='', parameters=None, by_service=True)}
        """
        return {
            name: action_of(name, self.actions) for name in sorted(self.actions) if name != RESTART
        }

    def typed(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings as a file writes them, turned into the types they are of.

        Example:
            >>> words = Vocabulary(upstreams={}, observables={}, settings={"ttl": timedelta})
            >>> words.typed({"ttl": "1m"})["ttl"].total_seconds()
            60.0
        """
        return {
            key: parse_duration(value)
            if self.settings.get(key) is timedelta and isinstance(value, str)
            else value
            for key, value in settings.items()
        }
