"""Which files are scenarios, and which were passed over and why: one rule for every command.

`chaos run` and pytest both ask here. Whatever might be taken for a scenario and is not played is
told, because a suite from which something has silently dropped out is green for a wrong reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos import inputs
from chaos.errors import ChaosError
from chaos.scenario.problems import Location, Problem, nearest
from chaos.scenario.signs import Sign, sign_of

ENDINGS = frozenset({".yaml", ".yml"})

APART = frozenset({"incident", "interleaved"})
"""Tags of scenarios that take seconds of our time: hours of outage, hundreds of schedules."""

_MOST_BYTES = 256 * 1024
"""Enough to tell a scenario by its lines; more is none."""

_PLAIN = frozenset({"", ".txt", ".json"})
"""Other endings that a scenario may have got by mistake, beside those with 'yaml' in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A file that is not played, though it may have been meant to be.

    Attributes:
        path: As it was found.
        why: Half a sentence that follows the path.
        problem: Set if that is a mistake of whoever keeps the folder, rather than a choice.
    """

    path: str
    why: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """What was found below some paths.

    Attributes:
        files: The scenarios, in order of path; each once, however often it was named.
        passed_over: What else was met, in order of path.
    """

    files: tuple[Path, ...] = ()
    passed_over: tuple[PassedOver, ...] = field(default=())


def collect(paths: Sequence[Path]) -> Collection:
    """The scenario files at ``paths``: files as given, folders with all that is below them.

    Hidden folders are left out, links to folders are not followed, and files of other tools are
    left alone; all of that is told.

    Raises:
        ChaosError: A path does not exist, leads nowhere, or there is no scenario below it.
    """
    found: dict[Path, Path] = {}
    passed: dict[str, PassedOver] = {}
    for path in paths:
        match inputs.look(path):
            case inputs.PathState.FOLDER:
                inside: dict[Path, Path] = {}
                over = []
                for each in below(path):
                    if isinstance(each, PassedOver):
                        over.append(each)
                    else:
                        inside[inputs.resolved(each)] = each
                if not inside:
                    raise ChaosError(_none_in(path, over))
                found = inside | found
                passed |= {each.path: each for each in over}
            case inputs.PathState.FILE:
                found.setdefault(inputs.resolved(path), path)
            case inputs.PathState.NOTHING:
                raise ChaosError(_missing(path))
    taken = {str(path) for path in found.values()}
    return Collection(
        tuple(sorted(found.values())),
        tuple(sorted((each for each in passed.values() if each.path not in taken), key=_by_path)),
    )


def below(folder: Path) -> Iterator[Path | PassedOver]:
    """What is below a folder: the path of each scenario, and whatever was passed over."""
    for parent, folders, files in os.walk(folder):
        for name in sorted(folders):
            path = Path(parent, name)
            if (why := why_not_entered(path)) is None:
                continue
            folders.remove(name)
            yield from passed_over_in(path, why)
        folders.sort()
        for name in sorted(files):
            if (met := meet(Path(parent, name))) is not None:
                yield met


def meet(path: Path) -> Path | PassedOver | None:
    """What a file of a folder is: a scenario, one that was passed over, or nothing of ours."""
    if path.name.startswith("."):
        return _if_meant(path, "its name begins with a dot")
    if path.suffix not in ENDINGS:
        looks_alike = any(word in path.name.casefold() for word in ("yaml", "yml"))
        is_near = looks_alike or path.suffix in _PLAIN
        return _if_meant(path, "its name does not end in .yaml or .yml") if is_near else None
    try:
        sign = _sign(path)
    except inputs.UnreadableError as error:
        return _mistake(path, f"the file cannot be read: {error.why}", error.fix, "unreadable")
    if sign is Sign.SCENARIO:
        return path
    if sign is Sign.ANOTHER:
        why = "it has the keys of another tool, and no hypothesis"
        return PassedOver(path=str(path), why=why)
    what = "the file is empty" if _is_empty(path) else "the file has no keys"
    return _mistake(path, what, "remove it, or write one with `chaos new`", "empty-file")


def why_not_entered(folder: Path) -> str | None:
    """Why nothing in a folder is played; None if it is searched as others are."""
    if folder.name.startswith("."):
        return "its folder is hidden"
    return "its folder is a link" if folder.is_symlink() else None


def passed_over_in(folder: Path, why: str) -> Iterator[PassedOver]:
    """The scenarios in a folder that is not entered; of a link, what lies directly in it."""
    try:
        # Not further: a link may lead to the folder that it is in.
        inside = list(folder.iterdir()) if folder.is_symlink() else None
    except OSError:
        yield PassedOver(path=str(folder), why="it is a broken link")
        return
    if inside is None:
        inside = [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]
    for file in sorted(inside):
        if file.suffix in ENDINGS and (met := _if_meant(file, why)) is not None:
            yield met


def is_apart(tags: Iterable[str], path: Path, *, named: Iterable[Path], words: str) -> str | None:
    """The tag for which a scenario is only played when asked for; None if it is to be played.

    One with a tag of `APART` has to be asked for: by its file, by the folder it lies in, by its
    whole name or by that tag. A suite that is run after every change is not held up by it.

    Args:
        tags: The scenario's own.
        path: Its file, called as it is.
        named: The paths that were asked for.
        words: The expressions that were asked for.

    Example:
        >>> day = Path("scenarios/incidents/that-day.yaml")
        >>> is_apart(["incident"], day, named=[Path("scenarios")], words="")
        'incident'
        >>> is_apart(["incident"], day, named=[Path("scenarios/incidents")], words="")
        >>> is_apart(["incident"], day, named=[Path("scenarios")], words="that-day or incident")
    """
    apart = sorted(APART.intersection(tags))
    if not apart or any(word in words for word in (*apart, path.stem)):
        return None
    file = inputs.resolved(path)
    is_named = any(inputs.resolved(each) in {file, file.parent} for each in named)
    return None if is_named else apart[0]


def apart(path: Path | str, tag: str) -> PassedOver:
    """A scenario that was not asked for."""
    return PassedOver(path=str(path), why=f"tagged {tag!r}, which is played only by name")


def in_words(passed_over: Iterable[PassedOver], most: int = 5) -> list[str]:
    """A line for each reason, with the files it holds for, or the folder that they are all in.

    Example:
        >>> in_words([PassedOver(path=f"{n}.yaml", why="it is one") for n in "abc"], most=2)
        ['not played: 3 files (it is one): a.yaml, b.yaml and 1 more']
        >>> in_words([PassedOver(path=f"old/{n}.yaml", why="it is one") for n in "abc"], most=2)
        ['not played: 3 files of old (it is one)']
    """
    by_reason: dict[str, list[str]] = {}
    for each in passed_over:
        by_reason.setdefault(each.why, []).append(each.path)
    lines = []
    for why, paths in by_reason.items():
        folders = {str(Path(path).parent) for path in paths}
        if len(paths) == 1:
            lines.append(f"not played: {paths[0]}: {why}")
        elif len(paths) > most and len(folders) == 1 and folders != {"."}:
            lines.append(f"not played: {len(paths)} files of {folders.pop()} ({why})")
        else:
            more = f" and {len(paths) - most} more" if len(paths) > most else ""
            named = ", ".join(paths[:most])
            lines.append(f"not played: {len(paths)} files ({why}): {named}{more}")
    return lines


def _sign(path: Path) -> Sign:
    raw = inputs.read_bytes(path, most_bytes=_MOST_BYTES)
    return sign_of(raw.decode("utf-8-sig", "replace"))


def _is_empty(path: Path) -> bool:
    return not inputs.read_bytes(path, most_bytes=_MOST_BYTES).strip()


def _if_meant(path: Path, why: str) -> PassedOver | None:
    """It, if it looks like a scenario; of other files there is nothing to say."""
    try:
        is_meant = _sign(path) is Sign.SCENARIO
    except inputs.UnreadableError:
        is_meant = False
    return PassedOver(path=str(path), why=why) if is_meant else None


def _mistake(path: Path, wrong: str, fix: str, code: str) -> PassedOver:
    problem = Problem(
        location=Location(str(path)), wrong=wrong, expected="a scenario file", fix=fix, code=code
    )
    return PassedOver(path=str(path), why=wrong, problem=problem)


def _by_path(each: PassedOver) -> str:
    return each.path


def _none_in(folder: Path, passed_over: Sequence[PassedOver]) -> str:
    problems = [str(each.problem) for each in passed_over if each.problem is not None]
    if problems:
        return "\n".join(problems)
    said = f"no scenario in {str(folder)!r}; expected files ending in .yaml or .yml; "
    return "\n".join((said + "write one with `chaos new`", *in_words(passed_over)))


def _missing(path: Path) -> str:
    beside = path.parent if path.parent.is_dir() else Path()
    close = nearest(path.name, sorted(entry.name for entry in beside.iterdir()))
    fix = f"did you mean {str(beside / close)!r}?" if close else "check the path"
    return (
        f"{inputs.shown(path)} does not exist; expected a scenario file or a folder of them; {fix}"
    )
