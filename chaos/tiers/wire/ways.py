"""Ways from a client to the stand-ins: one proxy for healthy traffic, one more per fault."""

from __future__ import annotations

from collections.abc import Callable

from chaos.faults.delivery import PERFECT, Delivery
from chaos.tiers.wire.client import Proxy
from chaos.tiers.wire.server import StandInServer
from chaos.tiers.wire.toxics import Cargo, least_s, toxics_for
from chaos.tiers.wire.toxiproxy import Toxiproxy


class Way:
    """One call's way through Toxiproxy.

    Args:
        proxy: What it leads through.
        end: Called once, at its end.
        least_s: Real seconds that it takes at least, until the last byte has come.
        first_s: The same until the first byte has come.
        is_standing: Whether other calls use it, too.
    """

    def __init__(
        self,
        proxy: Proxy,
        end: Callable[[], None],
        *,
        least_s: float = 0.0,
        first_s: float = 0.0,
        is_standing: bool = False,
    ) -> None:
        self.address = proxy.address
        self.least_s = least_s
        self.first_s = first_s
        self.is_standing = is_standing
        self._end: Callable[[], None] | None = end

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

    def open(self, upstream: str, delivery: Delivery, load: Cargo) -> Way:
        """A way on which bytes travel like that.

        Raises:
            ToxiproxyError: Toxiproxy does not do it.
        """
        toxics = () if delivery == PERFECT else tuple(toxics_for(delivery, load))
        if not toxics:
            if upstream not in self._standing:
                self._standing[upstream] = self._new(upstream)
            return Way(self._standing[upstream], lambda: None, is_standing=True)
        proxy = self._bent_proxy(upstream)
        for toxic in toxics:
            proxy.add(toxic)
        return Way(
            proxy,
            lambda: self._end(proxy),
            least_s=least_s(toxics, load),
            first_s=least_s((toxic for toxic in toxics if toxic.type == "latency"), load),
        )

    def closed(self, upstream: str) -> Way:
        """A way that is closed: whoever connects is refused.

        Raises:
            ToxiproxyError: Toxiproxy does not do it.
        """
        proxy = self._bent_proxy(upstream)
        proxy.disable()
        return Way(proxy, lambda: self._end(proxy))

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
