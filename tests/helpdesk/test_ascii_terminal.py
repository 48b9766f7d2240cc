"""The ``helpdesk`` command where the terminal lacks letters."""

from __future__ import annotations

import io
import sys

import pytest

from helpdesk.cli import main


def test_terminal_without_the_letters_shows_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack trace would say less."""
    told = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", told)
    monkeypatch.setattr(sys, "argv", ["helpdesk", "settings"])

    with pytest.raises(SystemExit) as left:
        main()

    told.seek(0)
    assert not left.value.code
    assert r"Please contact \u2026" in told.read()
