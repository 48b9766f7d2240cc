"""Whether a machine has what a command is about: the same chaos, and the same target."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chaos.errors import ChaosError
from chaos.ports import Target
from chaos.shards.made_of import differences, made_of
from chaos.targets.here import find_here

About = Mapping[str, Any]
"""``made_of`` what is played, as shards have it; whether jobs are ``isolated``."""


def about(targets: Iterable[str], *, isolated: bool) -> bytes:
    """What a player has to find where it is."""
    return json.dumps({"made_of": _made_of(targets), "isolated": isolated}).encode()


def unfit(wanted: About) -> str:
    """Why nothing can be played here, to follow the name of the worker; empty if it can be.

    Example:
        >>> unfit({"made_of": {**made_of([], {}), "chaos": {"version": "0", "digest": ""}}})
        'has another chaos (0.1.0) than the command (0)'
    """
    asked = wanted["made_of"]
    # Before anything else: another chaos may know another meaning of all that follows.
    here = made_of([], {})
    if here["chaos"] != asked["chaos"]:
        versions = [each["chaos"]["version"] for each in (here, asked)]
        if versions[0] == versions[1]:
            return f"has the same version of chaos, {versions[0]}, with other sources"
        return f"has another chaos ({versions[0]}) than the command ({versions[1]})"
    try:
        here = _made_of(asked["targets"])
    except ChaosError as error:
        return f"cannot import what is played, in its folder '{Path.cwd()}': {error}"
    told = ", ".join(differences(asked, here))
    return f"has other files than the command, in its folder '{Path.cwd()}': {told}" * bool(told)


def _made_of(targets: Iterable[str]) -> Mapping[str, Any]:
    found: dict[str, type[Target]] = {name: find_here(name) for name in targets}
    return made_of([], found)
