"""trio's sockets are virtual too."""

from __future__ import annotations

import httpx
import trio

from chaos.simulation.world import Simulation
from tests.chaos.simulation.toys import RESET, SILENT, World


def _ask_on_trio(timeout_s: float = 15.0) -> int:
    async def ask() -> int:
        async with httpx.AsyncClient(timeout=timeout_s) as client:
            answer = await client.get("https://storage.googleapis.com/b/o?alt=media")
        return answer.status_code

    status: int = trio.run(ask)
    return status


def test_trio_waits_in_virtual_time_on_virtual_sockets(world: World) -> None:
    """A request, a sleep, and a timeout at its second."""

    async def wait() -> None:
        await trio.sleep(60)

    def act() -> int:
        trio.run(wait)
        return _ask_on_trio()

    assert world.result(act) == 200
    assert world.now_s == 60.0


def test_trio_meets_faults_as_other_loops_do(simulation: object, world: World) -> None:
    """A reset is an error of reading; silence lasts until the timeout."""
    world.injector.script = [RESET, SILENT]

    def act() -> tuple[str, str]:
        names = []
        for _ in range(2):
            try:
                _ask_on_trio(timeout_s=7)
            except httpx.TransportError as error:
                names.append(type(error).__name__)
        first, second = names
        return first, second

    assert world.result(act) == ("ReadError", "ReadTimeout")
    assert world.now_s == 7.0


def test_trio_picks_by_the_seed_who_goes_first(simulation: Simulation) -> None:
    """The same seed, the same order; another one, another."""

    def order(seed: int) -> list[int]:
        went: list[int] = []

        async def go(number: int) -> None:
            for _ in range(8):
                await trio.sleep(1)
                went.append(number)

        async def all_together() -> None:
            async with trio.open_nursery() as nursery:
                for number in range(5):
                    nursery.start_soon(go, number)

        world = World(simulation, seed=seed)
        world.result(lambda: trio.run(all_together))
        world.run.close()
        return went

    assert order(1) == order(1) != order(2)
