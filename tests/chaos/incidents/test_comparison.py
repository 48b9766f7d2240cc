"""One incident, several services: what is left out for whom, and what is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos import session
from chaos.errors import ChaosError
from chaos.incidents.comparison import Pair, aimed_at, compare, grouped
from chaos.incidents.measures import Row

SHORT = """\
version: 1
name: short
hypothesis: Nobody is left without an answer.
target: helpdesk
tags: [incident]
given:
  index_cache: {age: 2h}
  settings: {index.fresh_for: 24h, openai.retry.attempts: 2}
steady_state:
  - ask: Is the VPN down?
    expect: {answer.mode: llm}
method:
  - load: {ask: Is the VPN down?, users: 2, every: 30s, spread: 30s, for: 5m}
  - at: 55s
    inject: {upstream: openai, fault: http_error, status: 503, for: 2m}
  - at: 90s
    publish_index: {}
  - at: 2m
    inject: {upstream: gcs, fault: http_error, status: 503, operation: objects.media, for: 55s}
  - at: 2m30s
    refresh_index: true
  - expect: {openai.breaker.state: closed}
expect:
  answers: {error: 0}
"""
TOY = "tests.chaos.toy:Toy"


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """An incident of two minutes."""
    path = tmp_path / "short.yaml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def test_other_service_is_spared_what_it_does_not_know(short: Path) -> None:
    """Settings and actions without a word for them are left out, and so is every claim."""
    (loaded,) = session.load([short])

    aimed = aimed_at(loaded, "chaos.targets.strategies:NoRetry").scenario

    assert aimed.given.settings == {"index.fresh_for": "24h"}
    assert [type(step).__name__ for step in aimed.method] == [
        "LoadStep",
        "InjectStep",
        "InjectStep",
    ]
    assert (aimed.steady_state, aimed.expect) == ((), ())
    assert aimed.seed == loaded.scenario.seed_or_default


def test_incident_that_does_not_concern_a_service_is_refused(short: Path) -> None:
    """The message says which providers the service uses."""
    (loaded,) = session.load([short])

    with pytest.raises(ChaosError, match="uses weather"):
        aimed_at(loaded, TOY)


def test_rows_count_what_happened_while_it_lasted(short: Path) -> None:
    """Questions asked between the first fault and the last heal, and only the calls of then."""
    (row,) = compare([Pair("short", short, "no-retry")], jobs=1)

    assert (row.asks, row.best, row.error) == (8, 0, 8)
    assert (row.calls, row.amplification) == (8, 1.0)
    assert row.opened_after_s is None
    assert row.outcome == ""


def test_claims_are_those_of_its_own_service(short: Path) -> None:
    """The helpdesk is judged by the file; it has a mode that the others have not."""
    (row,) = compare([Pair("short", short, "helpdesk")], jobs=1)

    assert row.outcome in {"passed", "failed", "inconclusive"}
    assert (row.error, row.best + row.fallback) == (0, row.asks)
    assert row.fallback > 0


@pytest.mark.slow
def test_processes_make_no_difference(short: Path) -> None:
    """The same rows in the same order, whether played here or in two processes."""
    wanted = [Pair("short", short, target) for target in ("retry-with-breaker", "no-retry")]

    here, there = (
        [replace(row, real_s=0.0) for row in compare(wanted, jobs=jobs)] for jobs in (1, 2)
    )

    assert here == there
    assert [row.target for row in there] == ["retry-with-breaker", "no-retry"]


def test_unknown_service_is_told_before_anything_runs(short: Path) -> None:
    """As everywhere else."""
    with pytest.raises(ChaosError, match="unknown target 'helpdsk'"):
        compare([Pair("short", short, "helpdsk")], jobs=1)


def test_rows_are_grouped_by_incident() -> None:
    """In the order in which the incidents come first."""
    blank = dict.fromkeys(Row.__dataclass_fields__, 0)
    rows = [Row(**{**blank, "incident": name}) for name in ("b", "a", "b")]  # type: ignore[arg-type] # zeros will do

    assert [(name, len(group)) for name, group in grouped(rows)] == [("b", 2), ("a", 1)]
