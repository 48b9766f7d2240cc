"""The file of a search that may be stopped: every run as it is played, and what it is a run of.

A line each, written as soon as the run is over, so that nothing is lost but the run that is being
played, whoever stops the search and however. Each line begins with a checksum of all up to it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from chaos import inputs
from chaos.errors import ChaosError
from chaos.explorer.campaign import Memory
from chaos.explorer.records import Key, Points
from chaos.explorer.subject import Run
from chaos.explorer.workers import Job
from chaos.simulation.timing import real

FORMAT = "chaos-search-1"
"""Changes when files of before can no longer be read."""


class JournalError(ChaosError):
    """A file is not of a search, or is of another one."""


class Journal:
    """Searches in a file: what was played of each, and what is being played now.

    Args:
        path: The file; it is made by the first run if it is not there.
        about: What the runs depend on: options and digests; JSON. A file about something else is
            refused.
        differences: Says how two of them differ, in words.

    Raises:
        JournalError: There is a file, and it is none of these searches.
        UnreadableError: It cannot be read.
    """

    def __init__(
        self,
        path: Path,
        about: Mapping[str, Any],
        differences: Callable[[Any, Any], Iterator[str]],
    ) -> None:
        self._path = path
        self._about = about
        self._points: dict[str, Points] = {}
        self._known: dict[str, dict[Key, Run]] = {}
        self._real_s: dict[str, float] = {}
        self._sum = self._length = 0
        if inputs.look(path) is inputs.PathState.FILE and path.stat().st_size:
            self._read(differences)

    @property
    def runs(self) -> int:
        """Runs in it, of all searches."""
        return sum(map(len, self._known.values()))

    @contextmanager
    def search(self, name: str) -> Iterator[Memory]:
        """What is known of a search; runs that are played in the block are added."""
        points = self._points.setdefault(name, Points())
        known = self._known.setdefault(name, {})
        earlier_s = self._real_s.setdefault(name, 0.0)
        began_s = real.monotonic() - earlier_s
        with self._path.open("ab") as file:
            file.truncate(self._length)
            if not self._length:
                self._add(file, {"format": FORMAT, "about": self._about})

            def on_played(job: Job, run: Run) -> None:
                spent_s = round(real.monotonic() - began_s, 3)
                self._add(file, [name, spent_s, points.dump(job, run)])

            yield Memory(runs=dict(known), on_played=on_played, real_s=earlier_s, is_earlier=True)

    def _add(self, file: BinaryIO, value: object) -> None:
        text = json.dumps(value, separators=(",", ":")).encode("ascii")
        self._sum = zlib.crc32(text, self._sum)
        # Unbuffered as far as this process goes: whoever is killed leaves all that was played.
        file.write(b"%08x %s\n" % (self._sum, text))
        file.flush()

    def _read(self, differences: Callable[[Any, Any], Iterator[str]]) -> None:
        for number, line in enumerate(inputs.read_lines(self._path), start=1):
            if not line.endswith(b"\n"):
                break  # It was being written when the search was killed.
            self._length += len(line)
            value = self._checked(line[:-1], number)
            if number == 1:
                self._check_about(value, differences)
                continue
            try:
                name, spent_s, kept = value
                key, run = self._points.setdefault(name, Points()).load(kept)
            except (TypeError, ValueError, IndexError) as error:
                raise self._none(f"line {number} is not a run: {error}") from None
            self._known.setdefault(name, {})[key] = run
            self._real_s[name] = spent_s
        if not self._length:
            raise self._none("it has no complete line")

    def _checked(self, line: bytes, number: int) -> Any:  # noqa: ANN401 - JSON is anything
        said, _, text = line.partition(b" ")
        self._sum = zlib.crc32(text, self._sum)
        if said != b"%08x" % self._sum:
            if number == 1:
                raise self._none("its first line has no checksum")
            raise JournalError(
                f"{inputs.shown(self._path)} is damaged in line {number}: its checksum does not "
                "match; expected the file as --resume wrote it; restore it, or start again with "
                "another file"
            )
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._none(f"line {number}: {error}") from None

    def _check_about(
        self, first: object, differences: Callable[[Any, Any], Iterator[str]]
    ) -> None:
        if not isinstance(first, dict) or first.get("format") != FORMAT:
            raise self._none("its first line says something else")
        differs = ", ".join(differences(first["about"], self._about))
        if differs:
            raise JournalError(
                f"{inputs.shown(self._path)} belongs to another search: {differs}; expected the "
                "same scenarios, options and code; repeat that search, or start again with "
                "another file"
            )

    def _none(self, why: str) -> JournalError:
        return JournalError(
            f"{inputs.shown(self._path)} is not the file of a search: {why}; expected a file that "
            "chaos explore --resume wrote; name that file, or a new one"
        )
