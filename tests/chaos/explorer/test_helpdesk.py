"""The explorer on the helpdesk: what it leaves out is what the whole tree has more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos import session
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Bounds
from chaos.explorer.menu import Menu

PAIRS = Bounds(faults=2)
pytestmark = pytest.mark.slow

WORKLOADS = Path(__file__).parents[3] / "scenarios/explored"


@pytest.mark.parametrize(
    ("workload", "menu", "bounds"),
    [
        pytest.param("sick-model", ("http_error-503", "timeout"), PAIRS, id="breaker"),
        pytest.param("index-expiry", ("http_error-503", "rate_limit-10m"), PAIRS, id="index"),
        pytest.param("restart-in-between", ("http_error-503", "corrupt*"), PAIRS, id="restart"),
        pytest.param("many-users", ("http_error-503",), Bounds(faults=1, orders=1), id="users"),
    ],
)
def test_state_of_the_helpdesk_is_whole(
    workload: str, menu: tuple[str, ...], bounds: Bounds
) -> None:
    """Were anything missing in it, runs would be joined that go on differently."""
    (loaded,) = session.load([WORKLOADS / f"{workload}.yaml"])
    pruned, whole = [
        Campaign(loaded=loaded, bounds=replace(bounds, prunes=prunes), menu=Menu(menu)).search()
        for prunes in (True, False)
    ]

    assert pruned.saved > 0
    assert pruned.runs + pruned.saved == whole.runs
    assert list(pruned.findings) == list(whole.findings) == []
