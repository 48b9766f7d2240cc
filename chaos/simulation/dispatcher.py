"""What happens to a request, in every tier: it is classified, counted, carried and recorded.

How it travels is the tier's business: a `Carrier` plays the delivery in virtual time, or sends it
through a real socket. Everything a trace says of it is said here, once, so that the tiers agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from chaos.errors import SimulationError
from chaos.http import Request
from chaos.ports import Recorder, Upstream
from chaos.simulation.contract import Carrier, Injector, Timeouts
from chaos.simulation.exchange import Exchange
from chaos.simulation.guard import Guard
from chaos.simulation.mockers import ASYNC
from chaos.simulation.task import Task
from chaos.trace.events import RequestEvent


class Dispatcher:
    """Answers the requests of one run.

    Args:
        upstreams: The stand-ins, by name.
        injector: Decides what happens to each call.
        carrier: Carries it out.
        recorder: Writes the events.
        now_s: Tells the virtual seconds since the run began.
        acting: Tells the task on whose behalf the calling thread acts; None for foreign ones.
        count_call: Told of each call before it is made; stops whoever calls for ever.
        guard: Keeps what must not happen.
    """

    def __init__(  # noqa: PLR0913 - the parts of a run meet here
        self,
        *,
        upstreams: Mapping[str, Upstream],
        injector: Injector,
        carrier: Carrier,
        recorder: Recorder,
        now_s: Callable[[], float],
        acting: Callable[[], Task | None],
        count_call: Callable[[Task], None],
        guard: Guard,
    ) -> None:
        self._by_host = {
            host.lower(): upstream for upstream in upstreams.values() for host in upstream.hosts
        }
        self._injector = injector
        self._carrier = carrier
        self._recorder = recorder
        self._now_s = now_s
        self._acting = acting
        self._count_call = count_call
        self._guard = guard
        self._calls = 0

    def dispatch(self, httpx_request: httpx.Request) -> httpx.Response:
        """Answer a request, with a body that the client has still to read.

        Raises:
            SimulationError: The request leaves the simulated world; the guard keeps why.
            httpx.TransportError: The connection was refused, reset or silent.
        """
        task = self._acting()
        if task is None:
            raise self._guard.foreign_thread(f"sent a request to {httpx_request.url.host}")
        self._count_call(task)
        if httpx_request.extensions.get(ASYNC):
            raise self._guard.violation(
                "an async client sent a request; async clients are not simulated yet; use a "
                "synchronous client of httpx, httpx2 or requests"
            )
        request = _plain(httpx_request)
        upstream = self._by_host.get(httpx_request.url.host)
        if upstream is None:
            raise self._guard.violation(
                f"request to unknown host {httpx_request.url.host!r}; expected one of: "
                f"{', '.join(sorted(self._by_host))}; add it to the hosts of an upstream"
            )
        try:
            return self._answer(task, upstream, request, httpx_request)
        except (httpx.TransportError, SimulationError):
            raise
        except Exception as error:
            raise self._guard.broken_stand_in(upstream.name, error) from error

    def _answer(
        self, task: Task, upstream: Upstream, request: Request, httpx_request: httpx.Request
    ) -> httpx.Response:
        operation = upstream.classify(request)
        if operation is None:
            raise self._guard.violation(
                f"{upstream.name} has no operation for {request.method} {request.url}; expected "
                f"one of: {', '.join(upstream.operations)}; teach the stand-in this request"
            )
        self._calls += 1
        task.last_upstream = upstream.name
        self._recorder.record(
            RequestEvent,
            call=self._calls,
            upstream=upstream.name,
            operation=operation.name,
            object=operation.object,
        )
        decision = self._injector.decide(upstream, operation, self._calls)
        exchange = Exchange(
            recorder=self._recorder,
            guard=self._guard,
            now_s=self._now_s,
            task=task,
            upstream=upstream,
            operation=operation,
            call=self._calls,
            decision=decision,
        )
        timeouts: Timeouts = httpx_request.extensions.setdefault("timeout", {})
        try:
            response = self._carrier.carry(request, httpx_request, decision, timeouts)
        except (httpx.TransportError, SimulationError) as error:
            exchange.fail(error)
            raise
        return exchange.watch(response)


def _plain(request: httpx.Request) -> Request:
    return Request(
        method=request.method,
        url=str(request.url),
        headers={name.decode().lower(): value.decode() for name, value in request.headers.raw},
        body=request.content,
    )
