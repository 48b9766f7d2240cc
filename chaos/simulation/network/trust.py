"""Whom a TLS context trusts: files of certificates are read when somebody needs what is in them.

Reading the usual file takes longer than a whole run, clients read it for each new connection, and
a virtual handshake never looks into it. So in a run a file that this process has read before
without complaint is only noted. It is read before anybody can tell the difference: when a context
is asked for its certificates, when it wraps a real socket, and when the simulation is left.
"""

from __future__ import annotations

import os
import ssl
import weakref
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from chaos.simulation.tasks.baton import is_in_a_run

_new = ssl.SSLContext.__new__
_load_verify_locations = ssl.SSLContext.load_verify_locations
_set_default_verify_paths = ssl.SSLContext.set_default_verify_paths
_cert_store_stats = ssl.SSLContext.cert_store_stats
_get_ca_certs = ssl.SSLContext.get_ca_certs

_Load = Callable[[ssl.SSLContext], None]
_File = tuple[str, int, int, int]
_Owed = weakref.WeakKeyDictionary[ssl.SSLContext, list[_Load]]

_Some = weakref.WeakSet[ssl.SSLContext]


class _Files:
    """What is known of files of certificates."""

    read: set[tuple[_File, ...]] = set()  # noqa: RUF012 - of the process, on purpose
    owed: _Owed = weakref.WeakKeyDictionary()  # noqa: RUF012 - the same
    made_in_a_run: _Some = weakref.WeakSet()  # noqa: RUF012 - the same
    told: _Some = weakref.WeakSet()  # noqa: RUF012 - the same


def reading_put_off() -> ExitStack:
    """Puts off reading certificates in runs, while entered.

    Example:
        >>> import certifi
        >>> with reading_put_off():
        ...     context = ssl.create_default_context(cafile=certifi.where())
        >>> context.cert_store_stats()["x509_ca"] > 0
        True
    """
    undo = ExitStack()
    undo.callback(_read_all)
    undo.enter_context(mock.patch.object(ssl.SSLContext, "__new__", _new_context))
    for method in _METHODS:
        undo.enter_context(mock.patch.object(ssl.SSLContext, method.__name__, method))
    return undo


def read_now(context: ssl.SSLContext) -> None:
    """Read what this context was told to read."""
    for load in _Files.owed.pop(context, ()):
        load(context)


def trusts_anybody(context: ssl.SSLContext) -> bool:
    """Whether a context knows any authority.

    Of one that is older than the run nobody can tell: a folder of certificates, which is what it
    may know, is looked into when it is needed.
    """
    if context not in _Files.made_in_a_run or context in _Files.told:
        return True
    return _cert_store_stats(context)["x509_ca"] > 0


def _new_context(
    cls: type[ssl.SSLContext],
    protocol: Any = None,  # noqa: ANN401 - the real signature
    *args: Any,  # noqa: ANN401 - the same
    **kwargs: Any,  # noqa: ANN401 - the same
) -> ssl.SSLContext:
    made = _new(cls, protocol, *args, **kwargs)
    if is_in_a_run():
        _Files.made_in_a_run.add(made)
    return made


def _read_all() -> None:
    for context in list(_Files.owed):
        # A file that is gone by now: whoever still has the context trusts nobody.
        with suppress(OSError):
            read_now(context)


def load_verify_locations(
    context: ssl.SSLContext,
    cafile: Any = None,  # noqa: ANN401 - the real signature
    capath: Any = None,  # noqa: ANN401 - the same
    cadata: Any = None,  # noqa: ANN401 - the same
) -> None:
    """Read a file, perhaps later; a folder or certificates themselves at once."""
    load = partial(_load_verify_locations, cafile=cafile, capath=capath, cadata=cadata)
    is_one_file = cafile is not None and capath is None and cadata is None
    _load(context, load, [cafile] if is_one_file else [])


def set_default_verify_paths(context: ssl.SSLContext) -> None:
    """Read what OpenSSL reads by default, perhaps later."""
    _load(context, _set_default_verify_paths, _default_files())


def cert_store_stats(context: ssl.SSLContext) -> dict[str, int]:
    """Count what has been read; now it is."""
    read_now(context)
    return _cert_store_stats(context)


def get_ca_certs(context: ssl.SSLContext, binary_form: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - the real signature
    """List what has been read; now it is."""
    read_now(context)
    return _get_ca_certs(context, binary_form)


_METHODS: tuple[Callable[..., Any], ...] = (
    load_verify_locations,
    set_default_verify_paths,
    cert_store_stats,
    get_ca_certs,
)


def _load(context: ssl.SSLContext, load: _Load, files: list[Any]) -> None:
    _Files.told.add(context)
    known = _as_they_are(files) if is_in_a_run() else ()
    if known and known in _Files.read:
        _Files.owed.setdefault(context, []).append(load)
        return
    load(context)
    if known:
        _Files.read.add(known)


def _default_files() -> list[str]:
    """What OpenSSL reads by default; a folder is looked into later, by OpenSSL itself."""
    paths = ssl.get_default_verify_paths()
    return [path for path in (paths.cafile, paths.capath) if path is not None]


def _as_they_are(files: list[Any]) -> tuple[_File, ...]:
    """These files and what tells that they have changed; empty if one of them is not to be had."""
    try:
        found = [(os.fspath(each), Path(each).stat()) for each in files]
    except (OSError, TypeError, ValueError):
        return ()
    return tuple((str(path), seen.st_mtime_ns, seen.st_size, seen.st_ino) for path, seen in found)
