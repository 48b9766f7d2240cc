"""The network of one run: names, addresses, who listens where, and which sockets there are."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from weakref import ref

from chaos.errors import SimulationError
from chaos.simulation.network.buffers import Buffers
from chaos.simulation.network.far_end import (
    Admission,
    Admitted,
    ListeningService,
    OtherSocket,
    Rejected,
)
from chaos.simulation.network.inbox import Inbox
from chaos.simulation.network.places import Places, is_here, own_address, own_name
from chaos.simulation.network.sockets import VirtualSocket
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.scheduler import Scheduler
from chaos.simulation.tasks.task import Blocker


@dataclass(slots=True)
class Host:
    """A host of the network.

    Attributes:
        name: In lower case.
        address: Its only one.
        services: What listens, by port.
        look_up: Called when the name is looked up; raises if it cannot be.
    """

    name: str
    address: str
    services: dict[int, ListeningService] = field(default_factory=dict)
    look_up: Callable[[], None] = lambda: None


class VirtualNetwork:
    """Names, addresses and connections of one run.

    Args:
        scheduler: Of the run; whoever waits is parked there.
        violation: Keeps an attempt to leave the network; returns the error to raise.

    Attributes:
        clock: Of the run.
        by_descriptor: The sockets that somebody has asked for a descriptor.
        places: Addresses of this host, and who has bound which.
        is_over: Whether the run has ended. Sockets that clients still keep look closed then.
    """

    def __init__(self, scheduler: Scheduler, violation: Callable[[str], SimulationError]) -> None:
        self.clock = scheduler.clock
        self.violation = violation
        self.by_descriptor: dict[int, ref[VirtualSocket]] = {}
        self.is_over = False
        self._scheduler = scheduler
        self._hosts: dict[str, Host] = {}
        self._by_address: dict[str, Host] = {}
        self.places = Places()
        self._sockets: dict[int, ref[VirtualSocket]] = {}

    @property
    def ports_given(self) -> int:
        """How many attempts to connect there were; each has a port of its own."""
        return self.places.ports_given

    # -- names

    def serve(
        self,
        name: str,
        services: Mapping[int, ListeningService],
        *,
        look_up: Callable[[], None] = lambda: None,
    ) -> None:
        """Let a host be there, under a name or a literal address."""
        name = own_address(name.lower()) or name.lower()
        host = self._hosts.get(name)
        if host is None:
            address = name if _is_literal(name) else f"192.0.2.{len(self._hosts) + 1}"
            host = self._hosts[name] = Host(name, address, look_up=look_up)
            self._by_address[host.address] = host
        host.services.update(services)

    def addresses_of(
        self,
        name: str | bytes | None,
        port: Any = None,  # noqa: ANN401 - a number, its digits or the name of a service
        *,
        family: int = 0,
        passive: bool = False,
    ) -> list[tuple[int, tuple[Any, ...]]]:
        """Families and addresses of a name, as ``getaddrinfo`` orders them.

        Raises:
            socket.gaierror: There is no such name; the run knows that it was asked for.
        """
        number = _port_number(port)
        text = name.decode() if isinstance(name, bytes) else name
        if name is None and port is None:
            raise _name_error(socket.EAI_NONAME)
        if not text:
            text = "0.0.0.0" if passive else "127.0.0.1"  # noqa: S104 - what getaddrinfo says
        text = text.rstrip(".").lower()
        address = text if text in self._hosts else own_address(text) or text
        if not _is_literal(address):
            host = self._hosts.get(text)
            if host is None:
                self._unknown(text)
                raise _name_error(socket.EAI_NONAME)
            host.look_up()
            address = host.address
        is_v6 = ":" in address
        if family not in (0, socket.AF_INET6 if is_v6 else socket.AF_INET):
            raise _name_error(getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME))
        if is_v6:
            return [(socket.AF_INET6, (address, number, 0, 0))]
        return [(socket.AF_INET, (address, number))]

    def resolved(self, address: tuple[Any, ...], *, family: int) -> tuple[Any, ...]:
        """The address to connect to, or to bind; a name in it is looked up.

        Raises:
            socket.gaierror: There is no such name.
        """
        host, port, *rest = address
        is_v6 = family == socket.AF_INET6
        if not host:
            host = "::" if is_v6 else "0.0.0.0"  # noqa: S104 - what the system takes it for
        if not (isinstance(host, str) and _is_literal(host)):
            ((_, (host, *_)),) = self.addresses_of(host, family=family)
        if is_v6:
            return (host, port, *rest, *(0, 0)[len(rest) :])
        return (host, port)

    def name_of(self, address: str) -> str:
        """The name behind an address; the address itself if there is none."""
        host = self._by_address.get(address)
        return address if host is None else host.name

    def name_for(self, address: str) -> str:
        """The name that a lookup of an address gives; of this host, too."""
        return own_name(address) or self.name_of(address)

    def shown(self, address: Any) -> str:  # noqa: ANN401 - host and port
        """An address as a person knows it."""
        if not isinstance(address, tuple):
            return str(address)
        return f"{self.name_of(address[0])}:{address[1]}"

    # -- connecting

    def connect(self, client: VirtualSocket, address: tuple[Any, ...]) -> Admission:
        """What becomes of an attempt to connect."""
        host, port = address[:2]
        found_here = self.places.listening_at(host, port)
        if found_here is not None:
            listening, at = found_here
            return Admitted(far_end=listening.meet(client, at), due=self.clock.ticks)
        found = self._by_address.get(host)
        service = None if found is None else found.services.get(port)
        if service is not None:
            return service.admit(client.inbox)
        if found is None and not is_here(host):
            self._unknown(f"{host}:{port}")
        elif found is not None:
            ports = ", ".join(map(str, sorted(found.services)))
            self.violation(
                f"connection to port {port} of {found.name}; expected one of: {ports}; correct "
                "the URL, or serve the port"
            )
        refused = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return Rejected(error=refused, due=self.clock.ticks)

    def admitted(self, host: str, port: int, inbox: Inbox) -> Admission:
        """What becomes of an attempt to connect that a host of the network makes for a client.

        Raises:
            socket.gaierror: There is no such name.
        """
        ((_, (address, *_)),) = self.addresses_of(host)
        found = self._by_address.get(address)
        service = None if found is None else found.services.get(port)
        if service is None:
            self._unknown(f"{host}:{port}")
            refused = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
            return Rejected(error=refused, due=self.clock.ticks)
        return service.admit(inbox)

    # -- sockets

    def inbox(self) -> Inbox:
        """A new one."""
        return Inbox(self.clock, self._scheduler.wake_task)

    def pair(self, family: int = socket.AF_INET) -> tuple[VirtualSocket, VirtualSocket]:
        """Two sockets that are connected to each other."""
        one, other = VirtualSocket.of(self, family), VirtualSocket.of(self, family)
        one.buffers, other.buffers = Buffers(is_pair=True), Buffers(is_pair=True)
        for mine, its in ((one, other), (other, one)):
            buffers = mine.buffers, its.buffers
            far_end = OtherSocket(its.inbox, mine.inbox, buffers=buffers, is_near=True)
            mine.join(far_end, peer="a socket pair", local="a socket pair")
        return one, other

    def keep(self, made: VirtualSocket) -> None:
        """A socket is there; it is not kept alive by that."""
        self._sockets[id(made)] = ref(made)

    def forget(self, closed: VirtualSocket) -> None:
        """A socket has been closed."""
        self._sockets.pop(id(closed), None)

    def park(self, waiting: Blocker, inbox: Inbox, until: int | None) -> None:
        """Wait until something arrives in ``inbox``, or until the clock shows ``until`` ticks.

        Raises:
            SimulationError: The calling thread is not part of the run.
        """
        scheduler = scheduler_here()
        task = scheduler.acting if scheduler is self._scheduler else None
        if scheduler is None or task is None:
            raise self.violation(
                "a thread that is not part of the simulation waits for a virtual socket; expected "
                "only threads that were started during the run; start it during the run"
            )
        inbox.parked.append(task)
        try:
            scheduler.block(task, waiting, until)
        finally:
            if task in inbox.parked:
                inbox.parked.remove(task)

    def end(self) -> None:
        """The run is over: every connection is dead, so that older clients throw it away."""
        self.is_over = True
        self.places.clear()

    def _alive(self) -> Iterable[VirtualSocket]:
        return [found for each in list(self._sockets.values()) if (found := each()) is not None]

    def _unknown(self, name: str) -> None:
        known = ", ".join(sorted(self._hosts)) or "none"
        proxy = _variable_of_proxy(name)
        if proxy is not None:
            self.violation(
                f"{proxy} names the proxy {name!r}, which has no stand-in; expected a simulated "
                "proxy; add a chaos.upstreams.proxy.ForwardProxy with this host, or unset "
                f"{proxy} for the service"
            )
            return
        self.violation(
            f"request to unknown host {name!r}; expected one of: {known}; add it to the hosts of "
            "an upstream; if it is a proxy, of a chaos.upstreams.proxy.ForwardProxy"
        )


def _is_literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _port_number(port: Any) -> int:  # noqa: ANN401 - a number, digits or the name of a service
    if port is None or port == "":
        return 0
    try:
        return int(port)
    except ValueError:
        name = port.decode() if isinstance(port, bytes) else port
    try:
        return socket.getservbyname(name)
    except OSError:
        raise _name_error(socket.EAI_SERVICE) from None


def _variable_of_proxy(name: str) -> str | None:
    """The variable of the environment that makes clients use this host as a proxy."""
    host = name.rpartition(":")[0] or name
    for variable in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        for written in (variable, variable.lower()):
            value = os.environ.get(written, "")
            if host in (urlsplit(value).hostname, urlsplit(f"//{value}").hostname):
                return written
    return None


def _name_error(number: int) -> socket.gaierror:
    texts = {
        socket.EAI_NONAME: "Name or service not known",
        socket.EAI_SERVICE: "Servname not supported for ai_socktype",
    }
    return socket.gaierror(number, texts.get(number, "Address family for hostname not supported"))
