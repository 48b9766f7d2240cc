"""What counts as lost in an event loop, and what does not."""

from __future__ import annotations

import asyncio
from contextlib import closing

from chaos.trace.events import MishapEvent
from tests.chaos.simulation.toys import World


def test_handler_that_the_end_of_its_loop_cancels_has_lost_nothing(world: World) -> None:
    """The streams of Python 3.11 tell of it as of an error in a callback."""

    async def main() -> bytes:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"first")
            with closing(writer):
                await asyncio.sleep(3600)

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            return await reader.read(9)

    assert world.result(lambda: asyncio.run(main())) == b"first"
    assert not world.run.trace.of(MishapEvent)


def test_error_in_a_callback_is_lost(world: World) -> None:
    """Nobody looks at it."""

    async def main() -> None:
        asyncio.get_running_loop().call_soon(int, "nothing")
        await asyncio.sleep(1)

    world.result(lambda: asyncio.run(main()))

    (mishap,) = world.run.trace.of(MishapEvent)
    assert "ValueError" in mishap.how
