"""The network of the run that is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.simulation.tasks.baton import is_in_a_run

if TYPE_CHECKING:
    from chaos.simulation.network.network import VirtualNetwork
    from chaos.simulation.network.sockets import VirtualSocket


class _Current:
    network: VirtualNetwork | None = None


def begin(network: VirtualNetwork) -> None:
    """A run begins."""
    _Current.network = network


def end() -> None:
    """The run is over."""
    _Current.network = None


def network_here() -> VirtualNetwork | None:
    """The network, if the calling thread is part of the run that is on; else None."""
    return _Current.network if is_in_a_run() else None


def socket_of(descriptor: int) -> VirtualSocket | None:
    """The virtual socket that was given this descriptor; None if it is none of ours."""
    network = _Current.network
    found = None if network is None else network.by_descriptor.get(descriptor)
    return None if found is None else found()
