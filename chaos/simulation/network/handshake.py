"""How TLS begins here: a hello with the name of the server, and a certificate in return.

It travels over the same connection as everything else, so it can be late, cut or reset, it passes
proxies, and it works through memory BIOs. What the client makes of the certificate depends on its
own context, as in reality.
"""

from __future__ import annotations

import ipaddress
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
_IP_MISMATCH = 64


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


def hello(number: bytes) -> bytes:
    """What a client sends first: by which number it is known to servers of the same run."""
    return _record(number)


def farewell() -> bytes:
    """What a client ends a handshake with that is not one with a provider."""
    return _record(b"")


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


def verify(
    certificate: Certificate,
    context: ssl.SSLContext,
    server_hostname: str | None,
    *,
    trusts_anybody: bool = True,
) -> None:
    """Look at a certificate as OpenSSL does for a client with that context.

    Args:
        certificate: What the provider shows.
        context: The client's.
        server_hostname: The name that the client wants the certificate to be for.
        trusts_anybody: Whether the client knows any authority at all. Which one has signed the
            certificate is not simulated: whoever knows one trusts it.

    Raises:
        ssl.SSLCertVerificationError: The client does not trust it.
    """
    if context.verify_mode == ssl.CERT_NONE:
        return
    flaw = certificate.flaw if trusts_anybody else "unknown_authority"
    if flaw in _VERIFY_CODES:
        raise _refused(*_VERIFY_CODES[flaw])
    if not context.check_hostname or not server_hostname:
        return
    if flaw == "wrong_host" or _in_ascii(server_hostname) != _in_ascii(certificate.name):
        code, kind = (
            (_IP_MISMATCH, "IP address")
            if _is_ip(server_hostname)
            else (
                _HOST_MISMATCH,
                "Hostname",
            )
        )
        raise _refused(code, f"{kind} mismatch, certificate is not valid for '{server_hostname}'.")


def certificate_expired() -> ssl.SSLCertVerificationError:
    """What a client gets that has looked at the date of a certificate."""
    return _refused(*_VERIFY_CODES["expired"])


def _in_ascii(name: str) -> str:
    name = name.strip("[]").rstrip(".").lower()
    return name if name.isascii() else name.encode("idna").decode("ascii")


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


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
