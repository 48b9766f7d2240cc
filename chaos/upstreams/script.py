"""Which reply a model gives to which question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chaos.upstreams.replies import Reply, as_reply

Turns = tuple[Reply, ...]
"""What the model does, turn by turn, from a question on until the next question."""

ByFunction = Callable[[str, int], Reply | str | None]
"""Question and turn to a reply; None leaves it to the stand-in."""

Written = Mapping[str, Any] | Sequence[Any] | Reply | ByFunction | None
"""A script as it is written down; see `ReplyScript`."""


class ReplyScript:
    """Replies by the question that they answer, and by the turn.

    A turn is chosen by the request alone: by its last question, and by how often the model has
    spoken since. So a request that is sent again gets the same reply again. A script that was used
    up line by line would answer the retry of a lost call with something else.

    Args:
        written: A mapping from a part of the question to its turns: the first part that is in the
            question, in capitals or not, decides. Or turns for every question. Turns are a reply,
            or a list of them whose last is repeated; `chaos.upstreams.replies.as_reply` says how
            each may be written. Or a function.

    Raises:
        ValueError: Something in it is no reply.

    Example:
        >>> from chaos.upstreams.replies import Calls
        >>> refund = [Calls("refund", order=7), "It is done."]
        >>> script = ReplyScript({"refund": refund, "": "Restart it."})
        >>> script.reply("I want a Refund!", turn=0).calls[0].name
        'refund'
        >>> script.reply("I want a Refund!", turn=1).text
        'It is done.'
        >>> script.reply("Is the VPN down?", turn=0).text
        'Restart it.'
    """

    def __init__(self, written: Written = None) -> None:
        self._function = written if callable(written) else None
        by_part: Mapping[str, Any]
        if written is None or callable(written):
            by_part = {}
        else:
            by_part = written if isinstance(written, Mapping) else {"": written}
        self._turns = {part.casefold(): _turns(each) for part, each in by_part.items()}

    @property
    def is_empty(self) -> bool:
        """Whether it has nothing to say to any question."""
        return self._function is None and not self._turns

    def reply(self, question: str, *, turn: int) -> Reply | None:
        """The reply to ``question`` after ``turn`` turns of the model; None if there is none.

        Raises:
            ValueError: What the function returned is no reply.
        """
        if self._function is not None:
            given = self._function(question, turn)
            return None if given is None else as_reply(given)
        asked = question.casefold()
        for part, turns in self._turns.items():
            if part in asked:
                return turns[min(turn, len(turns) - 1)]
        return None


def _turns(written: Any) -> Turns:  # noqa: ANN401 - plain data
    if isinstance(written, list | tuple):
        if not written:
            raise ValueError("an answer without turns; expected one at least")
        return tuple(as_reply(each) for each in written)
    return (as_reply(written),)
