"""Parts of a whole: none is left out, none is played twice, and no machine asks another."""

from __future__ import annotations

import pytest

from chaos.errors import ChaosError
from chaos.shards.shard import Shard


@pytest.mark.parametrize("of", [1, 2, 3, 7, 40])
def test_shards_have_every_item_once_whatever_the_order(of: int) -> None:
    """Also if there are more shards than items, and machines list files differently."""
    names = [f"scenario-{number}" for number in range(17)]

    parts = [
        Shard(number, of).mine(names if number % 2 else names[::-1], str)
        for number in range(1, of + 1)
    ]

    assert sorted(name for part in parts for name in part) == sorted(names)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_shard_keeps_the_order_of_the_whole() -> None:
    """What is played first by one machine is played first by each of several."""
    assert Shard(1, 2).mine(["d", "c", "b", "a"], str) == ["c", "a"]


@pytest.mark.parametrize(
    "text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "1/99999", "٣/٤", "1 / 2"]
)
def test_what_is_no_part_is_refused(text: str) -> None:
    """With what was typed, and an example."""
    with pytest.raises(ChaosError, match=r"expected I/N .*write for example 2/4"):
        Shard.parse(text)
