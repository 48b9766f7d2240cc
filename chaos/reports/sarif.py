"""Findings as SARIF 2.1.0: each annotates the line of the scenario that asked for it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from chaos import __version__
from chaos.reports.annotations import Annotation
from chaos.reports.report import Report
from chaos.reports.rules import Rule, rules
from chaos.verdict import Outcome

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Outcome.FAILED: "error", Outcome.INCONCLUSIVE: "warning"}


def render(report: Report) -> str:
    """One SARIF document, ended by a newline; without findings it has no results."""
    driver = {
        "name": "chaos",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each) for each in report.annotations],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.says},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": "error"},
    }


def _result(annotation: Annotation) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": annotation.path},
        "region": {"startLine": annotation.line},
    }
    return {
        "ruleId": annotation.rule.id,
        "ruleIndex": rules().index(annotation.rule),
        "level": _LEVELS[annotation.outcome],
        "message": {"text": annotation.message},
        "locations": [{"physicalLocation": place}],
        # Lines move; an annotation stays the same one as long as scenario and check do.
        "partialFingerprints": {"scenarioCheck/v1": _fingerprint(annotation)},
        "properties": {"scenario": annotation.scenario, "check": annotation.check},
    }


def _fingerprint(annotation: Annotation) -> str:
    known_by = f"{annotation.rule.id}\n{annotation.scenario}\n{annotation.check}"
    return hashlib.sha256(known_by.encode()).hexdigest()[:32]
