"""A scenario served in this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.serve.serving import ServedScenario, serving
from chaos.targets import vocabulary_of
from tests.chaos.serve.outside import Outside

HEAD = """\
version: 1
name: served
hypothesis: The service survives.
target: tests.chaos.serve.outside:Outside
"""


@dataclass
class Playing:
    """A run that is under way."""

    served: ServedScenario
    told: list[str]
    results: list[RunResult] = field(default_factory=list)

    def url(self, upstream: str) -> str:
        """Where a stand-in listens."""
        return next(each.url for each in self.served.addresses if each.name == upstream)

    def post(
        self, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Steer the run; status and what the control says."""
        data = b"" if body is None else json.dumps(body).encode()
        method = "GET" if path == "/status" else "POST"
        asked = Request(self.served.control.url + path, data or None, headers or {}, method=method)
        try:
            with urlopen(asked, timeout=30) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextmanager
def playing(text: str) -> Iterator[Playing]:
    """Serve a scenario; inside, its first step waits. Its result is there when the block ends."""
    told: list[str] = []
    loaded = load_text(HEAD + text, "served.yaml", vocabulary_of)
    with serving(loaded, Outside, tell=told.append) as served:
        run = Playing(served, told)
        thread = threading.Thread(target=lambda: run.results.append(served.play()))
        thread.start()
        try:
            served.signals.rest(30)
            yield run
        finally:
            served.end()
            thread.join(30)
