"""A target, a stand-in and a test, as strictly typed projects write them."""

from __future__ import annotations

from typing import ClassVar, assert_type

from chaos.ports import Answer, Promises, RetryPolicy, Target, Upstream, Vocabulary, World
from chaos.reports.formats import Format
from chaos.reports.report import Report
from chaos.testing import SimulatedWorld
from chaos.trace.trace import Trace
from chaos.upstreams.simple import JsonUpstream
from helpdesk.answers import Answer as HelpdeskAnswer
from helpdesk.desk import Helpdesk


class Echo(JsonUpstream):
    """A stand-in is a class with three attributes."""

    name = "echo"
    hosts = ("echo.test",)
    routes: ClassVar = {"say": ("GET", "/say", {"text": "hello"})}


class Brief(Target):
    """All that a target needs."""

    upstreams = (Echo,)
    modes = ("told", "error")

    async def ask(self, question: str) -> Answer:
        """Say it back."""
        return Answer(mode="told", text=question)


class Mine(Target):
    """A target that says all of it by itself, and is not asynchronous."""

    name = "mine"

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """Its words."""
        return Vocabulary(
            upstreams={"echo": Echo.operations},
            observables={},
            settings={},
            modes=("told", "error"),
        )

    @classmethod
    def make_upstreams(cls) -> tuple[Upstream, ...]:
        """Its providers."""
        return (Echo(),)

    def build(self, world: World) -> None:
        """Nothing to build."""

    def ask(self, question: str) -> Answer:
        """Say it back."""
        return Answer(mode="told", text=question)


def promises() -> Promises:
    """Durations are numbers of seconds."""
    policy = RetryPolicy(attempts=3, first_backoff_s=1, max_backoff_s=4, jitter_s=0)
    return Promises(deadline_s=20, retries={"echo": policy})


def tested(simulation: SimulatedWorld) -> None:
    """What the fixture gives, and what users of it get back."""
    simulation.serve(Echo())
    assert_type(simulation.inject(upstream="echo", fault="timeout"), str)
    assert_type(simulation.users(2, lambda: 1), list[int])
    assert_type(simulation.now_s, float)
    assert_type(simulation.trace, Trace)


def rendered(report: Report) -> str:
    """A format takes a report and gives text."""
    return "\n".join(run.name for run in report.runs)


NAMES = Format(name="names", ending=".txt", holds="the names of the scenarios", render=rendered)


def asked(desk: Helpdesk) -> None:
    """The service is typed as well."""
    assert_type(desk.ask("Is the VPN down?"), HelpdeskAnswer)
