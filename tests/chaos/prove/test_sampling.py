"""Which mutants are drawn, and which scenarios are played first against each.

A sample is the same tomorrow, when scenarios reach more of the service.
"""

from __future__ import annotations

from chaos.prove.mutants.campaign import all_mutants, jobs_of, plan
from chaos.prove.mutants.sounding import Sounding
from chaos.scenario.loader import LoadedScenario, load_text
from chaos.targets import vocabulary_of
from chaos.verdict import Outcome

SERVICE = ("tests.chaos.prove.shop",)
EVERY = all_mutants(SERVICE)


def drawn(sample: int, *, seed: int = 1, share: float = 1.0) -> set[str]:
    """The ids of a sample, where scenarios reach this share of the statements."""
    statements = sorted({(each.module, each.statement) for each in EVERY})
    reached = frozenset(statements[: round(share * len(statements))])
    sounding = Sounding(
        scenario="one", outcome=Outcome.PASSED, events=1, cpu_s=0.0, reached=reached
    )
    planned = plan(EVERY, [sounding], SERVICE, sample=sample, seed=seed)
    return {mutant.id for mutant in planned.chosen}


def test_smaller_sample_is_a_part_of_the_larger() -> None:
    """So that what was played of one counts for the other."""
    assert drawn(5) < drawn(10)


def test_sample_is_another_with_another_seed() -> None:
    """Or it would be no sample."""
    assert drawn(10, seed=2) != drawn(10, seed=1)


def test_whoever_reaches_more_replaces_only_few() -> None:
    """A mutant that is no longer drawn has made room for one that nobody reached before."""
    before, after = drawn(10, share=0.6), drawn(10)

    assert after - before == after - drawn(len(EVERY), share=0.6)


def scenario(name: str, more: str = "") -> LoadedScenario:
    """One that asks once."""
    text = f"version: 1\nname: {name}\nhypothesis: It answers.\n{more}"
    return load_text(
        text + "target: helpdesk\nmethod: [{ask: Is the VPN down?}]\n", "a.yaml", vocabulary_of
    )


def test_search_of_interleavings_is_played_last() -> None:
    """Its one trace may be the shortest; it plays some hundred."""
    suite = [
        scenario("search", "explore: {preemptions: 1}\n"),
        scenario("long"),
        scenario("short"),
    ]
    reached = frozenset((each.module, each.statement) for each in EVERY)
    soundings = [
        Sounding(scenario=name, outcome=Outcome.PASSED, events=events, cpu_s=0.0, reached=reached)
        for name, events in (("search", 1), ("long", 9), ("short", 5))
    ]
    planned = plan(EVERY, soundings, SERVICE, sample=1, seed=1)

    (job,) = jobs_of(planned, suite, soundings)

    assert [each.scenario.name for each, _ in job.scenarios] == ["short", "long", "search"]
