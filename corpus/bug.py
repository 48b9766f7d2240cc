"""What a folder of the corpus says: which bug, in which versions, and what has to catch it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[1]
BUGS = Path(__file__).parent / "bugs"

EXPECTATION = "expect "
"""How the name of an expectation begins, among what catches a bug; a law has its own name."""

_STYLES = ("sync", "async")
_REPORT = re.compile(r"[\w.-]+/[\w.-]+#[0-9]+")
_PIN = re.compile(r"[\w.\[\]-]+(==[^=]+)?")


class BugError(Exception):
    """A folder of the corpus cannot be used; the message says which, why, and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One bug, as its folder describes it.

    Attributes:
        name: The folder's.
        library: The distribution that had it.
        report: Where it was made public: ``owner/repository#number``.
        says: What goes wrong, in one sentence.
        kind: What the bug is about: ``Retry-After``, ``pool``, …
        style: Whether the service of ours awaits what it calls.
        caught_by: What must fail where the bug is: names of laws and guards, or ``expect`` and an
            observable.
        bug: The requirements with the bug.
        mended: The requirements without; empty if no release mends it.
        beside: What else both need.
        twin: The class of the target that stands for a mended version, where there is none.
        because: Why there is a twin.
    """

    name: str
    library: str
    report: str
    says: str
    kind: str
    style: Literal["sync", "async"]
    caught_by: tuple[str, ...]
    bug: tuple[str, ...]
    mended: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    twin: str = ""
    because: str = ""

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return BUGS / self.name

    @property
    def scenario(self) -> Path:
        """The file that is played."""
        (path,) = self.folder.glob("*.yaml")
        return path

    @property
    def url(self) -> str:
        """The public report; GitHub leads from an issue's address to a pull request."""
        repository, _, number = self.report.partition("#")
        return f"https://github.com/{repository}/issues/{number}"

    @property
    def with_bug(self) -> tuple[str, ...]:
        """Everything that the environment with the bug needs of its own."""
        return (*self.bug, *self.beside)

    @property
    def without_bug(self) -> tuple[str, ...]:
        """The same of the other one; a twin lives beside the bug."""
        return (*(self.mended or self.bug), *self.beside)


def bugs(names: tuple[str, ...] = ()) -> list[Bug]:
    """All bugs in order of name, or those that are named.

    Raises:
        BugError: A folder is not well formed, or there is no such bug.
    """
    known = sorted(path.parent.name for path in BUGS.glob("*/bug.toml"))
    for name in names:
        if name not in known:
            raise BugError(f"there is no bug {name!r}; expected one of: {', '.join(known)}")
    return [read_named(name) for name in names or known]


def read_named(name: str) -> Bug:
    """Read the bug whose folder has this name.

    Raises:
        BugError: It is not well formed.
    """
    return read(BUGS / name)


def read(folder: Path) -> Bug:
    """Read one folder.

    Raises:
        BugError: It is not well formed.
    """
    path = folder / "bug.toml"
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BugError(f"{path} is not TOML: {error}") from error
    wrong = _wrong(written) or _wrong_folder(folder)
    if wrong:
        raise BugError(f"{path}: {wrong}")
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in written.items()
    }
    return Bug(name=folder.name, **values)


def _wrong(written: Mapping[str, Any]) -> str:
    """What is wrong with the keys and values of a bug.toml; empty if nothing is."""
    return _wrong_keys(written) or _wrong_values(written) or _wrong_requirements(written)


def _wrong_keys(written: Mapping[str, Any]) -> str:
    known = {each.name for each in fields(Bug)} - {"name"}
    if unknown := sorted(written.keys() - known):
        return f"{unknown[0]!r} is no key of a bug; expected one of: {', '.join(sorted(known))}"
    needed = {"library", "report", "says", "kind", "style", "caught_by", "bug"}
    missing = sorted(needed - written.keys())
    return f"{missing[0]!r} is missing" if missing else ""


def _wrong_values(written: Mapping[str, Any]) -> str:
    if not _REPORT.fullmatch(written["report"]):
        return f"report is {written['report']!r}; expected owner/repository#number"
    if written["style"] not in _STYLES:
        return f"style is {written['style']!r}; expected one of: {', '.join(_STYLES)}"
    if not written["caught_by"]:
        return "caught_by is empty; expected what has to fail where the bug is"
    return ""


def _wrong_requirements(written: Mapping[str, Any]) -> str:
    pinned = (*written["bug"], *written.get("mended", ()))
    for each in (*pinned, *written.get("beside", ())):
        if not _PIN.fullmatch(each):
            return f"the requirement {each!r} cannot be read; expected name==version"
    if loose := [each for each in pinned if "==" not in each]:
        return f"the requirement {loose[0]!r} is not pinned; expected {loose[0]}==version"
    if bool(written.get("mended")) == bool(written.get("twin")):
        return "expected either 'mended', the requirements of a release, or 'twin', a class"
    if bool(written.get("twin")) != bool(written.get("because")):
        return "expected 'because' beside 'twin', and nowhere else: why no release will do"
    return ""


def _wrong_folder(folder: Path) -> str:
    scenarios = len(list(folder.glob("*.yaml")))
    if scenarios != 1:
        return f"there are {scenarios} scenarios beside it; expected one"
    if not (folder / "target.py").is_file():
        return "there is no target.py beside it"
    return ""
