"""A target whose module asks somebody while it is imported is refused, in words that help."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from chaos.errors import TargetError
from chaos.ports import Answer, Target
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


class Made(Target):
    """A target of which there is one already."""

    def ask(self, question: str) -> Answer:
        """Nobody asks."""
        raise AssertionError(question)


made = Made()


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (":It", "target ':It' names no module; expected package.module:Name;"),
        ("json:", "target 'json:' names nothing in its module; expected package.module:Name;"),
        ("no/such/thing.py:It", "write a module as Python imports it: no.such.thing:It"),
        ("nosuch:It", "install it, or go to the folder that has it"),
        (
            "tests.chaos.targets.test_importing:made",
            "is a Made that is made already; expected a subclass of chaos.ports.Target; name its",
        ),
    ],
)
def test_half_a_reference_is_told_as_that(reference: str, said: str) -> None:
    """What stands there, and what to write instead."""
    with pytest.raises(TargetError) as caught:
        find_target(reference)

    assert said in str(caught.value)
