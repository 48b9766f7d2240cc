"""Code of others, imported by its reference: ``package.module`` or ``package.module:Name``.

Its mistakes are its author's to read, in one line. It may neither end the process nor ask anybody
over the network. In a run it would be answered by stand-ins; before one, it would really ask, and
a verdict would depend on who answers, and on whether anybody does. Chance that it draws, for the
jitter that it keeps in a module, is the same each time.
"""

from __future__ import annotations

import importlib
import sys
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chaos.errors import ChaosError
from chaos.processes.chance import same_chance_each_time
from chaos.processes.leaving import ProcessEndedError, nobody_else_ends_it

_ASKS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"})


class _Watched:
    is_installed = False
    thread = 0
    refused: list[str] | None = None


def load(
    reference: str, *, told: str, error: type[ChaosError] = ChaosError, may_ask: bool = False
) -> Any:  # noqa: ANN401 - whatever stands there
    """What a reference leads to: a module, or something in it.

    Args:
        reference: As in ``package.module:Name``.
        told: How a message begins: what it is that is imported.
        error: What to raise.
        may_ask: Whether the network is simulated already.

    Raises:
        ChaosError: Of the type ``error``: it cannot be imported, or does not have that name.

    Example:
        >>> load("math:pi", told="the number")
        3.141592653589793
        >>> load("math:pie", told="the number")
        Traceback (most recent call last):
        chaos.errors.ChaosError: the number: math has no 'pie'; expected something that it \
defines; correct the name after the colon
    """
    module_name, colon, attribute = reference.partition(":")
    if not module_name or (colon and not attribute):
        missing_part = "names nothing in its module" if module_name else "names no module"
        raise error(
            f"{told} {missing_part}; expected package.module:Name; write both sides of the colon"
        )
    try:
        with (
            nobody_else_ends_it(),
            _asking_nobody(module_name, may_ask=may_ask),
            same_chance_each_time(module_name),
        ):
            module = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        fix = "install it, or go to the folder that has it"
        if (dotted := module_name.removesuffix(".py").replace("/", ".")) != module_name:
            fix = f"write a module as Python imports it: {dotted}{colon}{attribute}"
        raise error(
            f"{told}: no module named {missing.name!r}; expected an installed package "
            f"or a file below the current folder; {fix}"
        ) from missing
    except _AskedError as asked:
        raise error(f"{told}: {asked}") from asked
    except (SystemExit, ProcessEndedError) as ended:
        how = repr(ended) if isinstance(ended, SystemExit) else str(ended)
        raise error(
            f"{told}: importing {module_name} ended the process: {how}; expected a "
            "module that can be imported; put what is only for a program under: "
            "if __name__ == '__main__'"
        ) from ended
    except Exception as raised:
        raise error(
            f"{told}: importing {module_name} failed: {type(raised).__name__}: {raised}; "
            f"expected a module that can be imported; try: python3 -c 'import {module_name}'"
        ) from raised
    if not attribute:
        return module
    try:
        return getattr(module, attribute)
    except AttributeError as raised:
        raise error(
            f"{told}: {module_name} has no {attribute!r}; expected something that it "
            "defines; correct the name after the colon"
        ) from raised


class _AskedError(Exception):
    """Somebody was asked over the network; the message says whom."""


@contextmanager
def _asking_nobody(what: str, *, may_ask: bool) -> Iterator[None]:
    """Refuses the network to the calling thread until the block is left.

    Raises:
        _AskedError: It was asked for; also if the error was swallowed.
    """
    if may_ask or _Watched.refused is not None:
        yield
        return
    if not _Watched.is_installed:
        _Watched.is_installed = True
        sys.addaudithook(_audit)
    refused: list[str] = []
    _Watched.thread, _Watched.refused = get_ident(), refused
    try:
        yield
    finally:
        _Watched.refused = None
        if refused:
            raise _asked(what, refused[0])


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    refused = _Watched.refused
    if refused is None or event not in _ASKS or _Watched.thread != get_ident():
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    if isinstance(address, str | bytes) and event != "socket.getaddrinfo":
        return  # A socket of this machine, with a path for an address.
    shown = ":".join(map(str, address[:2])) if isinstance(address, tuple) else str(address)
    refused.append(shown)
    raise ConnectionRefusedError(f"{shown} cannot be reached while code is imported")


def _asked(what: str, whom: str) -> _AskedError:
    return _AskedError(
        f"importing {what} asks {whom} over the network, before any stand-in exists; expected an "
        "import without requests; move that into a function that build() calls, or turn it off in "
        "the environment"
    )
