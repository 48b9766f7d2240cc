"""What can keep a scenario from passing, by the names that CI annotations use for it."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.checks.registry import LAWS
from chaos.extensions import remembered
from chaos.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of finding: its name, what it says in a sentence, and what to do about it."""

    id: str
    says: str
    help: str


EXPECTATION = Rule(
    id="expectation",
    says="What the scenario expects must be seen.",
    help="Compare expected with seen. Either the service no longer does what the scenario "
    "claims, or the claim is out of date.",
)
_OF_THE_RUN = (
    Rule(
        id="fault-never-fired",
        says="A fault must touch at least one call; otherwise the run proves nothing.",
        help="Check the fault's upstream, operation and window against the calls that were made.",
    ),
    Rule(
        id="no-deadlock",
        says="No two users of the service may wait for each other.",
        help="The message names who waits for which lock, and since when.",
    ),
    Rule(
        id="no-livelock",
        says="No task may continue forever.",
        help="The message names the task. Usually it retries without a limit.",
    ),
    Rule(
        id="simulation",
        says="The run must stay inside the simulation.",
        help=(
            "The service used something that the harness does not simulate; the message says what."
        ),
    ),
    Rule(
        id="target",
        says="The service under test must be built and run.",
        help="Building or driving the service raised the error in the message.",
    ),
)
REGRESSION = Rule(
    id="regression",
    says="No number may differ from the baseline, unless it is better.",
    help="Look for the cause with `chaos diff`. A change that is meant is recorded with "
    "`chaos gate --update`.",
)
NOT_IN_BASELINE = Rule(
    id="not-in-baseline",
    says="Every scenario must be in the baseline.",
    help="Record it with `chaos gate --update`, and commit the file.",
)
NOT_PLAYED = Rule(
    id="not-played",
    says="Every scenario of the baseline must be played.",
    help="Its file is gone or renamed. If that is meant, say so with `chaos gate --update`.",
)
_OF_A_LAW = (
    "Every run must obey this law, whatever its scenario is about. The events named as evidence "
    "broke it; a scenario may waive it with `waive:` and `because:`."
)


@remembered
def rules() -> tuple[Rule, ...]:
    """Every rule; the laws come last, in their own order."""
    laws = (Rule(id=law.name, says=law.doc, help=_OF_A_LAW) for law in LAWS)
    return (EXPECTATION, *_OF_THE_RUN, REGRESSION, NOT_IN_BASELINE, NOT_PLAYED, *laws)


def rule_of(verdict: Verdict) -> Rule:
    """The rule that a verdict speaks of.

    Example:
        >>> from chaos.verdict import Outcome
        >>> rule_of(Verdict(check="one-trial", outcome=Outcome.FAILED, reason="")).id
        'one-trial'
        >>> rule_of(Verdict(check="fault outage", outcome=Outcome.INCONCLUSIVE, reason="")).id
        'fault-never-fired'
    """
    by_id = {rule.id: rule for rule in rules()}
    if verdict.check.startswith("fault "):
        return by_id["fault-never-fired"]
    # Checks of expectations are named after where they stand: "method[1] calls.openai".
    return by_id.get(verdict.check, EXPECTATION)
