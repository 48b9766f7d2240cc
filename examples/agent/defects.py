"""Mistakes that somebody could make in the agent; its scenarios must notice each."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

DEFECTS = (
    Defect(
        name="refund-without-a-key",
        doc="A refund whose answer got lost is made twice.",
        edits=(
            *(
                Rewrite(
                    f"examples.agent.service:{bank}._refund_once",
                    """
                    - headers={"Idempotency-Key": key},
                    + headers={},
                    """,
                )
                for bank in ("Bank", "AsyncBank")
            ),
        ),
    ),
    Defect(
        name="key-of-the-call",
        doc="The model asks once more, with another id, and the refund is made twice.",
        edits=(
            Rewrite(
                "examples.agent.conversation:Refund.key",
                """
                - return f"refund-of-order-{self.order}"
                + return f"refund-{self.call}"
                """,
            ),
        ),
    ),
    Defect(
        name="refusal-tried-again",
        doc="The bank is asked again for what it has refused.",
        edits=(
            Rewrite(
                "examples.agent.service:can_be_tried_again",
                """
                - return error.response.is_server_error
                + return True
                """,
            ),
        ),
    ),
    Defect(
        name="model-failure-escapes",
        doc="Whatever the model does wrong ends in a stack trace.",
        edits=(
            *(
                Rewrite(
                    f"examples.agent.service:{desk}.ask",
                    """
                    - except _FAILED as error:
                    + except httpx.HTTPError as error:
                    """,
                )
                for desk in ("Desk", "AsyncDesk")
            ),
        ),
    ),
)
"""The catalogue."""
