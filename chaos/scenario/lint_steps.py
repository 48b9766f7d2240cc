"""Steps that make no sense where they stand."""

from __future__ import annotations

from chaos.scenario.draft import Draft, Site
from chaos.scenario.model import AdvanceStep, AnyStep, AskStep, ExpectStep, LoadStep
from chaos.scenario.problems import quoted
from chaos.scenario.reasons import A_REASON, is_reason
from chaos.scenario.source import Findings
from chaos.units import format_duration

_LONGEST_ANSWER_S = 600.0
"""No service keeps a question open longer; what is later than this after the last step is over."""


def check(draft: Draft, findings: Findings) -> None:
    """Report steps that make no sense where they stand, and laws waived without a word."""
    for site in draft.steady:
        _check_steady(site, findings)
    for site in draft.steps:
        _check_ask(site, findings)
    if draft.is_whole:
        _check_at(draft, findings)
    _check_waive(draft, findings)


def _check_steady(site: Site, findings: Findings) -> None:
    if not isinstance(site.step, (AskStep, AdvanceStep, ExpectStep)):
        findings.add(
            site.path,
            "a step of the steady state changes the world",
            "ask, advance or expect",
            "move it to the method",
            "steady-state-step",
        )
    if site.step.at is not None:
        findings.add(
            (*site.path, "at"),
            "a step of the steady state has 'at'",
            "steps in order: the time of 'at' begins with the method",
            "remove it, or advance",
            "steady-state-step",
            at_key=True,
        )


def _check_ask(site: Site, findings: Findings) -> None:
    if isinstance(site.step, AskStep) and site.step.ask.every and site.step.ask.times == 1:
        findings.add(
            (*site.path, "ask", "every"),
            "'every' has no effect on a single question",
            "'times' above 1",
            "add 'times', or remove it",
            "useless-key",
            at_key=True,
        )


def _check_at(draft: Draft, findings: Findings) -> None:
    """Report injections and the like that begin when everything else is over."""
    end_s = sum(_longest_s(step) for _, step in draft.method if step.at is None)
    for _, step in draft.method:
        if isinstance(step, (AskStep, AdvanceStep)) and step.at is not None:
            end_s = max(end_s, step.at.total_seconds() + _longest_s(step))
        elif isinstance(step, LoadStep):
            begins_s = end_s if step.at is None else step.at.total_seconds()
            end_s = max(end_s, begins_s + step.load.for_.total_seconds() + _LONGEST_ANSWER_S)
    for path, step in draft.method:
        if step.at is None or isinstance(step, (AskStep, LoadStep, AdvanceStep)):
            continue
        if step.at.total_seconds() > end_s:
            begins, over = format_duration(step.at), format_duration(end_s)
            findings.add(
                (*path, "at"),
                f"the step begins at {begins}, but the run is over by {over}",
                "an offset within the run",
                "begin it earlier, or advance further",
                "after-the-end",
            )


def _longest_s(step: AnyStep) -> float:
    """The longest time that a step of the script can take, in seconds."""
    if isinstance(step, AdvanceStep):
        return step.advance.total_seconds()
    if isinstance(step, AskStep):
        every_s = step.ask.every.total_seconds() if step.ask.every else 0.0
        return step.ask.times * (every_s + _LONGEST_ANSWER_S)
    return _LONGEST_ANSWER_S


def _check_waive(draft: Draft, findings: Findings) -> None:
    if draft.waive and draft.because is None:
        findings.add(
            ("waive",),
            "laws are waived without a reason",
            "a 'because'",
            "add 'because: …', for readers to judge",
            "waive-without-because",
            at_key=True,
        )
    # What has no word in it at all was told before.
    says = isinstance(draft.because, str) and any(map(str.isalnum, draft.because))
    named = draft.waive if isinstance(draft.waive, tuple) else ()
    if draft.waive and says and not is_reason(str(draft.because), beside=map(str, named)):
        findings.add(
            ("because",),
            f"{quoted(draft.because)} is no reason",
            A_REASON,
            "write why the law may be broken, for example 'The outage outlasts the run.'",
            "no-reason",
        )
    for number, law in enumerate(named):
        if law in named[:number]:
            wrong, fix = f"law {quoted(law)} is waived twice", "remove one of them"
            findings.add(("waive", number), wrong, "each law once", fix, "waived-twice")
    if draft.because is not None and not draft.waive:
        findings.add(
            ("because",),
            "'because' explains nothing",
            "laws under 'waive'",
            "add 'waive: [law]', or remove it",
            "useless-key",
            at_key=True,
        )
