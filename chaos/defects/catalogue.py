"""Finding the defects of a target: the tuple ``DEFECTS`` of the module that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec

from chaos.defects.defect import Defect, DefectError, Edit
from chaos.ports import Target
from chaos.processes.importing import load


def defects_of(
    targets: Iterable[type[Target]],
) -> list[tuple[Defect, tuple[type[Target], ...]]]:
    """Every defect of these targets, with those that have it: fronts of one service share theirs.

    Raises:
        DefectError: As `find_defects`; or two catalogues have different defects of one name.
    """
    found: dict[str, tuple[Defect, tuple[type[Target], ...]]] = {}
    for target in targets:
        for defect in find_defects(target):
            same, others = found.get(defect.name, (defect, ()))
            if same != defect:
                names = " and ".join(each.name for each in (*others, target))
                raise DefectError(
                    f"{names} have two defects named {defect.name!r}; expected a name of its own "
                    "for each; rename one"
                )
            found[defect.name] = defect, (*others, target)
    return list(found.values())


def find_defects(target: type[Target]) -> tuple[Defect, ...]:
    """Every defect that was written for a target; none if it names no module, and has none.

    Raises:
        DefectError: The module is there, but is not a catalogue; or one that was named is not.
    """
    package, _, _ = target.__module__.rpartition(".")
    # A module alone has nothing beside it but other modules of the path.
    module_name = target.defects or (f"{package}.defects" if package else "")
    if not module_name:
        return ()
    if target.defects is None and find_spec(module_name) is None:
        return ()
    module = load(module_name, told=f"the defects of {target.name}", error=DefectError)
    return checked(getattr(module, "DEFECTS", None), module_name)


def checked(found: object, place: str) -> tuple[Defect, ...]:
    """The catalogue ``found`` at ``place``, if it is one.

    Raises:
        DefectError: It is not a tuple of defects, or two have one name.
    """
    if not isinstance(found, tuple) or not all(isinstance(each, Defect) for each in found):
        raise DefectError(f"{place} has no DEFECTS; expected a tuple of chaos.defects.Defect")
    counted = Counter(defect.name for defect in found)
    if repeated := [name for name, times in counted.items() if times > 1]:
        raise DefectError(
            f"{place} has two defects named {', '.join(map(str, repeated))}; expected a name of "
            "its own for each; rename one"
        )
    for defect in found:
        if wrong := _wrong_with(defect):
            raise DefectError(f"{place}: the defect {defect.name!r} has {wrong}")
    return found


def _wrong_with(defect: Defect) -> str | None:
    """What is wrong with a defect, and what was expected; None if nothing is.

    Its fields are typed, but whoever writes a catalogue may not check types.
    """
    said: dict[str, object] = {key: getattr(defect, key) for key in ("name", "edits", "tags")}
    name, edits, tags = said["name"], said["edits"], said["tags"]
    if not isinstance(name, str) or not name.isprintable() or not name.strip():
        return "no name; expected a line of text, such as 'retry-after-ignored'"
    if not isinstance(edits, tuple) or not all(isinstance(each, Edit) for each in edits):
        return "edits that are none; expected a tuple of Rewrite, Constant and the like"
    if not edits:
        return "no edits; expected at least one, or nothing is planted"
    if not isinstance(tags, tuple) or not all(isinstance(each, str) for each in tags):
        return "tags that are none; expected a tuple of words"
    return None
