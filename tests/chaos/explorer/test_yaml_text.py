"""What is written can be read, and means the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.explorer.yaml_text import plain, scenario_text
from chaos.scenario.faults import HttpErrorFault
from chaos.scenario.loader import load_text
from chaos.scenario.suite import find
from chaos.targets import vocabulary_of

ROOT = Path(__file__).parents[3] / "scenarios"
SCENARIOS = find([ROOT / name for name in ("breaker", "combined", "explored", "index", "retry")])


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_scenario_survives_being_written(path: Path) -> None:
    """Every scenario there is: loaded, written, loaded again, and equal but for its lines."""
    text = path.read_text(encoding="utf-8")
    loaded = load_text(text, "before.yaml", vocabulary_of).scenario

    written = scenario_text(loaded, "A comment\nof two lines")

    again = load_text(written, "after.yaml", vocabulary_of).scenario
    assert scenario_text(again) == scenario_text(loaded)
    assert again.given == loaded.given
    assert [type(step) for step in again.method] == [type(step) for step in loaded.method]
    assert _without_places(again.model_dump()) == _without_places(loaded.model_dump())


def test_fault_is_written_as_people_write_it() -> None:
    """Of whom and which it is before how it acts; then for how long, and for which calls."""
    fault = HttpErrorFault.model_validate(
        {"calls": 2, "for": "20s", "status": 503, "fault": "http_error", "upstream": "openai"}
    )

    assert list(plain(fault)) == ["upstream", "fault", "status", "for", "calls"]


def _without_places(value: object) -> object:
    if isinstance(value, dict):
        places = {"location", "path", "expect"}
        return {key: _without_places(each) for key, each in value.items() if key not in places}
    if isinstance(value, (list, tuple)):
        return [_without_places(each) for each in value]
    return " ".join(value.split()) if isinstance(value, str) else value
