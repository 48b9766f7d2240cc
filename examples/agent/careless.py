"""The same service with mistakes that are easily made; the harness has to find each.

They are planted here on purpose. The sound one is in ``service``.
"""

from __future__ import annotations

import uuid

import openai

from examples.agent.conversation import Conversation, Refund
from examples.agent.service import BANK, TIMEOUT_S, AsyncBank, Bank, Desk, word_in


class TrustingBank(Bank):
    """Asks again without a key: if the answer got lost, it takes the refund for not made."""

    def _refund_once(self, order: int, key: str) -> str:
        del key
        response = self._client.post(f"{BANK}/refunds", json={"order": order}, timeout=TIMEOUT_S)
        return word_in(response)


class TrustingAsyncBank(AsyncBank):
    """The same for an event loop."""

    async def _refund_once(self, order: int, key: str) -> str:
        del key
        response = await self._client.post(
            f"{BANK}/refunds", json={"order": order}, timeout=TIMEOUT_S
        )
        return word_in(response)


class RestartingDesk(Desk):
    """Begins anew when a step of the model fails, tool and all: frameworks call that ``retries``.

    Each refund has a key, and is safe to ask for again. But who begins anew makes a new one.
    """

    def _answer(self, conversation: Conversation) -> str:
        begun = list(conversation.messages)
        try:
            return super()._answer(conversation)
        except openai.OpenAIError:
            conversation.messages = begun
            return super()._answer(conversation)

    def _give_back(self, refund: Refund) -> str:
        return self._bank.refund(refund.order, f"{refund.key}-{uuid.uuid4()}")
