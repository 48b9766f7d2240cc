"""What became of defects and mutants as JSON and back: for proofs made on several machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chaos.defects.defect import Defect
from chaos.errors import ChaosError
from chaos.prove.gate import Case, Play
from chaos.prove.mutants.campaign import MutantCampaign, MutantPlan, all_mutants
from chaos.prove.proof import Proof
from chaos.scenario.loader import LoadedScenario
from chaos.verdict import Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SoundElsewhere:
    """A scenario and what it came to without any defect, on another machine."""

    name: str
    outcome: Outcome


def dump_proof(proof: Proof) -> dict[str, Any]:
    """A proof without its defects and scenarios, which are in the source."""
    return {
        "sound": [
            {
                "scenario": each.name,
                "outcome": each.outcome.value,
            }
            for each in proof.sound
        ],
        "cases": [dump_case(case) for case in proof.cases],
        "real_s": proof.real_s,
    }


def load_proof(
    parts: Sequence[Mapping[str, Any]],
    defects: Sequence[Defect],
    suite: Sequence[LoadedScenario],
    *,
    is_matrix: bool,
) -> Proof:
    """The proof of which these are the parts.

    Args:
        parts: What `dump_proof` has made of each.
        defects: All that were planted, in the order of the catalogue.
        suite: What they were played with.
        is_matrix: Whether every scenario was played against every defect.

    Raises:
        ChaosError: The parts do not agree about the sound service, or lack a defect.
    """
    sound = _agreed([part["sound"] for part in parts], "the sound service")
    outcomes = {each["scenario"]: Outcome(each["outcome"]) for each in sound}
    cases = {case.defect: case for part in parts for case in map(load_case, part["cases"])}
    lacking = [each.name for each in defects if each.name not in cases]
    if lacking and cases:
        raise ChaosError(
            f"no shard has played the defect {lacking[0]!r}; expected every defect in one of the "
            "shards; play the shards again"
        )
    return Proof(
        defects=tuple(defects),
        cases=tuple(cases[each.name] for each in defects) if cases else (),
        sound=tuple(
            SoundElsewhere(each.scenario.name, outcomes[each.scenario.name]) for each in suite
        ),
        is_matrix=is_matrix,
        real_s=sum(part["real_s"] for part in parts),
    )


def dump_campaign(campaign: MutantCampaign, whole: MutantPlan) -> dict[str, Any]:
    """What became of some of the mutants of a plan."""
    return {
        "plan": {
            "service": list(whole.service),
            "possible": whole.possible,
            "equivalent": whole.equivalent,
            "unreached": dict(sorted(whole.unreached.items())),
            "chosen": [mutant.id for mutant in whole.chosen],
        },
        "not_sound": list(campaign.not_sound),
        "cases": [dump_case(case) for case in campaign.cases],
        "real_s": campaign.real_s,
    }


def load_campaign(parts: Sequence[Mapping[str, Any]], service: Sequence[str]) -> MutantCampaign:
    """The campaign of which these are the parts.

    Args:
        parts: What `dump_campaign` has made of each.
        service: What the mutants are made of.

    Raises:
        ChaosError: The parts do not agree about what was to be played, or lack a mutant.
    """
    planned = _agreed([part["plan"] for part in parts], "which mutants are to be played")
    not_sound = _agreed([part["not_sound"] for part in parts], "the sound service")
    known = {mutant.id: mutant for mutant in all_mutants(service)}
    cases = {case.defect: case for part in parts for case in map(load_case, part["cases"])}
    lacking = [each for each in planned["chosen"] if each not in cases]
    if lacking and not not_sound:
        raise ChaosError(
            f"no shard has played the mutant {lacking[0]!r}; expected every mutant in one of the "
            "shards; play the shards again"
        )
    plan = MutantPlan(
        service=tuple(planned["service"]),
        possible=planned["possible"],
        equivalent=planned["equivalent"],
        unreached=planned["unreached"],
        chosen=tuple(known[each] for each in planned["chosen"]),
    )
    return MutantCampaign(
        plan=plan,
        cases=() if not_sound else tuple(cases[each.id] for each in plan.chosen),
        not_sound=tuple(not_sound),
        real_s=sum(part["real_s"] for part in parts),
    )


def dump_case(case: Case) -> dict[str, Any]:
    """A case with its plays."""
    return {
        "defect": case.defect,
        "error": case.error,
        "plays": [
            {
                "scenario": play.scenario,
                "outcome": play.outcome.value,
                "laws": list(play.laws),
                "checks": list(play.checks),
            }
            for play in case.plays
        ],
    }


def load_case(kept: Mapping[str, Any]) -> Case:
    """The case that `dump_case` was given.

    Example:
        >>> case = Case(defect="late", plays=(Play(scenario="a", outcome=Outcome.PASSED),))
        >>> load_case(dump_case(case)) == case
        True
    """
    return Case(
        defect=kept["defect"],
        error=kept["error"],
        plays=tuple(
            Play(
                scenario=play["scenario"],
                outcome=Outcome(play["outcome"]),
                laws=tuple(play["laws"]),
                checks=tuple(play["checks"]),
            )
            for play in kept["plays"]
        ),
    )


def _agreed(said: Sequence[T], about: str) -> T:
    """What all parts say.

    Raises:
        ChaosError: They differ, so that no machine alone would have come to this.
    """
    first = said[0]
    if any(each != first for each in said):
        raise ChaosError(
            f"the shards disagree about {about}, which each of them checked; expected the same on "
            "every machine; find out what differs with: chaos run --check-order"
        )
    return first
