"""The file that a shard leaves: what it was a shard of, what came of it, and a digest of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from chaos import inputs
from chaos.errors import ChaosError
from chaos.shards.made_of import MadeOf
from chaos.shards.shard import Shard

FORMAT = "chaos-shard-1"
"""Changes when files of before can no longer be read."""

KEYS = ("format", "shard", "command", "options", "made_of", "results", "digest")
"""Of the file, in this order; ``docs/shards.md`` says what each is."""


class ShardError(ChaosError):
    """Files are no shards, or shards that do not fit together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFile:
    """One of the parts of a whole, played.

    Attributes:
        shard: Which.
        command: Of what: ``gate``, ``incidents run``.
        options: What the command was asked; whatever changes results is in it.
        made_of: What the results depend on.
        results: What came of it, as the command has it.
        path: Where it was read; empty if it was just played.
    """

    shard: Shard
    command: str
    options: Mapping[str, Any]
    made_of: MadeOf
    results: Any
    path: str = ""

    def dump(self) -> str:
        """The text of the file, ended by a newline; the same results give the same bytes."""
        document = {
            "format": FORMAT,
            "shard": {"number": self.shard.number, "of": self.shard.of},
            "command": self.command,
            "options": self.options,
            "made_of": self.made_of,
            "results": self.results,
        }
        # In ASCII, since half a surrogate pair in a trace has no other way to survive.
        return json.dumps({**document, "digest": _digest(document)}, indent=1) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file of a shard.

        Raises:
            ShardError: It is none, is damaged, or is of another version of the format.
            UnreadableError: There is no such file, or it cannot be read.
        """
        try:
            document = inputs.parse_json(inputs.read_text(path))
        except inputs.NotJsonError as error:
            raise _none(path, f"{error}") from None
        if not isinstance(document, dict) or "format" not in document:
            raise _none(path, "it has no 'format'")
        if document["format"] != FORMAT:
            raise _none(path, f"its format is {inputs.shown(str(document['format']))}")
        said = document.pop("digest", None)
        if said != (found := _digest(document)):
            raise ShardError(
                f"{inputs.shown(path)} is damaged: its digest is {found}, but it says "
                f"{inputs.shown(str(said))}; expected the file as --shard wrote it; copy it "
                "again, or play that shard again"
            )
        try:
            return cls(
                shard=Shard(document["shard"]["number"], document["shard"]["of"]),
                command=document["command"],
                options=document["options"],
                made_of=document["made_of"],
                results=document["results"],
                path=str(path),
            )
        except (KeyError, TypeError) as error:
            raise _none(path, f"it lacks {error}") from None


def _digest(document: Mapping[str, Any]) -> str:
    """Of the content, whatever the white space in the file."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _none(path: Path, why: str) -> ShardError:
    return ShardError(
        f"{inputs.shown(path)} is not the file of a shard: {why}; expected what a command with "
        "--shard I/N has written; name those files"
    )
