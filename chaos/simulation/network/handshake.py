"""How TLS begins here: a hello with the name of the server, and a certificate in return.

It travels over the same connection as everything else, so it can be late, cut or reset, it passes
proxies, and it works through memory BIOs. What the client makes of the certificate depends on its
own context, as in reality.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Literal

Flaw = Literal["expired", "self_signed", "unknown_authority", "wrong_host"]
"""What can be wrong with a certificate."""

_RECORD = b"\x16\x03"
_HEADER_BYTES = 5
_VERIFY_CODES: dict[Flaw, tuple[int, str]] = {
    "expired": (10, "certificate has expired"),
    "self_signed": (18, "self-signed certificate"),
    "unknown_authority": (20, "unable to get local issuer certificate"),
}
_HOST_MISMATCH = 62


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server shows.

    Attributes:
        name: The host it is for.
        flaw: What is wrong with it; None if nothing is.
    """

    name: str
    flaw: Flaw | None = None


def is_hello(data: bytes) -> bool:
    """Whether bytes begin like a handshake."""
    return data.startswith(_RECORD)


def hello(server_hostname: str | None) -> bytes:
    """What a client sends first."""
    return _record((server_hostname or "").encode("idna" if server_hostname else "ascii"))


def reply(certificate: Certificate) -> bytes:
    """What a server answers."""
    return _record(f"{certificate.name}\n{certificate.flaw or ''}".encode())


def split(data: bytes) -> tuple[bytes | None, bytes]:
    r"""The content of the first record, and the rest; None if it is not whole yet.

    Example:
        >>> split(reply(Certificate("a.test")) + b"more")
        (b'a.test\n', b'more')
    """
    if len(data) < _HEADER_BYTES:
        return None, data
    end = _HEADER_BYTES + int.from_bytes(data[3:_HEADER_BYTES])
    return (None, data) if len(data) < end else (data[_HEADER_BYTES:end], data[end:])


def certificate_in(content: bytes) -> Certificate:
    """The certificate that a reply carries."""
    name, _, flaw = content.decode().partition("\n")
    known: dict[str, Flaw] = {each: each for each in (*_VERIFY_CODES, "wrong_host")}
    return Certificate(name, known.get(flaw))


def verify(certificate: Certificate, context: ssl.SSLContext, server_hostname: str | None) -> None:
    """Look at a certificate as OpenSSL does for a client with that context.

    Raises:
        ssl.SSLCertVerificationError: The client does not trust it.
    """
    if context.verify_mode == ssl.CERT_NONE:
        return
    if certificate.flaw in _VERIFY_CODES:
        raise _refused(*_VERIFY_CODES[certificate.flaw])
    is_wrong = certificate.flaw == "wrong_host"
    if context.check_hostname and server_hostname and is_wrong:
        raise _refused(
            _HOST_MISMATCH,
            f"Hostname mismatch, certificate is not valid for '{server_hostname}'.",
        )


def no_tls_there() -> ssl.SSLError:
    """What a client gets whose far end does not speak TLS."""
    error = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
    error.library, error.reason = "SSL", "WRONG_VERSION_NUMBER"
    return error


def cut_off() -> ssl.SSLError:
    """What a client gets whose far end hangs up in the handshake."""
    return ssl.SSLEOFError(
        ssl.SSL_ERROR_EOF,
        "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol",
    )


def _refused(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(
        1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {message}"
    )
    error.library, error.reason = "SSL", "CERTIFICATE_VERIFY_FAILED"
    error.verify_code, error.verify_message = code, message
    return error


def _record(content: bytes) -> bytes:
    return _RECORD + b"\x03" + len(content).to_bytes(2) + content
