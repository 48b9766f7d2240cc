"""Clocks that are not Python's: local time, SQLite's, and the network card's."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import time
import uuid

import pytest

from chaos.ports import Answer, Target
from chaos.runner.life import play
from chaos.scenario.loader import load_text
from chaos.testing import SimulatedWorld
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome


class LocalHour(Target):
    """Tells local time in all the ways there are."""

    modes = ("told", "error")

    def ask(self, question: str) -> Answer:
        """Hour, offset, and whether they agree."""
        now = dt.datetime.now()  # noqa: DTZ005 - local time is what is asked for
        agree = now.timestamp() == time.time() and now.hour == time.localtime().tm_hour
        return Answer(mode="told", text=f"{now:%H:%M} {time.strftime('%z')} {agree}")


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Berlin", "01:00 +0100 True"),
        ("America/New_York", "19:00 -0500 True"),
        ("Asia/Kolkata", "05:30 +0530 True"),
        ("UTC", "00:00 +0000 True"),
    ],
)
def test_a_scenario_takes_place_in_its_zone(zone: str, told: str) -> None:
    """Wherever it is played; and afterwards local time is what it was."""
    before = time.strftime("%z")
    text = (
        "version: 1\nname: it\nhypothesis: It is local time.\ntarget: it\n"
        f"given: {{timezone: {zone}}}\n"
        f"method:\n  - ask: when\n    expect: {{answer.text: '{told}'}}\n"
    )
    loaded = load_text(text, "it.yaml", lambda _: LocalHour.vocabulary())

    with SimulatedTier() as simulation:
        result = play(loaded, LocalHour, simulation, seed=1)

    assert result.outcome is Outcome.PASSED, result.problems
    assert time.strftime("%z") == before
    assert os.environ.get("TZ") != zone


SQL = {
    "datetime": "SELECT datetime('now')",
    "datetime, no argument": "SELECT datetime()",
    "in capitals": "SELECT DATETIME('NOW')",
    "strftime": "SELECT strftime('%Y-%m-%d %H:%M:%S', 'now')",
    "unixepoch": "SELECT datetime(unixepoch('now'), 'unixepoch')",
    "julianday": "SELECT datetime(julianday('now'))",
    "date and time": "SELECT date('now') || ' ' || time('now')",
    "CURRENT_TIMESTAMP": "SELECT CURRENT_TIMESTAMP",
    "CURRENT_DATE": "SELECT CURRENT_DATE || ' ' || CURRENT_TIME",
}


@pytest.mark.parametrize("query", SQL.values(), ids=SQL)
def test_sqlite_knows_virtual_time(query: str) -> None:
    """However it is asked."""
    with SimulatedWorld() as world:
        world.advance("90s")
        ((told,),) = world.users(1, lambda: sqlite3.connect(":memory:").execute(query).fetchone())[
            :1
        ]

    assert told == "2026-01-01 00:01:30"


def test_sqlite_reckons_as_ever() -> None:
    """Modifiers, other times and nothing at all mean what they mean."""

    def ask() -> tuple[object, ...]:
        row: tuple[object, ...] = (
            sqlite3.connect(":memory:")
            .execute(
                "SELECT datetime('now', '+1 day'), date('2020-02-28', '+1 day'), datetime(NULL), "
                "datetime('nonsense'), strftime('%s', 'now', '-10 seconds')"
            )
            .fetchone()
        )
        return row

    with SimulatedWorld() as world:
        (row,) = world.users(1, ask)

    assert row == ("2026-01-02 00:00:00", "2020-02-29", None, None, "1767225590")


def test_a_column_that_is_filled_in_has_virtual_time() -> None:
    """Defaults of a table are asked for in another place of SQLite, and are virtual, too."""

    def ask() -> str:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE t (a, at DEFAULT CURRENT_TIMESTAMP)")
        connection.execute("INSERT INTO t (a) VALUES (1)")
        ((at,),) = connection.execute("SELECT at FROM t").fetchall()
        return str(at)

    with SimulatedWorld() as world:
        assert world.users(1, ask) == ["2026-01-01 00:00:00"]


def test_outside_of_a_run_sqlite_has_the_real_time() -> None:
    """Connections outlive simulations, and are right afterwards."""
    with SimulatedWorld():
        connection = sqlite3.connect(":memory:")

    ((told,),) = connection.execute("SELECT unixepoch('now')")

    assert abs(told - time.time()) < 60


def test_ids_made_of_the_time_are_those_of_the_run() -> None:
    """The same in each run: neither the clock nor the network card of the machine is in them."""

    def made() -> list[uuid.UUID]:
        with SimulatedWorld() as world:
            return world.users(2, uuid.uuid1)

    first = made()

    assert first == made()
    assert first[0] != first[1]
