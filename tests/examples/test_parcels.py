"""A service the harness has never seen: explored with the same commands, its mistakes found."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import session
from chaos.compare.baseline import Baseline, conclude
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Bounds, Exploration
from chaos.processes.executor import Processes
from chaos.scenario.loader import LoadedScenario
from chaos.verdict import Outcome

pytestmark = pytest.mark.slow

SCENARIOS = Path(__file__).parents[2] / "examples/parcels/scenarios"


def three_parcels(target: str) -> LoadedScenario:
    """The workload, for one of the desks."""
    (loaded,) = session.load([SCENARIOS / "three-parcels.yaml"])
    scenario = loaded.scenario.model_copy(update={"target": f"examples.parcels.target:{target}"})
    return LoadedScenario(scenario=scenario, source=loaded.source)


def search(target: str, bounds: Bounds) -> tuple[Campaign, Exploration]:
    """Explore the workload."""
    campaign = Campaign(loaded=three_parcels(target), bounds=bounds)
    return campaign, campaign.search()


def test_parcels_pass_their_scenarios() -> None:
    """The sound desk does what it promises, in every interleaving too; the gate opens for it."""
    suite = session.run(session.load([SCENARIOS]))

    assert [result.outcome for result in suite.results] == [Outcome.PASSED] * 5
    assert (
        conclude(suite, Baseline.of(suite, Path()).compare(suite, [SCENARIOS])) is Outcome.PASSED
    )


def test_sound_desk_survives_every_fault() -> None:
    """Any fault of the menu, at any call: nobody is left without a receipt."""
    _, found = search("Parcels", Bounds(faults=1))

    assert not found.findings
    assert found.stopped == ""
    assert found.runs > 50


def test_trusting_carrier_is_found_and_written_down(tmp_path: Path) -> None:
    """One fault will do; the file has one step and one fault, and fails by itself."""
    campaign, found = search("TrustingParcels", Bounds(faults=1))
    finding = found.findings["every-ask-is-answered"]

    (file,) = campaign.write(found, tmp_path)

    (written,) = session.load([tmp_path])
    suite = session.run([written])
    assert len(finding.deviations) == 1
    assert file.fails
    assert written.scenario.name == "three-parcels-every-ask-is-answered"
    assert [type(step).__name__ for step in written.scenario.method] == ["InjectStep", "AskStep"]
    assert suite.outcome is Outcome.FAILED
    assert "every-ask-is-answered" in {problem.check for problem in suite.results[0].problems}


def test_written_finding_passes_once_the_service_is_mended(tmp_path: Path) -> None:
    """With the sound carrier, the same file passes: it fails for the mistake, not for itself."""
    campaign, found = search("TrustingParcels", Bounds(faults=1))
    list(campaign.write(found, tmp_path))
    (path,) = tmp_path.iterdir()

    path.write_text(path.read_text().replace("TrustingParcels", "Parcels"))

    assert session.run(session.load([path])).outcome is Outcome.PASSED


def test_hasty_desk_is_found_by_interleaving(tmp_path: Path) -> None:
    """Two parcels with one number: found, written with its choices, and repeated from them."""
    (loaded,) = session.load([SCENARIOS / "two-at-once.yaml"])
    update = {"target": "examples.parcels.target:HastyParcels"}
    hasty = LoadedScenario(
        scenario=loaded.scenario.model_copy(update=update), source=loaded.source
    )
    campaign = Campaign(loaded=hasty, bounds=Bounds(preemptions=1, stops_at_first=True))

    found = campaign.search()
    list(campaign.write(found, tmp_path))

    (path,) = tmp_path.iterdir()
    (written,) = session.load([path])
    assert "expect labels" in found.findings
    assert written.scenario.explore is not None
    assert written.scenario.explore.choices
    assert session.replay(written).outcome is Outcome.FAILED
    assert session.run([written]).outcome is Outcome.FAILED


def test_search_at_random_goes_beyond_the_bound_and_shrinks(tmp_path: Path) -> None:
    """However many faults a walk had, the file has the one that it takes."""
    loaded = three_parcels("TrustingParcels")
    seeded = loaded.scenario.model_copy(update={"seed": 2})
    campaign = Campaign(
        loaded=LoadedScenario(scenario=seeded, source=loaded.source),
        bounds=Bounds(runs=20, stops_at_first=True),
        at_random=True,
    )

    found = campaign.search()
    list(campaign.write(found, tmp_path))

    (written,) = session.load([tmp_path])
    assert max(len(finding.deviations) for finding in found.findings.values()) > 1
    assert [type(step).__name__ for step in written.scenario.method] == ["InjectStep", "AskStep"]


def test_search_is_the_same_however_many_play() -> None:
    """Runs, findings and what was saved do not depend on who has played."""
    alone, together = [
        Campaign(
            loaded=three_parcels("TrustingParcels"),
            bounds=Bounds(faults=1),
            executor=Processes(processes),
        ).search()
        for processes in (1, 2)
    ]

    assert together.findings == alone.findings
    assert (together.runs, together.saved) == (alone.runs, alone.saved)
    assert together.finished == alone.finished == (1, alone.runs - 1)
