"""A command that is merged is asked all that its shards were asked."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chaos.commands import merge, sharing
from chaos.commands.handing import parameters

_SHARDS = {"shard": "a merge is no shard", "shard_file": "a merge leaves none"}
_PLAYS = {"jobs": "next to nothing is played"}
NOT_HANDED: Mapping[str, Mapping[str, str]] = {
    "run": {
        **_SHARDS,
        **_PLAYS,
        "watch": "refused with shards",
        "check_order": "refused with shards",
        "verbose": "given to merge",
        "traces": "given to merge",
    },
    "gate": {**_SHARDS, **_PLAYS, "update": "given to merge", "traces": "given to merge"},
    "explore": {
        **_SHARDS,
        **_PLAYS,
        "executor": "refused with shards",
        "seconds": "refused with shards",
        "resume": "refused with shards",
        "into": "given to merge",
        "json_file": "given to merge",
    },
    "prove": {
        **_SHARDS,
        **_PLAYS,
        "executor": "refused with shards",
        "mutant": "refused with shards",
        "json_file": "given to merge",
    },
    "incidents run": {
        **_SHARDS,
        **_PLAYS,
        "json_file": "given to merge",
        "svg_file": "given to merge",
    },
}
"""Every parameter that shards are not asked, and why: whatever else changes a result is kept."""


class _AskedError(Exception):
    """What a command would keep of its options."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.options = options


def kept(command: str, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """The options that a shard of this command keeps, as it is called with nothing special."""
    call, _ = merge._COMMANDS[command]

    def caught(_: object, *, options: Mapping[str, Any], **__: object) -> None:
        raise _AskedError(options)

    monkeypatch.setattr(sharing.Sharing, "__init__", caught)
    arguments = {"scenarios": [Path("a.yaml")]} if command == "explore" else {}
    with pytest.raises(_AskedError) as asked:
        call(**arguments)
    return asked.value.options


@pytest.mark.parametrize("command", merge._COMMANDS)
def test_every_option_is_handed_over_or_has_a_reason(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new option of a command is named here, until somebody says what a merge does with it."""
    call, _ = merge._COMMANDS[command]

    handed = parameters(call, kept(command, monkeypatch), {})

    known = inspect.signature(call).parameters.keys()
    assert known - handed.keys() == NOT_HANDED[command].keys()


@pytest.mark.parametrize("command", merge._COMMANDS)
def test_every_option_of_merge_reaches_the_command(command: str) -> None:
    """Whatever `chaos merge` takes for a command is a parameter of it, or one of its formats."""
    call, options = merge._COMMANDS[command]
    of_formats = {"--json", "--junit", "--sarif", "--html", "--perfetto", "--summary"}

    handed = {option: parameters(call, {}, {option: Path("x")}) for option in options}

    nowhere = {option for option, each in handed.items() if not each}
    assert nowhere == (of_formats & {*options} if command in {"run", "gate"} else set())


def test_what_no_parameter_takes_is_noticed() -> None:
    """An option that is renamed in the command alone would be lost."""

    def play(seed: int = 1) -> None: ...

    with pytest.raises(AssertionError, match=r"no parameter of play takes \['sead'\]"):
        parameters(play, {"sead": 1}, {})
