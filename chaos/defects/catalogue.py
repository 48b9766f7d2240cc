"""Finding the defects of a target: the tuple ``DEFECTS`` of the module that it names."""

from __future__ import annotations

import importlib
from collections import Counter

from chaos.defects.defect import Defect, DefectError
from chaos.ports import Target


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
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise _unusable(module_name, error) from error
        if target.defects is None:
            return ()
        raise DefectError(
            f"the defects of {target.name} are in the module {module_name!r}, which cannot be "
            "imported from here; expected the folder that it is in; go there, or add it to "
            "PYTHONPATH"
        ) from error
    except (Exception, SystemExit) as error:
        # The module is somebody's own, and its mistakes are theirs to read, in one line.
        raise _unusable(module_name, error) from error
    return checked(getattr(module, "DEFECTS", None), module_name)


def _unusable(module_name: str, error: BaseException) -> DefectError:
    return DefectError(
        f"importing {module_name} failed: {type(error).__name__}: {error}; expected a module with "
        f"a tuple DEFECTS; try: python3 -c 'import {module_name}'"
    )


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
            f"{place} has two defects named {', '.join(repeated)}; expected a name of its own "
            "for each; rename one"
        )
    return found
