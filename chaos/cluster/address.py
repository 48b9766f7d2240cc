"""Where a cluster is, as one writes it: ``dask://HOST:PORT``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from chaos.errors import ChaosError

SCHEME = "dask"


class AddressError(ChaosError):
    """What was given is not the address of a cluster."""


@dataclass(frozen=True, slots=True)
class SchedulerAddress:
    """The scheduler of a cluster.

    Example:
        >>> str(SchedulerAddress.parse("dask://10.0.0.7:8786"))
        'dask://10.0.0.7:8786'
        >>> SchedulerAddress.parse("dask://[::1]:8786").netloc
        '[::1]:8786'
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address.

        Raises:
            AddressError: It is none.

        Example:
            >>> SchedulerAddress.parse("dask://10.0.0.7")
            Traceback (most recent call last):
            chaos.cluster.address.AddressError: --executor 'dask://10.0.0.7' has no port; \
expected dask://HOST:PORT, as in dask://127.0.0.1:8786; write the port that the scheduler was \
started with
        """
        scheme, separator, _ = text.partition("://")
        if not separator or scheme != SCHEME:
            what = f"has the scheme {scheme!r}" if separator else "has no scheme"
            raise _wrong(text, what, f"begin it with {SCHEME}://, the only one that is known")
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise _wrong(text, f"is not a URL ({error})", "correct it") from None
        if not host:
            raise _wrong(text, "has no host", "write the host that the scheduler runs on")
        if not port:
            raise _wrong(text, "has no port", "write the port that the scheduler was started with")
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            raise _wrong(text, "has more than a host and a port", "leave the rest out")
        return cls(host, port)

    @property
    def netloc(self) -> str:
        """Host and port, as dask takes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{SCHEME}://{self.netloc}"


def _wrong(text: str, what: str, fix: str) -> AddressError:
    return AddressError(
        f"--executor {text!r} {what}; expected {SCHEME}://HOST:PORT, as in "
        f"{SCHEME}://127.0.0.1:8786; {fix}"
    )
