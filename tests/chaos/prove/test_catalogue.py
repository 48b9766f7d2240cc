"""The catalogue of the helpdesk's defects: long, well described, and it fits the service."""

from __future__ import annotations

import ast
import pkgutil
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import helpdesk
from chaos import session
from chaos.defects.catalogue import checked, defects_of, find_defects
from chaos.defects.defect import Defect, DefectError
from chaos.defects.edits import Constant, Rewrite
from chaos.defects.places import find, scope_of
from chaos.defects.rewriting import read_diff
from chaos.targets import find_target
from defects import DEFECTS as BEHIND_THE_DOOR
from defects import front_door
from defects.wrong_default import WrongDefault
from helpdesk.settings import Settings
from tests.chaos.toy import Toy

SCENARIOS = Path(__file__).parents[3] / "scenarios"
DEFECTS = (*BEHIND_THE_DOOR, *front_door.DEFECTS)


def test_catalogue_has_at_least_sixty_defects_of_at_least_thirty_hazards() -> None:
    """What the gate is measured with is no handful."""
    hazards = {defect.hazard for defect in DEFECTS} - {None}

    assert len(DEFECTS) >= 60
    assert len(hazards) >= 30
    assert hazards <= set(range(1, 69))


def test_catalogue_is_found_beside_its_target() -> None:
    """Names are unique there, or it would not be one; a target may also have none."""
    door = find_target("chaos.targets.helpdesk.front_door:FrontDoorTarget")

    assert find_defects(find_target("helpdesk")) == BEHIND_THE_DOOR
    assert find_defects(door) == front_door.DEFECTS
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)
    assert find_defects(Toy) == ()


def test_catalogue_that_a_target_names_has_to_be_there() -> None:
    """From another folder it is not: a proof without defects would prove nothing."""

    class Elsewhere(Toy):
        defects = "no_such_defects"

    with pytest.raises(
        DefectError, match=r"no module named 'no_such_defects'; .*go to the folder"
    ):
        find_defects(Elsewhere)


@pytest.mark.parametrize("found", [None, [], ("x",)], ids=["missing", "list", "other things"])
def test_catalogue_that_is_none_is_an_error(found: object) -> None:
    """A module named defects without a tuple of them is a mistake."""
    with pytest.raises(DefectError, match="has no DEFECTS"):
        checked(found, "here")


def test_catalogue_with_two_of_one_name_is_an_error() -> None:
    """A report could not tell them apart."""
    twin = Defect(name="twin", doc="", edits=())

    with pytest.raises(DefectError, match="two defects named twin"):
        checked((twin, twin), "here")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"edits": ()}, "no edits", id="no edits"),
        pytest.param({"edits": ("x = 1",)}, "edits that are none", id="a text for an edit"),
        pytest.param({"edits": None}, "edits that are none", id="nothing for edits"),
        pytest.param({"name": 5}, "no name", id="a number for a name"),
        pytest.param({"name": "a\nb"}, "no name", id="a name of two lines"),
        pytest.param({"tags": "retry"}, "tags that are none", id="a word for tags"),
    ],
)
def test_catalogue_with_a_defect_that_is_none_is_an_error(
    wrong: dict[str, Any], said: str
) -> None:
    """Whoever writes a catalogue need not check types; the proof would trip over them later."""
    sound = Defect(name="sound", doc="", edits=(Constant("string:digits", "012"),))

    with pytest.raises(DefectError, match=said):
        checked((replace(sound, **wrong),), "here")


def test_catalogue_may_not_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit code 0 it would end a proof that looks well."""
    (tmp_path / "ends_it.py").write_text("import os\nos._exit(0)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    target = type("Mine", (Toy,), {"defects": "ends_it"})

    with pytest.raises(DefectError, match=r"importing ends_it ended the process: .*os\._exit"):
        find_defects(target)


def test_fronts_of_one_service_share_their_defects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two targets may notice; but two defects of one name are told from each other."""
    text = (
        "from chaos.defects.defect import Defect\nfrom chaos.defects.edits import Constant\n"
        "DEFECTS = (Defect(name='wrong', doc='', edits=(Constant('string:digits', '{}'),)),)\n"
    )
    for number in (1, 2):
        (tmp_path / f"wrong_{number}.py").write_text(text.format(number))
    monkeypatch.syspath_prepend(str(tmp_path))
    one, same, other = (
        type(f"Mine{place}", (Toy,), {"defects": f"wrong_{number}"})
        for place, number in enumerate((1, 1, 2))
    )

    ((defect, targets),) = defects_of([one, same])

    assert (defect.name, targets) == ("wrong", (one, same))
    with pytest.raises(DefectError, match="two defects named 'wrong'"):
        defects_of([one, other])


def test_tags_are_those_of_scenarios() -> None:
    """A misspelt tag would not put the scenario that notices first."""
    everything = session.load([SCENARIOS], "interleaved or not incident")
    used = {tag for each in everything for tag in each.scenario.tags}

    assert {tag for defect in DEFECTS for tag in defect.tags} <= used


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.name for defect in DEFECTS])
def test_defect_changes_the_service_and_leaves_no_trace(defect: Defect) -> None:
    """Each fits the service as it is now, makes it another one, and is gone afterwards."""
    before = dict(_everything())

    with defect.planted():
        during = dict(_everything())
    after = dict(_everything())

    changed = {name for name, value in before.items() if during.get(name) != value}
    assert len(changed) >= len(defect.edits), "an edit that changes nothing"
    assert all(after[name] is value for name, value in before.items())
    assert defect.doc


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.name for defect in DEFECTS])
def test_defect_fits_a_service_whose_private_names_are_others(defect: Defect) -> None:
    """Who renames what is nobody else's business breaks no proof."""
    for edit in defect.edits:
        if not isinstance(edit, Rewrite):
            continue
        module_name, _, path = edit.where.partition(":")
        source = Path(import_module(module_name).__file__ or "").read_text(encoding="utf-8")
        renamed = re.sub(r"\b_(?!_)(\w+)", r"_\1_of_old", source).splitlines(keepends=True)
        tree = ast.parse("".join(renamed))
        scope = scope_of(tree, [*filter(None, path.split("."))], len(renamed))
        assert scope is not None, f"{edit.where} is private, or gone"

        places = find(renamed, scope, read_diff(edit.diff), edit.where)

        for place in sorted(places, key=lambda each: -each.at):
            if place.becomes is not None:
                renamed[place.at : place.at + place.size] = place.becomes
        names = set(re.findall(r"\b_(?!_)\w+", "".join(renamed)))
        assert {name for name in names if not name.endswith("_of_old")} == set()
        compile("".join(renamed), module_name, "exec")


def test_wrong_default_gives_way_to_what_a_scenario_sets() -> None:
    """Only the default is wrong; a value that is set is kept."""
    with WrongDefault("openai.retry.attempts", "4").applied():
        settings = Settings.load({})

        assert settings.openai.retry.attempts == 4
        assert settings.replaced({"openai.retry.attempts": 2}).openai.retry.attempts == 2


@pytest.mark.parametrize(
    ("key", "becomes"), [("openai.retry.attempt", "4"), ("openai.retry.attempts", "3")]
)
def test_wrong_default_that_does_not_fit_is_an_error(key: str, becomes: str) -> None:
    """A setting that is not there, or is so already, is no defect."""
    with pytest.raises(DefectError), WrongDefault(key, becomes).applied():
        pytest.fail("a default that does not fit was applied")


def _everything() -> Iterator[tuple[str, object]]:
    """Every value in the service's modules and classes, and the code of every function."""
    for info in pkgutil.walk_packages(helpdesk.__path__, "helpdesk."):
        if not info.name.endswith("__main__"):
            import_module(info.name)
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] == "helpdesk":
            yield from _members(module, name)


def _members(owner: ModuleType | type, path: str) -> Iterator[tuple[str, object]]:
    for name, value in list(vars(owner).items()):
        function = getattr(value, "__func__", getattr(value, "fget", value))
        if isinstance(function, FunctionType):
            # By its own name: who has imported it has the same.
            yield f"{function.__module__}:{function.__qualname__}", function.__code__
        elif name.startswith("__"):
            continue
        elif isinstance(value, type) and value.__module__ == path:
            yield from _members(value, f"{path}.{name}")
        else:
            yield f"{path}.{name}", value
