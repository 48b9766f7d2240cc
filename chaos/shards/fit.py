"""Whether files are the parts of one whole; the first reason why not, in words."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.inputs import shown
from chaos.shards.file import ShardError, ShardFile
from chaos.shards.made_of import MadeOf, differences
from chaos.shards.shard import missing


def in_order(files: Sequence[ShardFile]) -> list[ShardFile]:
    """The files by number, once it is known that they make a whole.

    Raises:
        ShardError: They are of different wholes, one is there twice, or one is missing.
    """
    first, *others = files
    for other in others:
        if why := _apart(first, other):
            raise ShardError(
                f"{shown(first.path)} and {shown(other.path)} do not belong together: {why}; "
                "expected shards of one command, played with the same files; play all of them "
                "again"
            )
    found: dict[int, ShardFile] = {}
    for each in files:
        twin = found.setdefault(each.shard.number, each)
        if twin is not each:
            raise ShardError(
                f"{shown(twin.path)} and {shown(each.path)} are both shard {each.shard}; expected "
                "one file of each shard; leave one of them out"
            )
    if lacking := missing(each.shard for each in files):
        which = ", ".join(map(str, lacking[:_SHOWN])) + (", …" if len(lacking) > _SHOWN else "")
        raise ShardError(
            f"shard {which} is missing; expected {first.shard.of} files, one of each shard; play "
            f"it with: chaos {first.command} --shard {lacking[0]} and the options of the others"
        )
    return [found[number] for number in sorted(found)]


def check_is_here(files: Sequence[ShardFile], here: MadeOf) -> None:
    """Nothing, if the shards were played with what is here now.

    Raises:
        ShardError: They were not. Their verdict would point at lines of other files.
    """
    if differs := list(differences(files[0].made_of, here)):
        raise ShardError(
            f"the shards were not played with the files that are here: {_told(differs)}; expected "
            "the same files; merge where they are, or play the shards again"
        )


_SHOWN = 5


def _apart(one: ShardFile, other: ShardFile) -> str:
    """What makes them parts of different wholes; empty if nothing does."""
    if one.command != other.command:
        return f"one is of `chaos {one.command}`, the other of `chaos {other.command}`"
    if one.shard.of != other.shard.of:
        return f"one is shard {one.shard}, the other {other.shard}"
    for name in sorted(one.options.keys() | other.options.keys()):
        values = [each.options.get(name) for each in (one, other)]
        if values[0] != values[1]:
            return f"{name} is {values[0]!r} in one, and {values[1]!r} in the other"
    return _told(list(differences(one.made_of, other.made_of)), after=" is not the same")


def _told(differs: Sequence[str], after: str = "") -> str:
    more = f" and {len(differs) - _SHOWN} more" if len(differs) > _SHOWN else ""
    return f"{', '.join(differs[:_SHOWN])}{more}{after}" if differs else ""
