"""What results depend on: two machines that agree on it play the same."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import chaos
from chaos import inputs
from chaos.ports import Target

MadeOf = Mapping[str, Any]
"""``chaos`` with its version and a digest of its source; ``files`` and ``targets`` with a digest
each."""

_DIGITS = 16


def made_of(files: Iterable[str | Path], targets: Mapping[str, type[Target]]) -> MadeOf:
    """What is played: by which harness, from which files, against which code.

    Args:
        files: The scenario files.
        targets: Each target by the name that scenarios have for it.

    Raises:
        UnreadableError: A file is gone, or cannot be read.
    """
    return {
        "chaos": {
            "version": chaos.__version__,
            "digest": _digest_of(_modules("chaos")),
        },
        "files": {str(path): _digest_of([Path(path)]) for path in sorted(map(str, files))},
        "targets": {
            name: _digest_of(_sources(target)) for name, target in sorted(targets.items())
        },
    }


def differences(one: MadeOf, other: MadeOf) -> Iterator[str]:
    """What is not the same in both, each in a few words.

    Example:
        >>> sound = {"chaos": {}, "files": {"a.yaml": "1"}, "targets": {}}
        >>> list(differences(sound, {**sound, "files": {"a.yaml": "2"}}))
        ["the file 'a.yaml'"]
    """
    if one["chaos"] != other["chaos"]:
        versions = [each["chaos"]["version"] for each in (one, other)]
        told = " and ".join(dict.fromkeys(versions))
        yield f"chaos ({told}{'' if versions[0] != versions[1] else ', with other sources'})"
    for kind, word in (("files", "the file"), ("targets", "the code of target")):
        for name in sorted(one[kind].keys() | other[kind].keys()):
            if one[kind].get(name) != other[kind].get(name):
                yield f"{word} {inputs.shown(name)}"


def _sources(target: type[Target]) -> set[Path]:
    """The code of a target: the package that it is in, and what it says it is made of.

    A target that is a mere module may have its service in the next one, so all beside it count.
    """
    top = target.__module__.partition(".")[0]
    found = _modules(top)
    if found and not _is_package(top):
        found = {path for each in found for path in each.parent.glob("*.py")}
    return found.union(*map(_modules, target.service))


def _is_package(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None


def _modules(name: str) -> set[Path]:
    """The files of a package, or the one of a module."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return set()
    folders = map(Path, spec.submodule_search_locations or ())
    inside = {path for folder in folders for path in folder.rglob("*.py")}
    return inside or ({Path(spec.origin)} if spec.origin else set())


def _digest_of(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    # By their last names: where it is installed must not matter.
    for path in sorted(paths, key=lambda each: (each.name, str(each))):
        content = inputs.read_bytes(path)
        total.update(f"{path.name} {len(content)}\n".encode("utf-8", "surrogateescape"))
        total.update(content)
    return total.hexdigest()[:_DIGITS]
