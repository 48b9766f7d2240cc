"""Mutants: what is made, what is reached, what becomes of them."""

from __future__ import annotations

import ast
import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from chaos.errors import ChaosError
from chaos.processes.executor import Processes
from chaos.prove.gate import Fate
from chaos.prove.mutants.campaign import MutantCampaign, mutate
from chaos.prove.mutants.importing import imported_anew
from chaos.prove.mutants.operators import mutants_of, mutated
from chaos.prove.mutants.report import MutantReport, dump
from chaos.prove.patience import computed_s
from chaos.scenario.loader import LoadedScenario, load_text
from chaos.targets import vocabulary_of
from chaos.tiers.simulated.world import SimulatedTier

pytestmark = pytest.mark.slow

SERVICE = ("tests.chaos.prove.shop",)
TARGET = "tests.chaos.prove.shop_target:Shop"

CODE = '''\
def price(amount, rate=1):
    """What it costs."""
    logger.info("asked", amount)
    if not amount or amount < 3:
        return None
    try:
        total = amount * rate
    except KeyError:
        total = 0
    total += 1
    return total
'''


def changes(code: str) -> set[tuple[str, str, str]]:
    """Return operator, old and new code of every mutant."""
    return {(each.operator, each.was, each.becomes) for each in mutants_of(code, "m", "m.py")}


def test_every_operator_finds_its_places() -> None:
    """One of each kind, and nothing in what is said to people."""
    assert changes(CODE) == {
        ("constant", "1", "2"),
        ("boolean", "not amount or amount < 3", "not amount and amount < 3"),
        ("boolean", "not amount", "amount"),
        ("comparison", "amount < 3", "amount <= 3"),
        ("comparison", "amount < 3", "amount >= 3"),
        ("constant", "3", "4"),
        ("statement", "total = amount * rate", "pass"),
        ("arithmetic", "amount * rate", "amount / rate"),
        ("handler", "except KeyError", "no handler"),
        ("statement", "total = 0", "pass"),
        ("constant", "0", "1"),
        ("statement", "total += 1", "pass"),
        ("arithmetic", "total += 1", "total -= 1"),
        ("return", "return total", "return None"),
    }


def test_mutant_is_the_module_with_one_change() -> None:
    """Each can be compiled, and none is what it was."""
    sound = ast.unparse(ast.parse(CODE))
    made = mutants_of(CODE, "m", "m.py")
    texts = {mutant.id: ast.unparse(mutated(CODE, mutant)) for mutant in made}

    assert len(texts) == len(made), "an id stands for one mutant"
    assert sound not in texts.values()
    assert len(set(texts.values())) == len(texts)
    for text in texts.values():
        compile(text, "m.py", "exec")


def test_module_is_imported_with_its_change_and_forgotten() -> None:
    """What is known of the service before and after is the same object."""
    import tests.chaos.prove.shop as sound  # noqa: PLC0415 - it is looked at, not only used

    def changed(text: str) -> ast.Module:
        return ast.parse(text.replace("PRICE = 7", "PRICE = 8"))

    with imported_anew(SERVICE, {SERVICE[0]: changed}):
        import tests.chaos.prove.shop as other  # noqa: PLC0415 - imported anew

        assert (other.PRICE, sound.PRICE) == (8, 7)
    assert sys.modules[SERVICE[0]] is sound


def scenario(name: str, question: str, text: str) -> LoadedScenario:
    """Return a scenario in which one question is asked."""
    return load_text(
        f"""\
version: 1
name: {name}
hypothesis: The shop knows its prices.
target: {TARGET}
method:
  - ask: {question}
    expect: {{answer.text: "{text}"}}
""",
        f"{name}.yaml",
        vocabulary_of,
    )


@pytest.fixture(scope="module")
def campaign() -> MutantCampaign:
    """Return what became of every mutant of a service of a dozen lines."""
    suite = [scenario("one", "one", "7"), scenario("many", "many", "21")]
    return mutate(suite, SERVICE, sample=1000, seed=1, patience_s=1, executor=Processes(2))


def fates(campaign: MutantCampaign) -> dict[str, str]:
    """Return the fate of each mutant, by its change."""
    pairs = zip(campaign.plan.chosen, campaign.cases, strict=True)
    return {f"{mutant.was} -> {mutant.becomes}": case.fate.value for mutant, case in pairs}


def test_mutant_that_somebody_would_notice_is_killed(campaign: MutantCampaign) -> None:
    """Constants of the module, which an import runs, among them."""
    found = fates(campaign)

    assert found["7 -> 8"] == "killed"
    assert found["amount * PRICE -> amount / PRICE"] == "killed"
    assert found["amount == 1 -> amount != 1"] == "killed"


def test_mutant_that_computes_for_ever_is_killed(campaign: MutantCampaign) -> None:
    """It ends by its processor time, not by anybody's patience."""
    (case,) = [
        case
        for mutant, case in campaign.of(Fate.KILLED)
        if (mutant.was, mutant.operator) == ("left -= 1", "statement")
    ]

    assert case.plays[0].checks == ("ends",)


def test_mutant_that_nobody_looks_at_survives(campaign: MutantCampaign) -> None:
    """With its file, its line and its change; and the exit code says so."""
    assert fates(campaign)["_unseen = 5 -> pass"] == "survived"
    assert campaign.exit_code == 1
    text = shown(campaign)
    assert "SURVIVED tests/chaos/prove/shop.py:21: _unseen = 5 -> pass\n" in text
    assert "  chaos prove --mutant tests.chaos.prove.shop:21:5:statement:0\n" in text


def test_what_no_scenario_reaches_is_counted_and_not_played(campaign: MutantCampaign) -> None:
    """A function that nobody calls says nothing about the scenarios."""
    assert campaign.plan.unreached == {SERVICE[0]: 3}
    assert all("refund" not in each for each in fates(campaign))
    assert f"not reached:     3 in {SERVICE[0]}" in shown(campaign)


def test_campaign_is_told_as_json(campaign: MutantCampaign) -> None:
    """Without real times, so that it can be compared."""
    document = json.loads(dump(campaign))

    assert document["possible"] == len(document["mutants"]) + 3
    assert sum(document["counts"].values()) == len(document["mutants"])


def test_one_mutant_is_played_alone_and_through() -> None:
    """By its id, and against everything that reaches it."""
    (wanted,) = [
        each.id
        for each in mutants_of(
            Path("tests/chaos/prove/shop.py").read_text(encoding="utf-8"), SERVICE[0], "shop.py"
        )
        if each.was == "7"
    ]
    suite = [scenario("one", "one", "7"), scenario("many", "many", "21")]

    campaign = mutate(suite, SERVICE, sample=1, seed=1, only=wanted, executor=Processes(2))

    (case,) = campaign.cases
    assert [play.scenario for play in case.caught] == ["one", "many"]
    assert campaign.exit_code == 0


def test_unknown_mutant_is_one_clear_message() -> None:
    """Ids are those of the files as they are."""
    with pytest.raises(ChaosError, match="there is no mutant 'm:1:1:constant:0'; expected"):
        mutate([scenario("one", "one", "7")], SERVICE, sample=1, seed=1, only="m:1:1:constant:0")


def test_nothing_is_planted_in_a_service_that_does_not_pass() -> None:
    """A scenario that fails anyway kills every mutant."""
    campaign = mutate([scenario("one", "one", "8")], SERVICE, sample=9, seed=1)

    assert campaign.cases == ()
    assert campaign.exit_code == 1
    assert "1 scenarios do not pass without any mutant: one" in shown(campaign)


def shown(campaign: MutantCampaign) -> str:
    """Return what is told of it, without colours."""
    written = io.StringIO()
    report = MutantReport(Console(file=written, width=120), seed=1)
    report.on_plan(campaign.plan)
    report.on_end(campaign)
    return written.getvalue()


def test_processor_time_goes_on_in_the_world() -> None:
    """Else the time of many plays would count as that of one, and a survivor as a kill."""
    with SimulatedTier():
        before_s = computed_s()
        sum(range(3_000_000))

        assert computed_s() > before_s
