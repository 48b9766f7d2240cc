"""A project that adds to the harness, and what is in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chaos import extensions, session
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario

SERVICE = """
import httpx
from chaos.ports import Answer, Target
from chaos.upstreams.simple import JsonUpstream


class _Provider(JsonUpstream):
    name = "weather"
    hosts = ("weather.test",)
    routes = {"get": ("GET", "/now", {"text": "sunny", "more": "x" * 40})}


class Weather(Target):
    upstreams = (_Provider,)
    modes = ("told", "guessed", "error")

    def build(self, world):
        self._client = httpx.Client(base_url="https://weather.test", timeout=5)

    def ask(self, question):
        try:
            answer = self._client.get("/now").raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            return Answer(mode="guessed", text="rain")
        return Answer(mode="told", text=answer.get("text", "nothing"))
"""

FAULT = '''
from typing import Literal

from pydantic import Field

from chaos.faults.behaviour import AlteringFault
from chaos.http import json_response
from chaos.scenario.faults import Fault


class BrownoutFault(Fault):
    """The provider sheds load: its answers leave a key out."""

    needs_http = True
    menu = ({"without": "text"},)

    fault: Literal["brownout"]
    without: str = Field(min_length=2, description="The key.", examples=["text"])
    share: float = Field(default=1.0, ge=0, le=1, description="How much.", examples=[0.5])


class Brownout(AlteringFault[BrownoutFault]):
    model = BrownoutFault

    def alter(self, response):
        said = response.json()
        if self.fault.without not in said:
            return response
        del said[self.fault.without]
        return json_response(response.status, said)
'''

LAW = """
from chaos.checks.laws.basis import ANSWERS
from chaos.checks.laws.law import Law
from chaos.trace.events import AnswerEvent


class SomethingIsSaid(Law):
    name = "something-is-said"
    doc = "No answer says nothing."
    rests_on = ANSWERS

    def judge(self, run):
        answers = run.trace.of(AnswerEvent)
        empty = [each for each in answers if each.text == "nothing"]
        if empty:
            return self.broken("an answer says nothing", expected="a word", seen="none",
                               evidence=empty)
        if not answers:
            return self.not_exercised("nobody was answered")
        return self.passed("every answer says something")
"""

OBSERVABLE = """
from chaos.checks.observable import Kind, Measured, TraceObservable
from chaos.trace.events import ResponseEvent


class Refusals(TraceObservable):
    name = "refusals"
    kind = Kind.COUNT
    doc = "responses that were errors"

    def measure(self, window):
        refused = [each for each in window.events()
                   if isinstance(each, ResponseEvent) and (each.status or 0) >= 400]
        return Measured(values=(len(refused),), evidence=tuple(each.seq for each in refused))
"""


@dataclass(frozen=True)
class Project:
    """A folder with a service, and whatever a test adds to it."""

    folder: Path

    def add(self, **modules: str) -> None:
        """Write modules, and name them as plug-ins, in this order."""
        for name, text in modules.items():
            (self.folder / f"{name}.py").write_text(text, encoding="utf-8")
        self.settings(f"plugins = {list(modules)!r}")

    def settings(self, text: str) -> None:
        """Write what the project says of chaos."""
        (self.folder / "pyproject.toml").write_text(f"[tool.chaos]\n{text}\n", encoding="utf-8")
        self.forget()

    def forget(self) -> None:
        """Let modules be imported anew."""
        extensions.forget()
        for name, module in [*sys.modules.items()]:
            if str(getattr(module, "__file__", "")).startswith(str(self.folder)):
                del sys.modules[name]

    def scenario(self, *lines: str, rest: str = "") -> Path:
        """Write a scenario with these steps."""
        path = self.folder / "one.yaml"
        head = "version: 1\nname: one\nhypothesis: It holds.\ntarget: service:Weather\nmethod:\n"
        path.write_text(
            head + "".join(f"  {line}\n" for line in lines) + f"{rest}\n", encoding="utf-8"
        )
        return path

    def load(self, *lines: str, rest: str = "") -> LoadedScenario:
        """Load a scenario with these steps."""
        (loaded,) = session.load([self.scenario(*lines, rest=rest)])
        return loaded

    def play(self, *lines: str, rest: str = "") -> RunResult:
        """Play a scenario with these steps."""
        (result,) = session.run([self.load(*lines, rest=rest)], is_alone=True).results
        return result


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with a service, in which chaos runs."""
    (tmp_path / "service.py").write_text(SERVICE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made = Project(tmp_path)
    made.forget()
    yield made
    made.forget()
