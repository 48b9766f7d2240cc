"""Functions of the C library, exchanged where a compiled library keeps their addresses.

A library of ELF, the format of Linux, has a table with the address of each function that it takes
from another one. Its dynamic section says which entry is for which name. Another address in that
entry, and that library calls another function; nobody else does.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import platform
import struct
import sys
from collections.abc import Collection, Iterator, Mapping

_RELOCATIONS = {
    # What is looked up by name when a library is loaded: a reference to data, or to a function.
    "x86_64": frozenset({1, 6, 7}),
    "aarch64": frozenset({257, 1025, 1026}),
}
_STRINGS, _SYMBOLS = 5, 6
_TABLES = ((7, 8, 0x6FFFFFF9), (23, 2, None))
"""By the tags of the section: where a table of relocations stands, where its length does, and how
many come first that are about no name."""

_ENTRY, _TAG, _SYMBOL = struct.Struct("=QQq"), struct.Struct("=qQ"), struct.Struct("=I20x")
_LINK_MAP, _NO_LOAD = 2, 4
_READ, _WRITE = 1, 2


class _LinkMap(ctypes.Structure):
    """What the loader knows of a library."""

    _fields_ = (
        ("base", ctypes.c_size_t),
        ("name", ctypes.c_char_p),
        ("dynamic", ctypes.c_size_t),
    )


def can_exchange() -> bool:
    """Whether this is a system on which there are such tables, and they are known."""
    return sys.platform == "linux" and platform.machine() in _RELOCATIONS


def places_of(path: str, names: Collection[str]) -> dict[str, tuple[int, ...]]:
    """Where a library that is loaded keeps the addresses of some functions, by their names.

    Raises:
        OSError: It is not loaded.

    Example:
        >>> import _socket
        >>> path = getattr(_socket, "__file__", None)
        >>> not (can_exchange() and path) or list(places_of(path, ["recv", "frobnicate"]))
        ['recv']
    """
    found: dict[str, tuple[int, ...]] = {}
    for name, place in _imports(path):
        if name in names:
            found[name] = (*found.get(name, ()), place)
    return found


@functools.cache
def _imports(path: str) -> tuple[tuple[str, int], ...]:
    """Name of each function that a library takes from another, and where its address is kept.

    It stays where it is for as long as the process lives: extensions are never unloaded.
    """
    known = _RELOCATIONS[platform.machine()]
    library = _loaded(path)
    tags = dict(_dynamic(library))
    strings, symbols = (_absolute(library, tags[tag]) for tag in (_STRINGS, _SYMBOLS))
    found = []
    for table, length, nameless in _TABLES:
        if table not in tags:
            continue
        skipped = tags.get(nameless, 0) * _ENTRY.size if nameless is not None else 0
        begin = _absolute(library, tags[table]) + skipped
        entries = ctypes.string_at(begin, tags[length] - skipped)
        for offset, info, _ in _ENTRY.iter_unpack(entries):
            if info & 0xFFFFFFFF in known:
                symbol = ctypes.string_at(symbols + (info >> 32) * _SYMBOL.size, _SYMBOL.size)
                (name_at,) = _SYMBOL.unpack(symbol)
                name = ctypes.string_at(strings + name_at).decode(errors="replace")
                found.append((name, library.base + offset))
    return tuple(found)


def exchange(places: Mapping[int, int]) -> dict[int, int]:
    """Write an address into each place; returns what stood there before.

    Raises:
        OSError: The system does not let anybody write there.
    """
    before = {}
    for place, address in places.items():
        slot = ctypes.c_size_t.from_address(place)
        before[place] = slot.value
        _let_write(place)
        slot.value = address
    return before


def _loaded(path: str) -> _LinkMap:
    handle = ctypes.CDLL(path, mode=_NO_LOAD)._handle  # noqa: SLF001 - it has no public name
    info = ctypes.CDLL(None).dlinfo
    info.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    found = ctypes.POINTER(_LinkMap)()
    if info(handle, _LINK_MAP, ctypes.byref(found)):
        raise OSError(f"the loader knows nothing of {path}")
    return found.contents


def _dynamic(found: _LinkMap) -> Iterator[tuple[int, int]]:
    at = found.dynamic
    while True:
        tag, value = _TAG.unpack(ctypes.string_at(at, _TAG.size))
        if not tag:
            return
        yield tag, value
        at += _TAG.size


def _absolute(found: _LinkMap, value: int) -> int:
    # The loader of one C library has put the base to it, that of another has not.
    return value if value >= found.base else value + found.base


def _let_write(place: int) -> None:
    """Let the page be written to; the loader has closed it behind itself."""
    page = place & -mmap.PAGESIZE
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    if protect(page, mmap.PAGESIZE, _READ | _WRITE):
        raise OSError(ctypes.get_errno(), f"mprotect at {place:#x}")
