"""The ways from a client to the stand-ins: one proxy for all is well, one more for each fault."""

from __future__ import annotations

from collections.abc import Callable

from chaos.faults.delivery import PERFECT, Delivery
from chaos.tiers.wire.client import Proxy
from chaos.tiers.wire.server import StandInServer
from chaos.tiers.wire.toxics import SILENCE, Load, least_s, toxics_for
from chaos.tiers.wire.toxiproxy import Toxiproxy


class Way:
    """One call's way through Toxiproxy.

    Args:
        proxy: What it leads through.
        end: Called once, at its end.
        least_s: Real seconds that it takes at least, until the last byte has come.
    """

    def __init__(self, proxy: Proxy, end: Callable[[], None], *, least_s: float = 0.0) -> None:
        self.address = proxy.address
        self.least_s = least_s
        self._proxy = proxy
        self._end: Callable[[], None] | None = end

    def hush(self) -> None:
        """Let nothing more through from now on, and keep the connection open."""
        self._proxy.add(SILENCE)

    def close(self) -> None:
        """The call is over; further calls do nothing."""
        end, self._end = self._end, None
        if end is not None:
            end()


class Ways:
    """Every way of one process.

    Args:
        toxiproxy: Has the proxies.
        server: Where they lead.
    """

    def __init__(self, toxiproxy: Toxiproxy, server: StandInServer) -> None:
        self._toxiproxy = toxiproxy
        self._server = server
        self._standing: dict[str, Proxy] = {}
        self._bent: dict[str, Proxy] = {}

    def open(
        self, upstream: str, delivery: Delivery, load: Load, *, head_is_too_late: bool
    ) -> Way:
        """A way on which bytes travel like that.

        Raises:
            ToxiproxyError: Toxiproxy does not do it.
        """
        if delivery == PERFECT:
            if upstream not in self._standing:
                self._standing[upstream] = self._new(upstream)
            return Way(self._standing[upstream], lambda: None)
        proxy = self._bent_proxy(upstream)
        if delivery.refused:
            proxy.disable()
            return Way(proxy, lambda: self._end(proxy))
        toxics = tuple(toxics_for(delivery, load, head_is_too_late=head_is_too_late))
        for toxic in toxics:
            proxy.add(toxic)
        return Way(proxy, lambda: self._end(proxy), least_s=least_s(toxics, load))

    def allows(self, address: object) -> bool:
        """Whether a socket may be connected to ``address``: one of ours."""
        ours = {self._toxiproxy.client.address}
        ours |= {proxy.address for proxy in (*self._standing.values(), *self._bent.values())}
        return isinstance(address, tuple) and address[:2] in ours

    def close_bent(self) -> None:
        """End the ways of calls that were never read to their end."""
        for proxy in list(self._bent.values()):
            self._end(proxy)

    def clear(self) -> None:
        """Toxiproxy is gone, and every proxy with it."""
        self._standing.clear()
        self._bent.clear()

    def _bent_proxy(self, upstream: str) -> Proxy:
        proxy = self._new(upstream)
        self._bent[proxy.name] = proxy
        return proxy

    def _new(self, upstream: str) -> Proxy:
        host, port = self._server.address
        return self._toxiproxy.open(upstream, upstream=f"{host}:{port}")

    def _end(self, proxy: Proxy) -> None:
        if self._bent.pop(proxy.name, None) is not None:
            self._toxiproxy.close(proxy)
