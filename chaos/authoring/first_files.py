"""The first files of a project that tests its service: target, scenario, workflow, settings.

What is written passes as it is, with a small client in the place of the service; comments say
what to replace by what is your own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import ChaosError
from chaos.scenario.schema import schema_text

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
_PATH = re.compile(r"/[\w./~-]*")

SCHEMA = Path("scenarios/scenario.schema.json")
BASELINE = Path("scenarios/baseline.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleProvider:
    """What the service relies on, by way of one request that it makes.

    Attributes:
        name: How scenarios call it.
        host: Where the service looks for it.
        path: What it asks for there.

    Raises:
        ChaosError: One of them cannot be that.

    Example:
        >>> SampleProvider(name="Weather", host="api.weather.test", path="/now")
        Traceback (most recent call last):
        chaos.errors.ChaosError: 'Weather' cannot name a provider; expected lower-case letters, \
digits and underscores; write for example --provider weather
    """

    name: str
    host: str
    path: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ChaosError(
                f"{self.name!r} cannot name a provider; expected lower-case letters, digits and "
                "underscores; write for example --provider weather"
            )
        if not _HOST.fullmatch(self.host):
            raise ChaosError(
                f"{self.host!r} is not a host; expected a name without scheme, port and path; "
                "write for example --host api.weather.test"
            )
        if not _PATH.fullmatch(self.path):
            raise ChaosError(
                f"{self.path!r} is not a path; expected it to begin with a slash and to have no "
                "query; write for example --path /v1/now"
            )


def files(provider: SampleProvider) -> dict[Path, str]:
    """What to write where, as seen from the project's folder."""
    return {
        Path("service_target.py"): _target(provider),
        Path("scenarios", f"{provider.name.replace('_', '-')}-down.yaml"): _scenario(provider),
        SCHEMA: schema_text(),
        Path(".github/workflows/chaos.yml"): _WORKFLOW,
        Path(".vscode/settings.json"): _editor(),
    }


def _target(provider: SampleProvider) -> str:
    return _TARGET.format(
        name=provider.name,
        host=provider.host,
        path=provider.path,
        pattern=re.escape(provider.path).replace(r"\-", "-"),
    )


def _scenario(provider: SampleProvider) -> str:
    return _SCENARIO.format(name=provider.name, title=provider.name.replace("_", "-"))


def _editor() -> str:
    settings = {"yaml.schemas": {f"./{SCHEMA.as_posix()}": "scenarios/**/*.yaml"}}
    return json.dumps(settings, indent=2) + "\n"


_TARGET = '''\
"""The service under test: what it relies on, how to build it, and how to ask it."""

import httpx

from chaos.ports import Answer, Promises, Target
from chaos.upstreams.simple import JsonUpstream


class Provider(JsonUpstream):
    """Stands in for the provider. List every request that your service makes."""

    name = "{name}"
    hosts = ("{host}",)
    routes = {{"get": ("GET", r"{pattern}", {{"text": "all is well"}})}}


class ServiceTarget(Target):
    """Replace the client in `build` and `ask` by your service; nothing else has to change."""

    name = "service"
    upstreams = (Provider,)
    modes = ("told", "fallback", "error")  # the first is how it answers while all is well

    @classmethod
    def promises(cls, settings):
        return Promises(deadline_s=20)  # the most that anybody may wait for an answer

    def build(self, world):
        self._client = httpx.Client(base_url="https://{host}", timeout=5)

    def ask(self, question):
        try:
            answer = self._client.get("{path}").raise_for_status()
        except httpx.HTTPError:
            return Answer(mode="fallback", text="please try again later")
        return Answer(mode="told", text=answer.json()["text"])
'''

_SCENARIO = """\
# yaml-language-server: $schema=scenario.schema.json
version: 1
name: {title}-down
hypothesis: While the provider is down there is a fallback, in time; then all is well again.
target: service_target:ServiceTarget

steady_state:
  - ask: Is all well?
    expect: {{answer.mode: told}}

method:
  - inject: {{id: outage, upstream: {name}, fault: http_error, status: 503}}
  - ask: Is all well?
    expect: {{answer.mode: fallback, answer.elapsed: {{at_most: 20s}}}}
  - heal: outage
  - ask: Is all well?
    expect: {{answer.mode: told}}
"""

_WORKFLOW = """\
# Plays every scenario and compares it with scenarios/baseline.json.
name: chaos

on:
  push:
    branches: [main]
  pull_request:

permissions:
  contents: read

jobs:
  gate:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2

      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with:
          python-version: "3.13"

      # Install your service here as well.
      - name: Install
        run: python -m pip install chaos-harness

      # The step summary and the annotations need no option: the gate finds them by itself.
      - name: Chaos gate
        run: chaos gate --junit chaos-report/junit.xml --html chaos-report/index.html

      # A shut gate is when the report matters most.
      - name: Keep the report
        if: ${{ !cancelled() }}
        uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        with:
          name: chaos-report
          path: chaos-report
          if-no-files-found: ignore
"""
