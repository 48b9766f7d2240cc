"""TLS over virtual sockets: a handshake, and then plain bytes that say they are encrypted."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NoReturn
from unittest import mock

from chaos.simulation.network.agreement import Agreement, agree, number_of
from chaos.simulation.network.arguments import as_bytes, size_to_read
from chaos.simulation.network.handshake import (
    Certificate,
    certificate_in,
    cut_off,
    farewell,
    hello,
    is_hello,
    no_tls_there,
    reply,
    split,
    verify,
)
from chaos.simulation.network.sockets import VirtualSocket
from chaos.simulation.network.trust import read_now, reading_put_off, trusts_anybody
from chaos.simulation.tasks.baton import is_in_a_run

_wrap_socket = ssl.SSLContext.wrap_socket
_wrap_bio = ssl.SSLContext.wrap_bio

_RECORD_BYTES = 16_384
_READ_TIMED_OUT = "The read operation timed out"
_OWN = Certificate("a part of the service")
"""Only says that hands have been shaken: what a server of the run shows, OpenSSL knows."""


class _Session:
    """What both kinds of TLS endpoints tell of their session."""

    _context: ssl.SSLContext
    server_hostname: str | None = None
    server_side = False
    session: object = None
    session_reused = False
    _sslobj = None
    _certificate: Certificate | None = None
    agreement: Agreement | None = None
    _late_error: ssl.SSLError | None = None

    @property
    def context(self) -> ssl.SSLContext:
        """The context it was made by."""
        return self._context

    @context.setter
    def context(self, context: ssl.SSLContext) -> None:
        self._context = context

    @property
    def _session(self) -> ssl.SSLObject | None:
        """What OpenSSL knows of the other end, if that is a part of the service, too."""
        return None if self.agreement is None else self.agreement.session

    def version(self) -> str | None:
        """The newest, once hands have been shaken."""
        if self._session is not None:
            return self._session.version()
        return None if self._certificate is None else "TLSv1.3"

    def cipher(self) -> tuple[str, str, int] | None:
        """A usual one."""
        if self._session is not None:
            return self._session.cipher()
        return None if self._certificate is None else ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)

    def shared_ciphers(self) -> list[tuple[str, str, int]] | None:
        """Known to servers alone."""
        return None if self._session is None else self._session.shared_ciphers()

    def compression(self) -> None:
        """None, as ever."""

    def selected_alpn_protocol(self) -> str | None:
        """With a provider none is agreed on, so HTTP is 1.1."""
        return None if self._session is None else self._session.selected_alpn_protocol()

    def selected_npn_protocol(self) -> None:
        """The same."""

    def get_channel_binding(self, cb_type: str = "tls-unique") -> bytes | None:
        """There is none to a provider."""
        if cb_type not in ssl.CHANNEL_BINDING_TYPES:
            raise ValueError(f"{cb_type} channel binding type not implemented")
        return None if self._session is None else self._session.get_channel_binding(cb_type)

    def getpeercert(self, binary_form: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - the real signature
        """The certificate of the far end."""
        if self._session is not None:
            return self._session.getpeercert(binary_form)
        if binary_form:
            return b"a certificate of the simulation"
        if self._certificate is None or self._context.verify_mode == ssl.CERT_NONE:
            return {}
        name = self._certificate.name
        return {
            "subject": ((("commonName", name),),),
            "issuer": ((("commonName", "simulation"),),),
            "version": 3,
            "serialNumber": "01",
            "notBefore": "Jan  1 00:00:00 2025 GMT",
            "notAfter": "Jan  1 00:00:00 2036 GMT",
            "subjectAltName": (("DNS", name),),
        }

    def get_verified_chain(self) -> list[bytes]:
        """One certificate."""
        return [b"a certificate of the simulation"]

    get_unverified_chain = get_verified_chain

    def verify_client_post_handshake(self) -> NoReturn:
        """Refused."""
        raise ssl.SSLError("client certificates after the handshake are not simulated")

    def _trust(self, content: bytes) -> None:
        """Look at what the far end has shown.

        Raises:
            ssl.SSLError: The client does not trust it, or it does not go with the client.
        """
        certificate = certificate_in(content)
        if self.agreement is None:
            verify(
                certificate,
                self._context,
                self.server_hostname,
                trusts_anybody=trusts_anybody(self._context),
            )
        elif self.agreement.error is not None:
            raise self.agreement.error
        else:
            self._late_error = self.agreement.late_error
        self._certificate = certificate

    def _welcome(self, content: bytes) -> bytes:
        """What a server answers to a client's hello.

        Raises:
            ssl.SSLError: It was none.
        """
        self.agreement = agree(content, self._context)
        if self.agreement is None:
            raise no_tls_there()
        return reply(_OWN)

    def _take_leave(self) -> None:
        """A server has heard what the client makes of it; see `_welcome`.

        Raises:
            ssl.SSLError: The two do not come together.
        """
        assert self.agreement is not None, "the client has been welcomed"
        if self.agreement.error is not None:
            raise self.agreement.error
        self._certificate = _OWN

    def _meet_late_error(self) -> None:
        error, self._late_error = self._late_error, None
        if error is not None:
            raise error


class VirtualTLSSocket(_Session, VirtualSocket, ssl.SSLSocket):  # type: ignore[misc]  # ours win
    """A virtual socket on which TLS is spoken."""

    _timed_out_text = _READ_TIMED_OUT
    _write_timed_out_text = "The write operation timed out"
    _decrypted = b""
    do_handshake_on_connect = True
    suppress_ragged_eofs = True

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the real signature
        """Ask the far end for TLS, or answer one that asks.

        Raises:
            ssl.SSLError: There is none, or the certificate is not trusted.
        """
        del block
        if self._certificate is not None:
            return
        if self.server_side:
            if self.agreement is None:
                VirtualSocket.send(self, self._welcome(self._record()))
            self._record()
            self._take_leave()
            return
        if not self.__dict__.get("_has_said_hello"):
            self._has_said_hello = True
            VirtualSocket.send(self, hello(number_of(self)))
        content = self._record()
        if self.agreement is not None:
            VirtualSocket.send(self, farewell())
        self._trust(content)

    def _record(self) -> bytes:
        data: bytes = self.__dict__.setdefault("_handshake_bytes", b"")
        self._timed_out_text = "The handshake operation timed out"
        while True:
            content, _ = split(data)
            if content is not None:
                break
            # To the byte: what comes behind the record is not part of the handshake.
            more = VirtualSocket.recv(self, 5 - len(data) if len(data) < 5 else _missing(data))  # noqa: PLR2004 - the length of a header
            if not more:
                raise cut_off()
            data += more
            if not is_hello(data[:2].ljust(2, b"\x03")):
                raise no_tls_there()
            self._handshake_bytes = data
        self._timed_out_text = _READ_TIMED_OUT
        self._handshake_bytes = b""
        return content

    def connect(self, address: Any, /) -> None:  # noqa: ANN401 - host and port
        """Connect, and ask for TLS."""
        VirtualSocket.connect(self, address)
        if self.do_handshake_on_connect:
            self.do_handshake()

    def connect_ex(self, address: Any, /) -> int:  # noqa: ANN401 - host and port
        """The same; returns an error number, or 0."""
        number = VirtualSocket.connect_ex(self, address)
        if not number and self.do_handshake_on_connect:
            self.do_handshake()
        return number

    def accept(self) -> tuple[ssl.SSLSocket, Any]:
        """The next connection, with TLS."""
        accepted, address = VirtualSocket.accept(self)
        wrapped = self.context.wrap_socket(
            accepted,
            server_side=True,
            do_handshake_on_connect=self.do_handshake_on_connect,
        )
        return wrapped, address

    def recv(self, size: int = 1024, flags: int = 0) -> bytes:
        """Read plain bytes, of one record at most; TLS knows no flags.

        Whatever of a record is not wanted yet has left the socket all the same: pollers do not
        know of it, and only `pending` does.
        """
        _refuse_flags(flags, "recv", self)
        size = size_to_read(size, "recv")
        self._check_open()
        if self._decrypted:
            data, self._decrypted = self._decrypted[:size], self._decrypted[size:]
            return data
        self._meet_late_error()
        data = VirtualSocket.recv(self, _RECORD_BYTES if size else 0)
        if len(data) > size:
            data, self._decrypted = data[:size], data[size:]
        return data

    def recv_into(self, buffer: Any, size: int | None = None, flags: int = 0) -> int:  # noqa: ANN401 - any buffer
        """The same, into ``buffer``."""
        _refuse_flags(flags, "recv_into", self)
        return VirtualSocket.recv_into(self, buffer, size or 0)

    def send(self, data: Any, flags: int = 0) -> int:  # noqa: ANN401 - any buffer
        """Write plain bytes; TLS knows no flags."""
        _refuse_flags(flags, "send", self)
        return VirtualSocket.send(self, data)

    def sendall(self, data: Any, flags: int = 0) -> None:  # noqa: ANN401 - any buffer
        """The same, all of it; the timeout is for each part."""
        _refuse_flags(flags, "sendall", self)
        left = memoryview(as_bytes(data))
        while left:
            left = left[VirtualSocket.send(self, left) :]

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002, ANN401 - the real signature
        """Read plain bytes."""
        return self.recv(len) if buffer is None else self.recv_into(buffer, len)

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        """Write plain bytes."""
        return self.send(data)

    def pending(self) -> int:
        """What has been decrypted and not been read."""
        return len(self._decrypted)

    def unwrap(self) -> socket.socket:
        """Plain bytes from here on."""
        return self

    def _would_block(self) -> OSError:
        return _want_read()

    def _would_block_writing(self) -> OSError:
        return ssl.SSLWantWriteError(
            ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete (write)"
        )


def _not_with_tls(name: str, kind: type[Exception]) -> Callable[..., NoReturn]:
    def refuse(self: ssl.SSLSocket, *args: object, **kwargs: object) -> NoReturn:
        del args, kwargs
        raise kind(f"{name} not allowed on instances of {self.__class__}")

    return refuse


for _kind, _names in (
    (ValueError, ("recvfrom", "recvfrom_into", "sendto")),
    (NotImplementedError, ("recvmsg", "recvmsg_into", "sendmsg")),
):
    for _name in _names:
        setattr(VirtualTLSSocket, _name, _not_with_tls(_name, _kind))


def _refuse_flags(flags: int, caller: str, whose: ssl.SSLSocket) -> None:
    if flags:
        raise ValueError(f"non-zero flags not allowed in calls to {caller}() on {whose.__class__}")


def _missing(data: bytes) -> int:
    return 5 + int.from_bytes(data[3:5]) - len(data)


class VirtualSSLObject(_Session, ssl.SSLObject):  # type: ignore[misc]  # ours win
    """What event loops drive over two memory BIOs; the BIOs are real, the bytes are plain."""

    def __new__(cls, *args: Any, **kwargs: Any) -> VirtualSSLObject:  # noqa: ANN401, PYI034 - the real one cannot be made
        """Made as any other object."""
        del args, kwargs
        return object.__new__(cls)

    def __init__(
        self,
        context: ssl.SSLContext,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_hostname: str | None,
        *,
        server_side: bool,
    ) -> None:
        self._context = context
        self.server_hostname = server_hostname
        self.server_side = server_side
        self._incoming = incoming
        self._outgoing = outgoing
        self._handshake_bytes = b""
        self._has_said_hello = False

    def do_handshake(self) -> None:
        """Ask the far end for TLS, or answer one that asks.

        Raises:
            ssl.SSLWantReadError: It has not answered yet.
            ssl.SSLError: There is none, or the certificate is not trusted.
        """
        if self._certificate is not None:
            return
        if not self.server_side and not self._has_said_hello:
            self._has_said_hello = True
            self._outgoing.write(hello(number_of(self)))
        if not self.server_side:
            content = self._record()
            if self.agreement is not None:
                self._outgoing.write(farewell())
            self._trust(content)
            return
        if self.agreement is None:
            self._outgoing.write(self._welcome(self._record()))
        self._record()
        self._take_leave()

    def _record(self) -> bytes:
        while True:
            data = self._handshake_bytes
            content, _ = split(data)
            if content is not None:
                self._handshake_bytes = b""
                return content
            if not self._incoming.pending:
                if self._incoming.eof:
                    raise cut_off()
                raise _want_read()
            size = 5 - len(data) if len(data) < 5 else _missing(data)  # noqa: PLR2004 - the length of a header
            self._handshake_bytes += self._incoming.read(size)
            if not is_hello(self._handshake_bytes[:2].ljust(2, b"\x03")):
                raise no_tls_there()

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002, ANN401 - the real signature
        """Read plain bytes."""
        self._meet_late_error()
        if not self._incoming.pending and not self._incoming.eof:
            raise _want_read()
        data = self._incoming.read(len)
        if buffer is None:
            return data
        size = memoryview(data).nbytes
        buffer[:size] = data
        return size

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        """Write plain bytes."""
        return self._outgoing.write(data)

    def pending(self) -> int:
        """What can be read."""
        return self._incoming.pending

    def unwrap(self) -> None:
        """Nothing to say goodbye with."""


def virtual_tls() -> ExitStack:
    """Makes contexts wrap virtual sockets in virtual TLS, while entered."""
    undo = reading_put_off()
    undo.enter_context(mock.patch.object(ssl.SSLContext, "wrap_socket", _wrap_socket_virtually))
    undo.enter_context(mock.patch.object(ssl.SSLContext, "wrap_bio", _wrap_bio_virtually))
    return undo


def _wrap_socket_virtually(  # noqa: PLR0913, PLR0917 - the real signature
    context: ssl.SSLContext,
    sock: socket.socket,
    server_side: bool = False,  # noqa: FBT001, FBT002 - the same
    do_handshake_on_connect: bool = True,  # noqa: FBT001, FBT002 - the same
    suppress_ragged_eofs: bool = True,  # noqa: FBT001, FBT002 - the same
    server_hostname: str | None = None,
    session: Any = None,  # noqa: ANN401 - the same
) -> ssl.SSLSocket:
    if not isinstance(sock, VirtualSocket):
        read_now(context)
        return _wrap_socket(
            *(context, sock, server_side, do_handshake_on_connect, suppress_ragged_eofs),
            *(server_hostname, session),
        )
    _check(context, server_side=server_side, server_hostname=server_hostname)
    # The same object: what the network knows of it, it goes on knowing.
    wrapped: Any = sock
    wrapped.__class__ = VirtualTLSSocket
    wrapped.context, wrapped.server_side = context, server_side
    wrapped.server_hostname = server_hostname
    wrapped.do_handshake_on_connect = do_handshake_on_connect
    wrapped.suppress_ragged_eofs = suppress_ragged_eofs
    if do_handshake_on_connect and wrapped.is_connected:
        try:
            _shake_hands(wrapped)
        except BaseException:
            wrapped.close()
            raise
    assert isinstance(wrapped, ssl.SSLSocket), "it is of both classes"
    return wrapped


def _shake_hands(wrapped: VirtualTLSSocket) -> None:
    if wrapped.gettimeout() == 0.0:
        raise ValueError(
            "do_handshake_on_connect should not be specified for non-blocking sockets"
        )
    wrapped.do_handshake()


def _wrap_bio_virtually(  # noqa: PLR0913, PLR0917 - the real signature
    context: ssl.SSLContext,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    server_side: bool = False,  # noqa: FBT001, FBT002 - the same
    server_hostname: str | bytes | None = None,
    session: Any = None,  # noqa: ANN401 - the same
) -> ssl.SSLObject:
    if not is_in_a_run():
        read_now(context)
        return _wrap_bio(context, incoming, outgoing, server_side, server_hostname, session)
    if isinstance(server_hostname, bytes):
        server_hostname = server_hostname.decode("ascii")
    _check(context, server_side=server_side, server_hostname=server_hostname)
    return VirtualSSLObject(context, incoming, outgoing, server_hostname, server_side=server_side)


def _check(context: ssl.SSLContext, *, server_side: bool, server_hostname: str | None) -> None:
    if server_side and server_hostname:
        raise ValueError("server_hostname can only be specified in client mode")
    if context.check_hostname and not server_hostname and not server_side:
        raise ValueError("check_hostname requires server_hostname")


def _want_read() -> ssl.SSLWantReadError:
    return ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
