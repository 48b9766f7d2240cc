"""The agent on pydantic-ai under test; its model, its bank and its promises are the same."""

from __future__ import annotations

from typing import ClassVar

from chaos.ports import Answer, World
from examples.agent.careless import TrustingAsyncBank
from examples.agent.framework import CallKeyedDesk, FrameworkDesk
from examples.agent.target import AsyncAgent, answer_of


class FrameworkAgent(AsyncAgent):
    """The agent in an event loop, with a desk of the framework's."""

    name = "framework-agent"
    service = ("examples.agent.framework", *AsyncAgent.service)
    framework_desk: ClassVar[type[FrameworkDesk]] = FrameworkDesk

    async def build(self, world: World) -> None:
        """Open the desk."""
        await super().build(world)
        self._framework_desk = self.framework_desk(self._model, self.bank(self._client))

    async def ask(self, question: str) -> Answer:
        """Write to the desk."""
        return answer_of(await self._framework_desk.ask(question))


class TrustingFrameworkAgent(FrameworkAgent):
    """The one whose bank is asked again without a key."""

    bank = TrustingAsyncBank


class CallKeyedFrameworkAgent(FrameworkAgent):
    """The one that takes the id of a call for a key."""

    framework_desk = CallKeyedDesk
