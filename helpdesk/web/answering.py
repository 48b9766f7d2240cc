"""Questions go to threads, and what becomes of them comes back: as an answer, or as a stream."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial

from helpdesk.admission import Ticket
from helpdesk.answers import Answer
from helpdesk.chat_replies import OnText
from helpdesk.desk import Helpdesk
from helpdesk.errors import AskerGoneError

_SIGN_OF_LIFE_S = 10.0
"""Proxies close a connection that says nothing for a minute, some sooner."""


class Answering:
    """Answers questions in threads of its own, which nothing else uses.

    Health and status have no need of a thread, so they are as quick with two hundred questions
    under way as with none.

    Args:
        desk: Answers.
    """

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self._pool = self._new_pool()
        self._starter = self._new_starter()

    async def answer(self, question: str, ticket: Ticket) -> Answer:
        """Return the answer; the thread goes on to its end even if nobody waits any more."""
        return await asyncio.wrap_future(self._begun(question, ticket))

    def stream(self, question: str, ticket: Ticket) -> AsyncIterator[bytes]:
        """Begin to answer, and return server-sent events: ``token`` by ``token``, then ``answer``.

        When whoever listens goes away, the model is told to stop with its next word.
        """
        heard = _Heard(asyncio.get_running_loop())
        # Here, and not with the first event: a stream that nobody ever reads gives its place back.
        begun = self._begun(question, ticket, on_text=heard.pass_on)
        begun.add_done_callback(heard.end)
        return heard.events(begun)

    def close(self) -> None:
        """Take no more questions; those under way go on to their end."""
        # A server that is started again in the same process, as tests do, has new threads.
        pool, self._pool = self._pool, self._new_pool()
        starter, self._starter = self._starter, self._new_starter()
        pool.shutdown(wait=False, cancel_futures=True)
        starter.shutdown(wait=False)

    def _new_pool(self) -> ThreadPoolExecutor:
        # A thread for each question that may be admitted: none ever waits for one.
        threads = self._desk.settings.limits.max_questions
        return ThreadPoolExecutor(threads, thread_name_prefix="helpdesk-answer")

    def _new_starter(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, thread_name_prefix="helpdesk-start")

    def _begun(
        self, question: str, ticket: Ticket, on_text: OnText | None = None
    ) -> Future[Answer]:
        # The context has the id of the request, and the span that the answer belongs to.
        run = contextvars.copy_context().run
        answer = partial(run, self._desk.answer, question, ticket, on_text=on_text)
        begun = Future[Answer]()
        # Also if it never runs: a place that is not given back is lost for ever.
        begun.add_done_callback(lambda _: ticket.over())
        # A thread that starts is waited for until it runs, which takes milliseconds while others
        # are busy. The loop has no such time: with a crowd it would stand still for seconds.
        self._starter.submit(self._start, begun, answer)
        return begun

    def _start(self, begun: Future[Answer], answer: Callable[[], Answer]) -> None:
        try:
            self._pool.submit(_carry_out, begun, answer)
        except RuntimeError as error:
            begun.set_exception(error)


def _carry_out(begun: Future[Answer], answer: Callable[[], Answer]) -> None:
    try:
        begun.set_result(answer())
    except BaseException as error:  # noqa: BLE001 - it goes to whoever waits
        begun.set_exception(error)


class _Heard:
    """What a thread says, on its way into the loop that passes it on.

    Args:
        loop: Of whoever listens.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._is_gone = False

    def pass_on(self, text: str) -> None:
        """Hand on a piece of the answer; called in the thread that answers."""
        if self._is_gone:
            raise AskerGoneError("nobody is waiting for the answer")
        self._put(text)

    def end(self, _: Future[Answer]) -> None:
        """Say that nothing more will come; called in the thread that answered."""
        with contextlib.suppress(AskerGoneError):
            self._put(None)

    async def events(self, begun: Future[Answer]) -> AsyncIterator[bytes]:
        """Yield what is heard, and the answer at the end."""
        try:
            while (text := await self._next()) is not None:
                yield _event("token", {"text": text}) if text else b": waiting\n\n"
            yield _event("answer", asdict(begun.result()))
        finally:
            self._is_gone = True

    async def _next(self) -> str | None:
        """Return what comes next; nothing after a while of silence, None at the end."""
        try:
            async with asyncio.timeout(_SIGN_OF_LIFE_S):
                return await self._texts.get()
        except TimeoutError:
            return ""

    def _put(self, text: str | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._texts.put_nowait, text)
        except RuntimeError as error:
            raise AskerGoneError("the server has stopped") from error


def _event(name: str, data: object) -> bytes:
    # In ASCII: half a surrogate pair in a model's words can be written in no other way.
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
