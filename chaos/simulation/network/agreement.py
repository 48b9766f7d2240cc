"""TLS between two parts of the service itself: what their contexts make of each other.

A provider has no key and no certificate here, but a server inside of the run has. So OpenSSL is
asked: it shakes hands over memory, with the two contexts, and says who trusts whom, which protocol
is spoken and what fails. The bytes of the connection stay plain.
"""

from __future__ import annotations

import itertools
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from weakref import WeakValueDictionary

from chaos.simulation.network.handshake import certificate_expired
from chaos.simulation.network.trust import read_now
from chaos.simulation.timing import real

_wrap_bio = ssl.SSLContext.wrap_bio

_MOST_FLIGHTS = 10
_NO_CHECK_TIME = 0x200000
"""OpenSSL's ``X509_V_FLAG_NO_CHECK_TIME``, for which Python has no name."""
_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Agreement:
    """What came of a handshake, for one of the two.

    Attributes:
        session: What it knows of the other, as OpenSSL tells it.
        error: What the handshake ends with; None if it succeeds.
        late_error: What the first read ends with: a server looks at a client's certificate when
            the client takes the handshake for done.
    """

    session: ssl.SSLObject
    error: ssl.SSLError | None = None
    late_error: ssl.SSLError | None = None


class Asking(Protocol):
    """A client that asks for TLS."""

    server_hostname: str | None
    agreement: Agreement | None

    @property
    def context(self) -> ssl.SSLContext:
        """Its context."""


class _Clients:
    numbers = itertools.count()
    asking: ClassVar[WeakValueDictionary[int, Asking]] = WeakValueDictionary()


def number_of(client: Asking) -> bytes:
    """What a client puts into its hello, so that a server of the run knows who asks."""
    number = next(_Clients.numbers)
    _Clients.asking[number] = client
    return number.to_bytes(_NUMBER_BYTES)


def agree(number: bytes, server: ssl.SSLContext) -> Agreement | None:
    """Let a client and a server shake hands; the client is told, too.

    Args:
        number: From the client's hello.
        server: The server's context.

    Returns:
        What it means for the server; None if nobody is known who asks.
    """
    client = _Clients.asking.pop(int.from_bytes(number), None)
    if client is None:
        return None
    with ExitStack() as undo:
        for context in (client.context, server):
            read_now(context)
            undo.enter_context(_whatever_the_time(context))
        return _shake_hands(client, server)


def _shake_hands(client: Asking, server: ssl.SSLContext) -> Agreement:
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    name = client.server_hostname
    asking = _wrap_bio(client.context, to_client, to_server, server_hostname=name)
    answering = _wrap_bio(server, to_server, to_client, server_side=True)
    sides = {"client": asking, "server": answering}
    errors: dict[str, ssl.SSLError] = {}
    done: set[str] = set()
    for _ in range(_MOST_FLIGHTS):
        for side, session in sides.items():
            if side in done:
                continue
            try:
                session.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                """It is the other's turn."""
            except ssl.SSLError as error:
                errors[side] = error
                done.add(side)
    if not errors and not _is_valid(asking):
        errors["client"] = certificate_expired()
    client.agreement = Agreement(asking, errors.get("client"), _late(asking))
    return Agreement(answering, errors.get("server"))


@contextmanager
def _whatever_the_time(context: ssl.SSLContext) -> Iterator[None]:
    """Have OpenSSL look at no dates: it knows the real clock alone."""
    flags = context.verify_flags
    context.verify_flags = ssl.VerifyFlags(flags | _NO_CHECK_TIME)
    try:
        yield
    finally:
        context.verify_flags = flags


def _is_valid(session: ssl.SSLObject) -> bool:
    """Whether a server's certificate, if it was looked at, is valid at this time.

    It may have been made in the run, or before it by the real clock: one of the two has to fit.
    """
    seen: Any = session.getpeercert()
    if not seen:
        return True
    begins, ends = (ssl.cert_time_to_seconds(seen[each]) for each in ("notBefore", "notAfter"))
    return any(begins <= now_s <= ends for now_s in (time.time(), real.time_s()))


def _late(session: ssl.SSLObject) -> ssl.SSLError | None:
    """What a client finds when it reads for the first time."""
    try:
        session.read(1)
    except ssl.SSLWantReadError:
        return None
    except ssl.SSLError as error:
        return error
    return None
