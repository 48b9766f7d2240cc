"""The library of incidents: what each header says, and that the file below it agrees."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from chaos.errors import ChaosError
from chaos.incidents.catalogue import FOLDER, Incident, choose, read_catalogue, read_incident
from chaos.scenario.loader import load_file
from chaos.scenario.model import InjectStep, LoadStep
from chaos.targets import vocabulary_of

ROOT = Path(__file__).parents[3]
LIBRARY = read_catalogue(ROOT / FOLDER)
HEADER = """\
# incident: Somebody, something
# date: 2024-01-02
# lasted: 1h30m
# shape: a cliff
# source: Report, with a comma, https://status.example/1
# facts:
#   - It was
#     down.
#   - Then it was not.
# assumed:
#   - The status is 503.
version: 1
# date: 1999-01-01
"""


def write(folder: Path, text: str) -> Path:
    """A file with this header."""
    path = folder / "somebody-2024-01-02.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_header_is_read_whole(tmp_path: Path) -> None:
    """Each entry, lines that are continued, and nothing from below the header."""
    incident = read_incident(write(tmp_path, HEADER))

    assert (incident.name, incident.title) == ("somebody-2024-01-02", "Somebody, something")
    assert (incident.date, incident.lasted) == (date(2024, 1, 2), timedelta(minutes=90))
    (source,) = incident.sources
    assert (source.title, source.address) == ("Report, with a comma", "https://status.example/1")
    assert incident.facts == ("It was down.", "Then it was not.")
    assert incident.assumed == ("The status is 503.",)


@pytest.mark.parametrize(
    ("replaced", "by", "told"),
    [
        pytest.param("# date: 2024-01-02\n", "", "no date", id="no date"),
        pytest.param("2024-01-02", "2 January", "expected '# date", id="date in words"),
        pytest.param("1h30m", "90", "no unit", id="duration without a unit"),
        pytest.param(", https://status.example/1", "", "no address", id="source without address"),
    ],
)
def test_mistaken_header_is_told(tmp_path: Path, replaced: str, by: str, told: str) -> None:
    """The message names the file and what is wrong with it."""
    path = write(tmp_path, HEADER.replace(replaced, by))

    with pytest.raises(ChaosError, match=told) as caught:
        read_incident(path)

    assert str(path) in str(caught.value)


def test_unknown_name_is_told_with_the_nearest() -> None:
    """Who mistypes one is offered what was meant."""
    with pytest.raises(ChaosError, match="did you mean 'openai-2024-12-11'"):
        choose(LIBRARY, ["openai-2024-12-12"])


def test_library_holds_a_dozen_shapes() -> None:
    """At least twelve incidents, in order of their dates, no two of one shape."""
    assert len(LIBRARY) >= 12
    assert [each.date for each in LIBRARY] == sorted(each.date for each in LIBRARY)
    assert len({each.shape for each in LIBRARY}) == len(LIBRARY)


@pytest.mark.parametrize("incident", LIBRARY, ids=lambda incident: incident.name)
def test_file_agrees_with_its_header(incident: Incident) -> None:
    """Its faults last as long as the header says, under load from before them to after them."""
    scenario = load_file(incident.path, vocabulary_of).scenario
    faults = [step for step in scenario.method if isinstance(step, InjectStep)]
    (load,) = (step.load for step in scenario.method if isinstance(step, LoadStep))

    begins = min(step.at or timedelta(0) for step in faults)
    ends = max((step.at or timedelta(0)) + step.inject.for_ for step in faults if step.inject.for_)

    assert incident.name.endswith(incident.date.isoformat())
    assert scenario.tags[0] == "incident"
    assert all(step.inject.for_ for step in faults)
    # A cold start is deployed in the middle of it.
    late = timedelta(minutes=53) if "cold-start" in scenario.tags else timedelta(0)
    assert ends - begins == incident.lasted - late
    assert load.for_ >= ends + timedelta(minutes=10)
    assert {each.key for each in scenario.expect} >= {"answers", "slowest_answer"}
