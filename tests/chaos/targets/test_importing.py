"""A target whose module asks somebody while it is imported is refused, in words that help."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from chaos.errors import TargetError
from chaos.targets.registry import find_target

TARGET = """
from chaos.ports import Answer, Target

class It(Target):
    def ask(self, question):
        return Answer(mode="llm")
"""


@pytest.fixture
def server() -> socket.socket:
    """Somebody who would answer."""
    made = socket.create_server(("127.0.0.1", 0))
    made.settimeout(0)
    return made


@pytest.mark.parametrize(
    "asks",
    [
        pytest.param("socket.create_connection(('127.0.0.1', PORT))", id="by address"),
        pytest.param("urllib.request.urlopen('http://localhost:PORT/')", id="by name"),
    ],
)
@pytest.mark.parametrize("swallows", [False, True], ids=["raises", "swallows"])
def test_a_module_that_asks_somebody_is_refused(
    asks: str,
    *,
    swallows: bool,
    server: socket.socket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody is asked, and whoever swallows the error is found all the same."""
    asking = asks.replace("PORT", str(server.getsockname()[1]))
    if swallows:
        asking = f"try:\n    {asking}\nexcept OSError:\n    pass"
    name = f"asks_somebody_{len(asks)}_{swallows}"
    (tmp_path / f"{name}.py").write_text(f"import socket, urllib.request\n{asking}\n{TARGET}")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(TargetError, match="over the network, before any stand-in"):
        find_target(f"{name}:It")

    with pytest.raises(BlockingIOError):
        server.accept()
    server.close()


def test_a_module_that_asks_nobody_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making a socket asks nobody."""
    (tmp_path / "asks_nobody.py").write_text(f"import socket\nsocket.socket().close()\n{TARGET}")
    monkeypatch.syspath_prepend(tmp_path)

    assert find_target("asks_nobody:It").name == "it"
