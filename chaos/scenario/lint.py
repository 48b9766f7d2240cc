"""What a scenario must make sense in, beyond the form of each part."""

from __future__ import annotations

from chaos.scenario import (
    lint_claims,
    lint_faults,
    lint_size,
    lint_steps,
    lint_vacuous,
    lint_words,
)
from chaos.scenario.draft import Draft
from chaos.scenario.model import Scenario
from chaos.scenario.problems import Problem
from chaos.scenario.source import Findings
from chaos.scenario.vocabulary import Vocabulary


def lint(draft: Draft, vocabulary: Vocabulary, findings: Findings) -> None:
    """Add to the findings what does not make sense together, or not for this target."""
    lint_words.check(draft, vocabulary, findings)
    lint_without_words(draft, findings)
    lint_claims.check(draft, vocabulary, findings)
    lint_vacuous.check(draft, vocabulary, findings)


def lint_without_words(draft: Draft, findings: Findings) -> None:
    """The part of it that is the same for every target."""
    lint_steps.check(draft, findings)
    lint_faults.check(draft, findings)
    lint_size.check(draft, findings)


def lint_scenario(scenario: Scenario, vocabulary: Vocabulary) -> list[Problem]:
    """What does not make sense in a scenario that was built in code.

    Example:
        >>> from chaos.ports import Vocabulary
        >>> from chaos.scenario.model import Ask, AskStep, RestartStep
        >>> smoke = Scenario(version=1, name="smoke", hypothesis="It answers.",
        ...     method=(AskStep(ask=Ask(question="Is the VPN down?")), RestartStep()))
        >>> target = Vocabulary(upstreams={}, observables={}, settings={})
        >>> print(*lint_scenario(smoke, target))
        the target cannot 'restart'; expected nothing; remove the step [unknown-action]
    """
    findings = Findings()
    lint(Draft.of(scenario), vocabulary, findings)
    return findings.problems
