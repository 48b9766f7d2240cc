"""On whose behalf something happens: which user, which question.

A question is often worked on by others than the thread that asked it: by workers of a pool, by
tasks of an event loop, by a server in between. What they do belongs to that question. So a behalf
is part of the context in which code runs (`contextvars`), and wherever work is handed on without
its context, in a queue or over a connection, the behalf is handed on with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar


class Question:
    """A question that a user has asked.

    Attributes:
        number: Its number in the run, from 1.
        is_over: Whether the user has an answer.
    """

    __slots__ = ("is_over", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_over = False


class Behalf:
    """Somebody for whom something happens.

    Attributes:
        actor: What reports call them.
        question: The question they want answered; None outside questions.
        calls: How many calls have been made for it here.
        last_upstream: The upstream called last, to which the next wait is put down.
        is_worker: Whether it was handed on to somebody who may work for others next.
    """

    __slots__ = ("actor", "calls", "is_worker", "last_upstream", "question")

    def __init__(
        self, actor: str, question: Question | None = None, *, last_upstream: str | None = None
    ) -> None:
        self.actor = actor
        self.question = question
        self.calls = 0
        self.is_worker = False
        self.last_upstream = last_upstream

    @property
    def ask(self) -> int | None:
        """Number of the question; None outside questions."""
        return None if self.question is None else self.question.number

    @property
    def is_over(self) -> bool:
        """Whether there is no question that still waits for an answer."""
        return self.question is None or self.question.is_over

    def handed_on(self) -> Behalf:
        """The same for another thread of the service, with a count of calls of its own."""
        behalf = Behalf(self.actor, self.question, last_upstream=self.last_upstream)
        behalf.is_worker = True
        return behalf

    @property
    def is_free(self) -> bool:
        """Whether it may be given up for another: somebody who asks waits for their own answer."""
        return self.is_worker or (self.question is not None and self.question.is_over)


_here: ContextVar[Behalf | None] = ContextVar("chaos_behalf", default=None)


def behalf_here() -> Behalf | None:
    """Whose behalf the context is on; None if that of the thread counts."""
    return _here.get()


def behalf_in(context: Context) -> Behalf | None:
    """The same for another context."""
    return context.get(_here)


def take_over(behalf: Behalf | None) -> None:
    """From here on act for ``behalf``, in this context."""
    _here.set(behalf)


@contextmanager
def acting_for(behalf: Behalf) -> Iterator[None]:
    """Act for ``behalf`` within the block."""
    token = _here.set(behalf)
    try:
        yield
    finally:
        _here.reset(token)
