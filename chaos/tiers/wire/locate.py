"""Where Toxiproxy is: running, on the path, in the cache; or how to build it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from chaos.errors import MissingComponentError

if sys.platform != "win32":
    import fcntl

PINNED_VERSION = "2.12.0"
"""What is built; other versions that are found are taken as they are."""

URL_VARIABLE = "CHAOS_TOXIPROXY_URL"

WAYS = (
    "start one and set CHAOS_TOXIPROXY_URL to its address (http://127.0.0.1:8474); or put "
    "toxiproxy-server on the PATH; or install Go, with which it is built once"
)
"""The three ways to get one, for messages."""

_MODULE = "github.com/Shopify/toxiproxy/v2"
_BUILD_LIMIT_S = 600.0
_SUFFIX = ".exe" if sys.platform == "win32" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedToxiproxy:
    """A Toxiproxy that can be used: one that runs at ``url``, or a ``binary`` to start.

    Attributes:
        how: How it was found, for people.
        url: Address of its API, if it runs already.
        binary: The program, if it has to be started.
    """

    how: str
    url: str | None = None
    binary: Path | None = None


def find() -> LocatedToxiproxy | None:
    """The first Toxiproxy that is there without building one; None if there is none."""
    if url := os.environ.get(URL_VARIABLE, "").strip():
        return LocatedToxiproxy(how=URL_VARIABLE, url=url.rstrip("/"))
    if on_path := shutil.which("toxiproxy-server"):
        return LocatedToxiproxy(how="on the PATH", binary=Path(on_path))
    if cached_binary().is_file():
        return LocatedToxiproxy(how="built earlier", binary=cached_binary())
    return None


def find_or_build(say: Callable[[str], None] | None = None) -> LocatedToxiproxy:
    """The first Toxiproxy that is there; else one that is built now, once for this user.

    Building takes about half a minute. Processes that need it at the same time wait for the
    first of them.

    Args:
        say: Is told of the build; by default a terminal is, and a file is not.

    Raises:
        MissingComponentError: There is none, and none can be built; the message says how to
            get one.
    """
    found = find()
    if found is not None:
        return found
    go = shutil.which("go")
    if go is None:
        raise MissingComponentError(f"the wire tier needs Toxiproxy, and none was found; {WAYS}")
    binary = cached_binary()
    try:
        binary.parent.mkdir(parents=True, exist_ok=True)
        with _alone(binary.parent / "lock"):
            if not binary.is_file():
                (say or _say_on_terminal)(
                    f"chaos: building Toxiproxy {PINNED_VERSION} with go install, once; "
                    "this takes about half a minute"
                )
                _build(go, binary)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingComponentError(f"Toxiproxy could not be built: {error}; {WAYS}") from error
    return LocatedToxiproxy(how="built with go install", binary=binary)


def can_build() -> bool:
    """Whether there is a Go to build it with."""
    return shutil.which("go") is not None


def cached_binary() -> Path:
    """Where the build is kept, whether it is there or not."""
    return user_cache_path("chaos") / f"toxiproxy-{PINNED_VERSION}" / f"toxiproxy-server{_SUFFIX}"


def _build(go: str, binary: Path) -> None:
    """Build it aside, and put it in place whole."""
    with tempfile.TemporaryDirectory(dir=binary.parent, prefix="build-") as folder:
        done = subprocess.run(  # noqa: S603 - the program is what `which` found, the rest is fixed
            [
                *(go, "install", "-ldflags", f"-X {_MODULE}.Version={PINNED_VERSION}"),
                f"{_MODULE}/cmd/server@v{PINNED_VERSION}",
            ],
            # Without a C compiler, and without one's own GOFLAGS such as -mod=vendor.
            env={**os.environ, "GOBIN": folder, "GOFLAGS": "", "CGO_ENABLED": "0"},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_BUILD_LIMIT_S,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["no word why"]
            raise MissingComponentError(f"go install of Toxiproxy failed: {said[-1]}; {WAYS}")
        (Path(folder) / f"server{_SUFFIX}").replace(binary)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one process at a time in.

    The lock goes with the process that holds it, however that ends. Where there are no such
    locks, two processes may build the same program twice.
    """
    with lock.open("w") as file:
        if sys.platform != "win32":
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say_on_terminal(message: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(message + "\n")
        sys.stderr.flush()
