"""What a provider says in one response, in words that no provider owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

Ended = Literal["finished", "cut_short", "refused", "asks_for_tools", "failed"]
"""How a response can end."""

ALIKE = " alike "
"""What stands between a deed and the mark that it shares with those that differ in ids and times
alone: a program may make them anew for each attempt."""

UNDER_KEY = " under key "
"""What stands between a deed and its idempotency key. A provider does a deed once under one key;
under another key it does it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A deed in its parts; as a text it is what `Said.deed` holds.

    Attributes:
        what: What was done.
        mark: What it shares with those that differ in ids and times alone; empty if it has no ids.
        key: The idempotency key under which it was done; empty if there was none.

    Example:
        >>> paid = Deed.of("pay order 17 under key a1")
        >>> paid.what, paid.key, str(paid)
        ('pay order 17', 'a1', 'pay order 17 under key a1')
    """

    what: str
    mark: str = ""
    key: str = ""

    @classmethod
    def of(cls, text: str | None) -> Self:
        """The parts of a text; all of them are empty if there is none."""
        before, _, key = (text or "").partition(UNDER_KEY)
        what, _, mark = before.partition(ALIKE)
        return cls(what=what, mark=mark, key=key)

    def __str__(self) -> str:
        alike = f"{ALIKE}{self.mark}" if self.mark else ""
        return f"{self.what}{alike}{UNDER_KEY}{self.key}" if self.key else f"{self.what}{alike}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one response of a provider says, for laws that know no provider.

    Attributes:
        text: What the model said, as far as it came; None if it said nothing.
        whole: Whether ``text`` is all that the model wanted to say. A stream that broke off, and
            an answer that ran into its token limit, are not whole; a refusal is.
        ended: ``finished`` as an answer; ``cut_short`` by a token limit, or by a stream that ends
            before its time; ``refused`` by the model or a content filter; ``asks_for_tools``
            before it goes on; ``failed`` with an error, in the status or in the stream.
        retry_can_help: Whether the same request may go better later; None if the response does not
            tell.
        had_effect: Whether the provider did what it was asked to: it is billed, stored or
            sent, whatever became of the answer.
        deed: What was done that must not be done twice, in words that are the same for the same
            deed: ``pay order 17``. None if nothing was done, if doing it again changes nothing
            (a model that speaks again costs tokens, and no more), or if the request carries a
            precondition that makes it safe. An idempotency key is a part of it, see `UNDER_KEY`,
            and so may be a mark of deeds that are alike, see `Deed`.
        pause_s: Seconds for which the provider asks callers to stay away, where it says so in
            words of its own, such as the headers of a rate limit (`chaos.upstreams.resets`); None
            if it does not. ``Retry-After`` is known without it, and counts for more.
        tokens_in: Tokens of the request that are billed; None if the response does not tell.
        tokens_out: Tokens that the model made; None if the response does not tell.

    Example:
        >>> Said(text="Restart it.", whole=True, ended="finished").retry_can_help is None
        True
    """

    text: str | None
    whole: bool
    ended: Ended
    retry_can_help: bool | None = None
    had_effect: bool = False
    deed: str | None = None
    pause_s: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
