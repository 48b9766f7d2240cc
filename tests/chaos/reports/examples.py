"""A suite written by hand: one scenario that passed, one that failed, one that proved nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from chaos.checks.registry import LAWS
from chaos.runner.result import RunResult
from chaos.runner.suite import SuiteResult
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import AdvanceStep, Scenario
from chaos.scenario.source import Source
from chaos.trace.events import StepEvent, WaitEvent
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict
from tests.chaos.checks.story import Story

YAML = """\
version: 1
name: outage
hypothesis: Nobody waits & nobody <sees> an error.
method:
  - inject: {id: outage, upstream: openai, fault: http_error, status: 503}
  - ask: Is the VPN down?
    expect: {calls.openai: 2}
"""
EXPECT_LINE = 7


class Tale(Story):
    """A story with waits in it, and with steps that know their lines."""

    def waits(self, seconds: float) -> Self:
        """The service sleeps before it calls OpenAI again."""
        self._record(WaitEvent, seconds=seconds, upstream="openai")
        return self.at(self.now_s + seconds)

    def begins(self, path: str, line: int) -> Self:
        """A step begins."""
        self._record(StepEvent, path=path, what="ask", phase="begin", line=line)
        return self


def outage() -> Trace:
    """Two attempts fail, the breaker opens, the user is served from the knowledge base."""
    story = Tale().by("script").fault("injected")
    story.begins("method[1]", 6).asks(1).served().granted(1)
    for wait_s in (2.5, 2.5):
        story.call(503, faults=("outage",)).waits(wait_s)
    story.call(503).settled(1, "failure", 1).turns("closed", "open")
    story.answer("fallback", elapsed_s=5.0, reason="server_error", stale=True)
    story.by("script").fault("healed").at(65.0).turns("open", "half_open").asks(2)
    return story.says("Use the portal.").answer().trace


def calm() -> Trace:
    """One question, one call, one answer, and no time at all."""
    return Story().asks(1).served().says("Use the portal.").answer().trace


def laws(broken: str | None = None, evidence: tuple[int, ...] = ()) -> tuple[Verdict, ...]:
    """A verdict for each law: all kept, but for one."""
    return tuple(
        Verdict(check=law.name, outcome=Outcome.PASSED, reason="kept")
        if law.name != broken
        else Verdict(
            check=law.name,
            outcome=Outcome.FAILED,
            reason="a call while open",
            expected="none",
            seen="1 call",
            evidence=evidence,
        )
        for law in LAWS
    )


def result(
    name: str, trace: Trace, *verdicts: Verdict, laws: tuple[Verdict, ...] = laws()
) -> RunResult:
    """A finished run of a scenario in a folder of its own."""
    scenario = Scenario(
        version=1,
        name=name,
        hypothesis="Nobody waits & nobody <sees> an error.",
        tags=("breaker",),
        method=(AdvanceStep(advance=timedelta(seconds=1)),),
    )
    source = Source(path=f"scenarios/breaker/{name}.yaml", lines=tuple(YAML.split("\n")))
    return RunResult.of(
        LoadedScenario(scenario=scenario, source=source),
        tier="simulated",
        seed=7,
        trace=trace,
        verdicts=verdicts,
        laws=laws,
        promised=frozenset(law.name for law in LAWS),
        virtual_s=trace[-1].at_s,
        real_s=0.0125,
        best_mode="llm",
    )


def verdict(outcome: Outcome, check: str = "method[1] calls.openai") -> Verdict:
    """What an expectation came to, with a text that markup could take for its own."""
    return Verdict(
        check=check,
        outcome=outcome,
        reason="calls.openai is not 2 | a <b>, `c`",
        expected="2",
        seen="3",
        line=EXPECT_LINE,
        evidence=(13,),
    )


def suite(*results: RunResult) -> SuiteResult:
    """These results, played in no time."""
    return SuiteResult(results=results, real_s=0.0375)


def mixed() -> SuiteResult:
    """One of each verdict; the failed one also broke a law."""
    return suite(
        result("calm", calm(), verdict(Outcome.PASSED)),
        result(
            "outage", outage(), verdict(Outcome.FAILED), laws=laws("no-call-while-open", (13,))
        ),
        result("idle", calm(), verdict(Outcome.INCONCLUSIVE, check="fault late")),
    )


def runs() -> tuple[RunResult, ...]:
    """The runs of `mixed`."""
    return mixed().results
