"""The local copy of the index: written whole, pointed to last, checked when read.

A folder holds ``generations/<name>/`` with the files of one generation each, and one small
``current.json`` that says which of them counts, and when it was fetched. Only replacing that
file, which is atomic, makes a copy count; whatever interrupts us before leaves the old copy
serving. A copy that fails its check is moved to ``quarantine/`` for someone to look at.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpdesk.errors import DamagedIndexError
from helpdesk.events import CacheQuarantined, Listener, notify
from helpdesk.manifest import FILE_NAMES, MANIFEST_FILE, Manifest

logger = logging.getLogger(__name__)

_LARGEST_POINTER_BYTES = 10_000
_LARGEST_MANIFEST_BYTES = 1_000_000

_QUARANTINED_KEPT = 3
_UNFINISHED_KEPT_S = 3600


FolderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]


class _Pointer(BaseModel):
    """What ``current.json`` says."""

    model_config = ConfigDict(frozen=True)

    # Becomes a path, and must not be able to leave its folder, or to be it.
    folder: FolderName
    generation: str
    fetched_at: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    manifest_sha256: str
    previous: FolderName | None = None


@dataclass(frozen=True, slots=True)
class CachedCopy:
    """A generation as it lies in the cache, verified.

    Attributes:
        fetched_at: Wall time, in seconds since 1970, when it was last known to be the newest.
            Our own record: file times change with every copy of a folder.
    """

    manifest: Manifest
    files: Mapping[str, bytes]
    fetched_at: float


class IndexCache:
    """The copy in ``folder``; several processes may share it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(IndexCache(Path(folder)).read())
        None
    """

    def __init__(self, folder: Path, *, listeners: Sequence[Listener] = ()) -> None:
        self._folder = folder
        self._pointer_path = folder / "current.json"
        self._generations = folder / "generations"
        self._listeners = listeners

    def read(self) -> CachedCopy | None:
        """The current copy; None if there is none that can be trusted.

        A damaged copy is quarantined, never returned.
        """
        try:
            pointer = self._read_pointer()
            while pointer is not None:
                try:
                    return self._read_copy(pointer)
                except DamagedIndexError:
                    # Another process may have replaced and pruned it while we were reading.
                    # What is current now must not be quarantined for that.
                    newer = self._read_pointer()
                    if newer == pointer:
                        raise
                    pointer = newer
        except DamagedIndexError as error:
            self.quarantine(str(error))
        except OSError as error:
            logger.warning("cache %s cannot be read: %s", self._folder, error)
        except Exception as error:
            # Whatever lies in the folder, it is no reason not to start. Nobody foresaw this, so
            # it is set aside for somebody to look at, and told with its traceback.
            logger.exception("cache %s could not be understood", self._folder)
            self.quarantine(f"{type(error).__name__}: {error}")
        return None

    def install(
        self,
        manifest: Manifest,
        files: Mapping[str, bytes],
        *,
        fetched_at: float,
        keeps_newer: bool = False,
    ) -> None:
        """Make a new generation the current copy.

        Args:
            manifest: What the files are.
            files: By name.
            fetched_at: Wall time, in seconds since 1970.
            keeps_newer: Whether generations have an order, so that a newer one which another
                process has installed meanwhile stays the current copy.

        Raises:
            DamagedIndexError: The files are not what the manifest says; nothing was changed.
            OSError: The disk refused; the current copy is untouched.
        """
        manifest.verify(files)
        self._generations.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=self._generations, prefix=".new-"))
        content = {**files, MANIFEST_FILE: manifest.to_bytes()}
        try:
            for name, data in content.items():
                _write_through(unfinished / name, data)
            # Its age is reckoned by our clock later, and a file server's may be another one.
            now_s = time.time()
            os.utime(unfinished, (now_s, now_s))
            _flush_folder(unfinished)
            # Never the name of another copy: that one may be damaged, or being read.
            folder = self._generations / f"{manifest.generation}{unfinished.name[4:]}"
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        _flush_folder(self._generations)

        replaced = self._pointer_or_none()
        if keeps_newer and replaced is not None and replaced.generation > manifest.generation:
            # Who was slower must not take the next process back to what was there before.
            shutil.rmtree(folder, ignore_errors=True)
            return
        pointer = _Pointer(
            folder=folder.name,
            generation=manifest.generation,
            fetched_at=fetched_at,
            manifest_sha256=hashlib.sha256(content[MANIFEST_FILE]).hexdigest(),
            previous=replaced.folder if replaced else None,
        )
        self._write_pointer(pointer)
        self._prune(pointer, replaced)

    def renew(self, *, generation: str, fetched_at: float) -> None:
        """Note that the current copy was still the newest at ``fetched_at``.

        Raises:
            OSError: The disk refused; the copy keeps its old age.
        """
        pointer = self._pointer_or_none()
        # Another process may have installed a newer generation since we looked.
        if pointer and pointer.generation == generation:
            self._write_pointer(pointer.model_copy(update={"fetched_at": fetched_at}))

    def quarantine(self, reason: str) -> None:
        """Set the current copy aside, so that it is not served and can be looked at."""
        logger.error("damaged index in %s set aside: %s", self._folder, reason)
        aside = self._folder / "quarantine"
        try:
            aside.mkdir(parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(dir=aside, prefix=f"{time.time_ns():020d}-"))
            pointer = self._pointer_or_none()
            self._pointer_path.replace(place / self._pointer_path.name)
            if pointer:
                (self._generations / pointer.folder).replace(place / pointer.folder)
        except FileNotFoundError:
            pass  # The folder is what was missing, or another process was faster.
        except OSError as error:
            logger.warning("damaged index in %s cannot be moved: %s", self._folder, error)
        for old in sorted(aside.glob("*"))[:-_QUARANTINED_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        notify(self._listeners, CacheQuarantined(reason=reason))

    def _read_copy(self, pointer: _Pointer) -> CachedCopy:
        folder = self._generations / pointer.folder
        try:
            raw = _read(folder / MANIFEST_FILE, most_bytes=_LARGEST_MANIFEST_BYTES)
            if hashlib.sha256(raw).hexdigest() != pointer.manifest_sha256:
                raise DamagedIndexError(f"{MANIFEST_FILE} does not match its recorded hash")
            manifest = Manifest.parse(raw)
            files = {
                name: _read(folder / name, most_bytes=manifest.files[name].size)
                for name in FILE_NAMES
            }
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DamagedIndexError(f"{Path(error.filename).name} is missing") from error
        manifest.verify(files)
        return CachedCopy(manifest, files, pointer.fetched_at)

    def _read_pointer(self) -> _Pointer | None:
        try:
            data = _read(self._pointer_path, most_bytes=_LARGEST_POINTER_BYTES)
        except FileNotFoundError:
            return None
        try:
            pointer = _Pointer.model_validate_json(data)
        except ValidationError as error:
            raise DamagedIndexError(f"{self._pointer_path.name} cannot be understood") from error
        return pointer

    def _pointer_or_none(self) -> _Pointer | None:
        try:
            return self._read_pointer()
        except (DamagedIndexError, OSError):
            return None

    def _write_pointer(self, pointer: _Pointer) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".current-")
        os.close(handle)
        try:
            _write_through(Path(name), pointer.model_dump_json(indent=2).encode() + b"\n")
            Path(name).replace(self._pointer_path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _flush_folder(self._folder)

    def _prune(self, current: _Pointer, replaced: _Pointer | None) -> None:
        """Drop all but the current and the previous copy.

        The previous one stays for a process that read the pointer just before we replaced it.
        A copy that is neither, and young, may be one that another process is about to point to.
        """
        done_with = replaced.previous if replaced else None
        # A process that was killed has left these behind, between writing one and moving it.
        for left in self._folder.glob(".current-*"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > _UNFINISHED_KEPT_S:
                    left.unlink()
        for folder in self._generations.iterdir():
            if folder.name in {current.folder, current.previous}:
                continue
            with contextlib.suppress(OSError):
                age_s = time.time() - folder.stat().st_mtime
                if folder.name == done_with or age_s > _UNFINISHED_KEPT_S:
                    shutil.rmtree(folder)


def _read(path: Path, *, most_bytes: int) -> bytes:
    """Return the content of a plain file of at most that size.

    Raises:
        DamagedIndexError: It is something else, or longer. A pipe would never end, a device
            perhaps not either, and neither is anything that was written here.
    """
    # Stat before open: opening a pipe waits for somebody to write into it.
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise DamagedIndexError(f"{path.name} is not a file")
    if facts.st_size > most_bytes:
        raise DamagedIndexError(
            f"{path.name} has {facts.st_size} bytes, expected at most {most_bytes}"
        )
    return path.read_bytes()


def _write_through(path: Path, data: bytes) -> None:
    """Write and wait for the disk: a pointer must not survive a crash that its files did not."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder, and needs no flush for a rename to last.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
