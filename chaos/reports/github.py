"""Findings as GitHub workflow commands: lines of output that annotate lines of files."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.reports.annotations import Annotation
from chaos.verdict import Outcome

_COMMANDS = {Outcome.FAILED: "error", Outcome.INCONCLUSIVE: "warning"}


def workflow_commands(annotations: Sequence[Annotation]) -> str:
    """One command per annotation, each on its line.

    They need no permission and no upload, unlike SARIF: pull requests from forks get them too.
    """
    return "".join(
        f"::{_COMMANDS[each.outcome]} file={_property(each.path)},line={each.line},"
        f"title={_property(f'{each.rule.id}: {each.check}')}::{_data(each.message)}\n"
        for each in annotations
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
