"""What a target loads once, before all its runs."""

from __future__ import annotations

import pytest

from chaos.errors import TargetError
from chaos.targets import warm_up
from tests.chaos.toy import Toy


def test_each_target_loads_once() -> None:
    """However many scenarios there are of it."""
    loaded = []

    class Heavy(Toy):
        @classmethod
        def warm_up(cls) -> None:
            loaded.append(cls.name)

    warm_up([Heavy, Toy, Heavy])

    assert loaded == ["heavy"]


def test_failure_is_told_in_a_line() -> None:
    """It is a mistake of the target's author, who is told where to look."""

    class Missing(Toy):
        @classmethod
        def warm_up(cls) -> None:
            raise OSError("no such model")

    with pytest.raises(TargetError, match=r"'missing': warm_up failed: OSError: no such model"):
        warm_up([Missing])
