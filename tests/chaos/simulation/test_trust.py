"""Files of certificates: read once, read in time, and refused as in Python."""

from __future__ import annotations

import gc
import shutil
import ssl
from pathlib import Path

import certifi
import pytest

from chaos.simulation.network import trust
from tests.chaos.simulation.toys import World


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of certificates that no other test has read."""
    return Path(shutil.copy(certifi.where(), tmp_path / "certificates.pem"))


def trusting(file: Path) -> ssl.SSLContext:
    """What clients do for each new connection."""
    return ssl.create_default_context(cafile=str(file))


def owed(context: ssl.SSLContext) -> bool:
    """Whether a context has yet to read a file."""
    return context in trust._Files.owed


def test_file_is_read_once(world: World, file: Path) -> None:
    """The second context only notes it; until somebody looks."""
    contexts: list[ssl.SSLContext] = []
    world.result(lambda: contexts.extend(trusting(file) for _ in range(2)))

    assert [owed(context) for context in contexts] == [False, True]
    read, noted = [context.cert_store_stats()["x509_ca"] for context in contexts]
    assert read == noted > 100
    assert not owed(contexts[1])


def test_list_of_certificates_is_whole(world: World, file: Path) -> None:
    """`get_ca_certs` is a look as well."""
    contexts: list[ssl.SSLContext] = []
    world.result(lambda: contexts.extend(trusting(file) for _ in range(2)))

    assert contexts[1].get_ca_certs() == contexts[0].get_ca_certs() != []


def test_changed_file_is_read_again(world: World, file: Path) -> None:
    """Somebody may have broken it."""
    world.result(lambda: trusting(file))
    file.write_text("no certificate")

    def call() -> None:
        with pytest.raises(ssl.SSLError, match=r"(?i)no.certificate"):
            trusting(file)

    world.result(call)


def test_file_that_is_missing_is_refused(world: World, file: Path) -> None:
    """With the exception of Python."""

    def call() -> None:
        with pytest.raises(FileNotFoundError):
            trusting(file.with_name("nowhere.pem"))

    world.result(call)


def test_whoever_outlives_the_simulation_trusts_whom_it_should(world: World, file: Path) -> None:
    """A client of a module goes on to real servers."""
    contexts: list[ssl.SSLContext] = []
    with trust.reading_put_off():
        world.result(lambda: contexts.extend(trusting(file) for _ in range(2)))
        assert owed(contexts[1])

    assert not owed(contexts[1])
    assert contexts[1].cert_store_stats() == contexts[0].cert_store_stats()


def test_context_that_is_gone_is_forgotten(world: World, file: Path) -> None:
    """Connections come and go; nothing piles up."""
    world.result(lambda: trusting(file))
    before = len(trust._Files.owed)
    world.result(lambda: [trusting(file) for _ in range(5)] and None)
    gc.collect()

    assert len(trust._Files.owed) <= before
