"""Findings as SARIF 2.1.0: each annotates the line of the scenario that asked for it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from chaos import __version__
from chaos.reports.findings import Finding
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
        "results": [_result(finding) for finding in report.findings],
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


def _result(finding: Finding) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": finding.path},
        "region": {"startLine": finding.line},
    }
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": rules().index(finding.rule),
        "level": _LEVELS[finding.outcome],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
        # Lines move; a finding stays the same one as long as scenario and check do.
        "partialFingerprints": {"scenarioCheck/v1": _fingerprint(finding)},
        "properties": {"scenario": finding.scenario, "check": finding.check},
    }


def _fingerprint(finding: Finding) -> str:
    known_by = f"{finding.rule.id}\n{finding.scenario}\n{finding.check}"
    return hashlib.sha256(known_by.encode()).hexdigest()[:32]
