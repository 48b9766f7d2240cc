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
