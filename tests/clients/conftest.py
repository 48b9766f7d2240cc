"""What the tests of clients share; `nox -s clients` runs them, with the clients installed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.clients.frame.certificates import TRUST, Authority
from tests.clients.frame.played import Played
from tests.clients.frame.row import cases

_FOLDER = tempfile.TemporaryDirectory(prefix="clients-")
_AUTHORITY = Authority(Path(_FOLDER.name))

# Some clients read these when they are imported, and not again.
os.environ.update(dict.fromkeys(TRUST, str(_AUTHORITY.file)))
os.environ.update(
    {
        # As the world sets it; otherwise the SDK asks for metadata in a thread of its own.
        "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA": "true",
        # Otherwise a list of prices is fetched from the network when it is imported.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what writes the page anew."""
    parser.addoption("--write-page", action="store_true", help="write docs/clients.md anew")


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Who signs the certificates that clients get on loopback."""
    return _AUTHORITY


@pytest.fixture(scope="class")
def played(request: pytest.FixtureRequest, authority: Authority) -> Played:
    """The rows of the client, played in one world."""
    return Played(request.cls.client, authority)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the tests of a client its cases."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", cases(metafunc.cls.client), ids=str)
