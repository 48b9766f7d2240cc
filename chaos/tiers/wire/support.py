"""The state of what is needed to run over sockets."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from chaos.errors import ChaosError
from chaos.tiers.wire.client import ToxiproxyClient
from chaos.tiers.wire.locate import PINNED_VERSION, WAYS, LocatedToxiproxy, can_build, find

_ASK_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxiproxyState:
    """What was found of Toxiproxy.

    Attributes:
        usable: Whether the wire tier can run, perhaps after a build.
        absent: Whether there is none, rather than one that does not work.
        seen: Where it is, which version, and how it was found.
        fix: What to do; empty when all is well.
    """

    usable: bool
    absent: bool = False
    seen: str
    fix: str = ""


def examine() -> ToxiproxyState:
    """Look for Toxiproxy; nothing is built, and nothing started but to ask for its version."""
    found = find()
    if found is None:
        if can_build():
            return ToxiproxyState(
                usable=True,
                seen=f"not built yet; version {PINNED_VERSION} is built at the first use",
            )
        return ToxiproxyState(
            usable=False, absent=True, seen="no Toxiproxy; nothing else needs it", fix=WAYS
        )
    where = found.url or str(found.binary)
    try:
        version = _version(found)
    except (ChaosError, OSError, subprocess.SubprocessError) as error:
        return ToxiproxyState(
            usable=False, seen=f"{where} ({found.how}) does not work: {error}", fix=WAYS
        )
    return ToxiproxyState(usable=True, seen=f"{where}, version {version}, {found.how}")


def _version(found: LocatedToxiproxy) -> str:
    if found.url is not None:
        client = ToxiproxyClient(found.url)
        try:
            return client.version()
        finally:
            client.close()
    assert found.binary is not None
    said = subprocess.run(  # noqa: S603 - the program that would be started anyway
        [found.binary, "-version"],
        capture_output=True,
        text=True,
        timeout=_ASK_LIMIT_S,
        check=True,
    ).stdout
    numbers = re.search(r"version (\S+)", said)
    return numbers[1] if numbers else "unknown"
