"""Finding the defects of a target: the tuple ``DEFECTS`` of the module ``defects`` beside it."""

from __future__ import annotations

import importlib
from collections import Counter

from chaos.defects.defect import Defect, DefectError
from chaos.ports import Target


def find_defects(target: type[Target]) -> tuple[Defect, ...]:
    """Every defect that was written for a target; none if it has no such module.

    Raises:
        DefectError: The module is there, but is not a catalogue.
    """
    package, _, _ = target.__module__.rpartition(".")
    if not package:
        return ()  # A module alone has nothing beside it but other modules of the path.
    module_name = f"{package}.defects"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name == module_name:
            return ()
        raise _unusable(module_name, error) from error
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
