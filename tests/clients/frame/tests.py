"""What is tested of every client."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.clients.frame import page
from tests.clients.frame.played import Played
from tests.clients.frame.row import Case, Client


class ClientTests:
    """The tests of one client; subclass it, and name the client."""

    client: ClassVar[Client]

    def test_world_gives_what_loopback_gives(self, case: Case, played: Played) -> None:
        """The same outcome, requests, connections and seconds; or a refusal in true words."""
        if case.row.refused is None:
            played.compare(case)
        else:
            played.refuse(case)

    def test_page_is_current(self, played: Played, request: pytest.FixtureRequest) -> None:
        """`docs/clients.md` says what was seen."""
        environment = request.path.parent.name
        text = page.section(self.client, played.seen, environment)

        if request.config.getoption("--write-page"):
            page.write(self.client.name, text)

        assert page.sections(page.PATH.read_text(encoding="utf-8"))[self.client.name] == text
