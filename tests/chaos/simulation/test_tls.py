"""TLS to providers, and between two parts of the service: trusted as OpenSSL would trust."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chaos.errors import SimulationError
from tests.chaos.simulation.toys import World

PROVIDER = "api.openai.com"
OLDER = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, and a certificate for localhost that is self-signed; from today, for a day."""
    return self_signed(tmp_path_factory.mktemp("tls") / "localhost.pem", datetime.now(UTC))


def self_signed(file: Path, now: datetime) -> Path:
    """A file with a key, and a certificate for localhost that is valid around ``now``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


# -- a provider


def hands_shaken(make: Callable[[], ssl.SSLContext], name: str = PROVIDER) -> str | None:
    """The protocol that a client speaks with the provider in the end."""
    plain = socket.create_connection((PROVIDER, 443), timeout=5)
    return make().wrap_socket(plain, server_hostname=name).version()


def test_client_that_knows_no_authority_trusts_nobody(world: World) -> None:
    """Its context is made by hand, and nobody has told it whom to trust."""
    error = world.error(lambda: hands_shaken(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)))

    assert isinstance(error, ssl.SSLCertVerificationError)
    assert error.verify_message == "unable to get local issuer certificate"


@pytest.mark.parametrize(
    "make",
    [
        ssl.create_default_context,
        lambda: ssl.create_default_context(cafile=certifi.where()),
        ssl._create_unverified_context,
    ],
    ids=["the system's", "a file's", "no verification"],
)
def test_client_that_knows_an_authority_trusts_it(
    world: World, make: Callable[[], ssl.SSLContext]
) -> None:
    """Twice, since a file that was read once is not read again."""
    assert world.result(lambda: [hands_shaken(make) for _ in range(2)]) == ["TLSv1.3"] * 2


def test_context_older_than_the_run_is_believed(world: World) -> None:
    """Whether it has been told of a folder, nobody can tell."""
    assert world.result(lambda: hands_shaken(lambda: OLDER)) == "TLSv1.3"


@pytest.mark.parametrize("name", ["other.test", "openai.com", "192.0.2.1"])
def test_certificate_is_for_the_provider_s_name_alone(world: World, name: str) -> None:
    """Whatever else a client calls it is a mismatch."""
    error = world.error(lambda: hands_shaken(ssl.create_default_context, name))

    assert isinstance(error, ssl.SSLCertVerificationError)
    assert "mismatch" in error.verify_message


def test_address_is_no_name(world: World) -> None:
    """A client that goes by the address is not who the certificate is for."""

    def call() -> None:
        httpx.get(f"https://{socket.gethostbyname(PROVIDER)}/", timeout=5)

    assert "IP address mismatch" in str(world.error(call))


def test_socket_with_tls_is_read_past_its_encryption(world: World) -> None:
    """Its descriptor would give what nobody can read; here there is no such thing."""
    import os  # noqa: PLC0415 - the only test that needs it

    def call() -> None:
        plain = socket.create_connection((PROVIDER, 443), timeout=5)
        wrapped = ssl.create_default_context().wrap_socket(plain, server_hostname=PROVIDER)
        os.read(wrapped.fileno(), 1)

    assert isinstance(world.error(call), SimulationError)


def test_tls_knows_no_flags_and_no_datagrams(world: World) -> None:
    """As Python's own sockets say."""

    def refused(act: Callable[[Any], object]) -> str:
        plain = socket.create_connection((PROVIDER, 443), timeout=5)
        wrapped = ssl.create_default_context().wrap_socket(plain, server_hostname=PROVIDER)
        with pytest.raises((ValueError, NotImplementedError)) as met:
            act(wrapped)
        return type(met.value).__name__

    assert world.result(
        lambda: [
            refused(lambda tls: tls.recv(1, socket.MSG_PEEK)),
            refused(lambda tls: tls.send(b"x", 1)),
            refused(lambda tls: tls.recvfrom(1)),
            refused(lambda tls: tls.sendmsg([b"x"])),
        ]
    ) == ["ValueError", "ValueError", "ValueError", "NotImplementedError"]


# -- a server of the service itself


def echo(context: ssl.SSLContext) -> int:
    """A server that says what it hears, in capitals; returns its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            plain, _ = server.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as tls:
                    while heard := tls.recv(99):
                        tls.sendall(heard.upper())
            except OSError:
                plain.close()

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])


def serving(certificate: Path, **settings: Any) -> ssl.SSLContext:
    """The context of a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for name, value in settings.items():
        setattr(context, name, value)
    return context


def ask(port: int, context: ssl.SSLContext, name: str = "localhost") -> tuple[bytes, Any]:
    """What a server of the service answers, and what was agreed on."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    tls = context.wrap_socket(plain, server_hostname=name)
    tls.sendall(b"heard")
    return tls.recv(99), tls


def test_own_server_is_trusted_by_whom_it_should(world: World, certificate: Path) -> None:
    """By a client that knows its certificate."""

    def call() -> tuple[bytes, Any]:
        context = ssl.create_default_context(cafile=str(certificate))
        answer, tls = ask(echo(serving(certificate)), context)
        return answer, tls.getpeercert()["subjectAltName"]

    assert world.result(call) == (b"HEARD", (("DNS", "localhost"),))


@pytest.mark.parametrize("name", ["localhost", "other.test"])
def test_own_server_is_not_trusted_by_others(world: World, certificate: Path, name: str) -> None:
    """By a client that does not know it, or wants another."""

    def call() -> None:
        knows_it = name != "localhost"
        context = ssl.create_default_context(cafile=str(certificate) if knows_it else None)
        ask(echo(serving(certificate)), context, name)

    assert isinstance(world.error(call), ssl.SSLCertVerificationError)


def test_own_server_has_a_date(world: World, tmp_path: Path) -> None:
    """Its certificate is valid by the clock of the run, or by the real one; or it is not."""
    old = self_signed(tmp_path / "old.pem", datetime(2000, 6, 1, tzinfo=UTC))

    def call() -> None:
        ask(echo(serving(old)), ssl.create_default_context(cafile=str(old)))

    assert "expired" in str(world.error(call))


@pytest.mark.parametrize("flaw", ["no certificate", "an older protocol"])
def test_two_that_do_not_go_together_do_not_shake_hands(
    world: World, certificate: Path, flaw: str
) -> None:
    """What OpenSSL would say to both."""

    def call() -> None:
        client = ssl._create_unverified_context()
        if flaw == "no certificate":
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        else:
            server = serving(certificate, minimum_version=ssl.TLSVersion.TLSv1_3)
            client.maximum_version = ssl.TLSVersion.TLSv1_2
        ask(echo(server), client)

    assert isinstance(world.error(call), ssl.SSLError)


def test_client_without_a_certificate_is_refused_where_one_is_wanted(
    world: World, certificate: Path
) -> None:
    """It learns of that when it reads."""

    def call() -> tuple[str, bytes]:
        wants_one = serving(certificate, verify_mode=ssl.CERT_REQUIRED)
        wants_one.load_verify_locations(certificate)
        port = echo(wants_one)
        with pytest.raises(ssl.SSLError) as refused:
            ask(port, ssl._create_unverified_context())
        known = ssl._create_unverified_context()
        known.load_cert_chain(certificate)
        return str(refused.value.reason), ask(port, known)[0]

    assert world.result(call) == ("TLSV13_ALERT_CERTIFICATE_REQUIRED", b"HEARD")


def test_loop_shakes_hands_likewise(world: World, certificate: Path) -> None:
    """Over memory, and after some plain talk, too."""

    async def call() -> tuple[bytes, str | None]:
        context = serving(certificate)
        context.set_alpn_protocols(["later", "sooner"])

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"go ahead\n")
            await writer.start_tls(context)
            writer.write(b"secretly " + await reader.readline())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"STARTTLS\n")
        await reader.readline()
        mine = ssl.create_default_context(cafile=str(certificate))
        mine.set_alpn_protocols(["sooner"])
        await writer.start_tls(mine, server_hostname="localhost")
        agreed = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        writer.write(b"hello\n")
        answered = await reader.readline()
        writer.close()
        return answered, agreed

    assert world.result(lambda: asyncio.run(call())) == (b"secretly hello\n", "sooner")


def test_loop_refuses_whom_it_does_not_know(world: World, certificate: Path) -> None:
    """And the server goes on."""

    async def call() -> bytes:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving(certificate))
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(
                "127.0.0.1", port, ssl=ssl.create_default_context(), server_hostname="localhost"
            )
        mine = ssl.create_default_context(cafile=str(certificate))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=mine, server_hostname="localhost"
        )
        writer.write(b"hello\n")
        answered = await reader.readline()
        writer.close()
        return answered

    assert world.result(lambda: asyncio.run(call())) == b"HELLO\n"
