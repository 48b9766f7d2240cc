"""The parcel service under test: its carrier, and what it promises.

This is everything that the harness has to be told about a service it has never seen.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

import httpx

from chaos.ports import (
    Answer,
    Observable,
    Promises,
    RetryPolicy,
    Target,
    Upstream,
    Vocabulary,
    World,
)
from chaos.trace.events import Scalar
from chaos.upstreams.simple import JsonUpstream
from examples.parcels.careless import HastyDesk, TrustingCarrier
from examples.parcels.service import Carrier, ParcelDesk


class CarrierUpstream(JsonUpstream):
    """The carrier: gives each reference a label, the same one if it is asked again."""

    name = "carrier"
    hosts = ("carrier.example",)
    routes: ClassVar = {
        "parcels.book": (
            "PUT",
            "/parcels/(?P<object>P[0-9]+)",
            lambda request: {"label": f"L-{request.path.rpartition('/')[2]}"},
        )
    }


@cache
def _client() -> httpx.Client:
    """One client for all runs; making one takes longer than a run."""
    return httpx.Client()


class Parcels(Target):
    """A desk that takes parcels; to ask is to hand one in."""

    name = "parcels"
    interleaved = ("examples.parcels.service", "examples.parcels.careless")
    carrier: ClassVar[type[Carrier]] = Carrier
    desk: ClassVar[type[ParcelDesk]] = ParcelDesk

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """Parcels are booked, or shelved."""
        return Vocabulary(
            upstreams={CarrierUpstream.name: CarrierUpstream.operations},
            observables={"labels": Observable(type=int, doc="different labels so far")},
            settings={},
            modes=("booked", "shelved", "error"),
        )

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """The carrier."""
        return (CarrierUpstream(),)

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts of five seconds, 1 and 2 s apart or as the carrier asks, and jitter.

        At most 3 x 5 s + 2 x (10 s + 1 s) = 37 s.
        """
        del settings
        policy = RetryPolicy(attempts=3, first_backoff_s=1, max_backoff_s=4, jitter_s=1)
        return Promises(deadline_s=37, retries={CarrierUpstream.name: policy})

    def build(self, world: World) -> None:
        """Open the desk."""
        del world
        self._desk = self.desk(self.carrier(_client()))
        self._labels: set[str] = set()

    def ask(self, question: str) -> Answer:
        """Hand in a parcel."""
        receipt = self._desk.take(question)
        if receipt.label is None:
            return Answer(mode="shelved", reason=receipt.reason)
        self._labels.add(receipt.label)
        return Answer(mode="booked", text=receipt.label)

    def observe(self, key: str) -> Scalar:
        """How many labels there are; two parcels with one label make one."""
        del key
        return len(self._labels)

    def state(self) -> Hashable:
        """The desk remembers how many it took, which the script tells anyway."""
        return ()


class TrustingParcels(Parcels):
    """The desk whose carrier takes any 200 for a booking."""

    carrier = TrustingCarrier


class HastyParcels(Parcels):
    """The desk that numbers parcels without a lock."""

    desk = HastyDesk
