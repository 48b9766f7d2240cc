"""What a response of OpenAI's says, as far as it can still be read, whichever API it is of."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.upstreams.said import Ended, Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a 200 carries, streamed or not.

    Attributes:
        text: What was said; None if nothing was.
        refusal: What was said instead.
        calls: How many tools were asked for.
        finish_reason: Why it ended, in the words of chat completions; None if it never said.
        error: The code of an error in it; None if there was none.
        model: Whose words these are; None if it is not said.
        tokens_in: From the bill; None without one.
        tokens_out: The same; of a stream without a bill, the pieces that came.
    """

    text: str | None
    refusal: str | None = None
    calls: int = 0
    finish_reason: str | None = None
    error: str | None = None
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None

    @property
    def said(self) -> Said:
        """The same in words of no provider."""
        ended = self._ended
        return Said(
            text=self.text if self.refusal is None else self.refusal,
            whole=ended in {"finished", "refused", "asks_for_tools"},
            ended=ended,
            retry_can_help=_CAN_HELP[ended],
            had_effect=True,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
        )

    @property
    def _ended(self) -> Ended:
        if self.error is not None:
            return "failed"
        ended = _ENDED.get(self.finish_reason or "", "cut_short")
        if self.calls and ended == "finished":
            # A function that the request named is called under the reason "stop".
            return "asks_for_tools"
        # A refusal is whole only if it has been said to its end.
        return "refused" if self.refusal is not None and ended == "finished" else ended


def text_of(content: object) -> str | None:
    """The text of a message's content, which gateways give as a list of parts as well.

    Example:
        >>> text_of("Restart it."), text_of([{"type": "text", "text": "Restart it."}])
        ('Restart it.', 'Restart it.')
    """
    match content:
        case str():
            return content
        case list():
            texts = [part.get("text") for part in content if isinstance(part, dict)]
            return "".join(text for text in texts if isinstance(text, str))
        case _:
            return None


_ENDED: dict[str, Ended] = {
    "stop": "finished",
    "length": "cut_short",
    "content_filter": "refused",
    "tool_calls": "asks_for_tools",
    "function_call": "asks_for_tools",
    "error": "failed",
}
"""By finish reason; one that nobody knows promises nothing about the text before it."""

_CAN_HELP: dict[Ended, bool | None] = {
    "finished": None,
    "asks_for_tools": None,
    "cut_short": None,
    "refused": False,
    "failed": True,
}
"""Whether another try can help; a text that was cut may come whole next time, or not."""
