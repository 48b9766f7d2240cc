"""The judges are judged: a law that is broken on purpose is found out by its witnesses.

Each defect changes one place of a law. With it in place, a witness that broke the law gets away,
or one that kept it is accused or not put to the test any more.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chaos.checks.laws.law import Law
from chaos.checks.record import RunRecord
from chaos.checks.registry import law_names
from chaos.simulation.world import Simulation
from chaos.verdict import Outcome
from tests.chaos.witnesses.hearing import WITNESSES, record_of


@dataclass(frozen=True)
class Planted:
    """A defect of a law.

    Attributes:
        law: Its name.
        module: The module below `chaos.checks.laws` that is changed.
        old: What stands there, once.
        new: What stands there instead.
    """

    law: str
    module: str
    old: str
    new: str


PLANTED = (
    Planted("every-ask-is-answered", "answers", 'answer.mode == "error"', "False"),
    Planted("every-ask-is-answered", "answers", "answer.at_s - ask.at_s", "answer.elapsed_s * 0"),
    Planted("every-ask-is-answered", "answers", "> deadline_s + TICK_S", ">= deadline_s - 60"),
    Planted("no-endless-wait", "waiting", "if response.unbounded]", "if False]"),
    Planted("no-endless-wait", "waiting", "if response.unbounded]", "]"),
    Planted("bounded-attempts", "retries", "attempts > policy.attempts", "attempts > 9"),
    Planted("bounded-attempts", "retries", "attempts > policy.attempts", "attempts >= 3"),
    Planted("bounded-attempts", "calls", "if before.failed is False or", "if True or"),
    Planted("bounded-amplification", "amplification", "len(requests) > most:", "False:"),
    Planted(
        "bounded-amplification", "amplification", "len(requests) > most:", "len(requests) >= most:"
    ),
    Planted("retry-budget-kept", "amplification", "len(within) > allowed", "len(within) > 99"),
    Planted("retry-budget-kept", "amplification", "budget.at_least + ", ""),
    Planted(
        "backoff-honoured", "retries", "if not least_s - TICK_S <= gap_s <=", "if not gap_s <="
    ),
    Planted(
        "backoff-honoured", "retries", "alike[upstream, least_s, most_s]", "alike[upstream, 0, 3]"
    ),
    Planted("backoff-honoured", "jitter", "times < FEWEST_TIES or chance >", "True or chance >"),
    Planted(
        "backoff-honoured", "jitter", "abs(share - place) > allowed", "abs(share - place) > 0"
    ),
    Planted("backoff-honoured", "calls", "backoff_s * policy.multiplier", "backoff_s"),
    Planted("pauses-kept", "pauses", "event.at_s >= pause.until_s - self._tick_s", "True"),
    Planted("pauses-kept", "pauses", "self.pauses += 1", "pass"),
    Planted(
        "pauses-kept", "pauses", "response.at_s + min(length_s, self._longest_s)", "response.at_s"
    ),
    Planted("no-doomed-retry", "retries", "in policy.never_retried and", "in () and"),
    Planted("no-doomed-retry", "retries", "said.retry_can_help is False", "False"),
    Planted(
        "no-doomed-retry", "retries", "doomed += _doomed(attempt, policy) is not None", "pass"
    ),
    Planted("at-most-once", "effects", "len(responses) > 1", "len(responses) > 2"),
    Planted("at-most-once", "effects", "len(responses) > 1", "len(responses) > 0"),
    Planted("at-most-once", "effects", "if deed.key and under_key in keys:", "if False:"),
    Planted("at-most-once", "effects", "if deed.key and under_key in keys:", "if deed.key:"),
    Planted("at-most-once", "effects", "if shared is not None:", "if False:"),
    Planted("at-most-once", "effects", "key=deed.key) != deed:", "key=deed.key) == deed:"),
    Planted(
        "no-call-while-open",
        "breakers",
        "if any(holder == owner(event)",
        "if True or any(holder == owner(event)",
    ),
    Planted("no-call-while-open", "breakers", "self._permits[permit] = event", "pass"),
    Planted("no-call-while-open", "seen_breakers", "self._opened = response", "pass"),
    Planted("no-call-while-open", "seen_breakers", "_failed_calls += 1", "_failed_calls += 2"),
    Planted("no-call-while-open", "seen_breakers", "and not calls_for", "and False"),
    Planted("one-trial", "seen_breakers", "seen.trials += 1", "return"),
    Planted("one-trial", "seen_breakers", "> self._policy.half_open_max_calls and", "> 9 and"),
    Planted("breaker-follows-the-model", "breaker_replay", "self.model = model", "pass"),
    Planted(
        "breaker-counts-what-happened", "permits", 'if event.outcome == "failure":', "if False:"
    ),
    Planted(
        "breaker-counts-what-happened", "permits", 'if event.outcome != "failure":', "if False:"
    ),
    Planted(
        "breaker-counts-what-happened", "permits", 'if event.outcome != "failure":', "if True:"
    ),
    Planted("permits-are-settled", "permits", "open_[event.permit] = event", "pass"),
    Planted(
        "permits-are-settled",
        "permits",
        "settled += open_.pop(event.permit, None) is not None",
        "settled += 1",
    ),
    Planted("one-trial", "breakers", "if len(together) <= most:", "if True:"),
    Planted("one-trial", "breakers", "if len(together) <= most:", "if len(together) < most:"),
    Planted("recovers", "recovery", "if ask.answer.mode != best:", "if False:"),
    Planted("recovers", "recovery", "if ask.answer.mode != best:", "if True:"),
    Planted("recovers", "asked", "ask.ask.ask not in kept", "True"),
    Planted("recovers", "repeated", "answer.mode not in of_trouble", "True"),
    Planted("cache-is-never-lost", "index", "not copy.is_same(served)", "True"),
    Planted("cache-is-never-lost", "index", "served is None or not", "served is not None and not"),
    Planted("no-torn-index", "index", "before.sha256 != known.sha256", "False"),
    Planted("no-torn-index", "index", "before.sha256 != known.sha256", "True"),
    Planted("no-torn-index", "index", "if _came_to_nothing(event):", "if False:"),
    Planted("no-torn-index", "index", "if _came_to_nothing(event):", "if True:"),
    Planted("stale-is-said", "staleness", "known_s > fresh_for_s + TICK_S", "False"),
    Planted("stale-is-said", "staleness", "answer.stale != (copy.state == STALE)", "False"),
    Planted("stale-is-said", "staleness", "elif age_s > fresh_for_s + TICK_S", "elif False"),
    Planted("stale-is-said", "staleness", "else is_copied", "else False"),
    Planted(
        "stale-is-said",
        "staleness",
        'self._failed = event.what == "failed"',
        "self._failed = False",
    ),
    Planted("recovers", "recovery", "in silent(run, after=calm.seq) if", "in () if"),
    Planted("no-fabricated-success", "answers", "text.strip() in answer.text for", "True for"),
    Planted(
        "no-fabricated-success",
        "answers",
        "text.strip() in answer.text for",
        'text.strip() == "x" for',
    ),
    Planted(
        "no-fabricated-success", "answers", "            if failed:\n", "            if False:\n"
    ),
    Planted("at-most-once", "another_attempt", "if is_lost(first) and", "if False and"),
    Planted("at-most-once", "another_attempt", "one.deed != other.deed", "one.deed == other.deed"),
    Planted("breaker-counts-what-happened", "kept_away", "if soon and", "if False and"),
    Planted(
        "breaker-counts-what-happened",
        "kept_away",
        "len(self.calls) <= policy.failure_threshold <= attempts",
        "len(self.calls) < policy.failure_threshold <= attempts",
    ),
    Planted(
        "breaker-counts-what-happened",
        "kept_away",
        "if opened.seq < ask.seq and",
        "if opened.seq > ask.seq and",
    ),
    Planted(
        "breaker-counts-what-happened",
        "kept_away",
        "not watch.shares_a_question(other)",
        "watch.shares_a_question(other)",
    ),
    Planted("no-error-is-lost", "mishaps", "if lost:", "if False:"),
    Planted("loop-is-never-blocked", "mishaps", "if blocked:", "if False:"),
    Planted("loop-is-never-blocked", "mishaps", "if not run.has_loops:", "if True:"),
)


@dataclass(frozen=True)
class Heard:
    """A witness's two runs."""

    law: str
    breaks: RunRecord
    keeps: RunRecord


@pytest.fixture(scope="module")
def runs(simulation: Simulation) -> list[Heard]:
    """What every witness did, played once."""
    return [
        Heard(
            each.law,
            record_of(simulation, each.breaks, each.method),
            record_of(simulation, each.keeps, each.method),
        )
        for each in WITNESSES
    ]


@contextmanager
def planted(defect: Planted) -> Iterator[type[Law]]:
    """The law with the defect in it; every module of laws is loaded anew for it."""
    package = "chaos.checks.laws"
    attributes = dict(vars(sys.modules[package]))
    mine = {name: kept for name, kept in sys.modules.items() if name.startswith(f"{package}.")}
    changed = mine[f"{package}.{defect.module}"]
    source = Path(str(changed.__file__)).read_text(encoding="utf-8")
    assert source.count(defect.old) == 1, "the place is there, and only once"
    for name in mine:
        if not name.endswith((".law", ".basis")):
            # Out of both places where an import looks.
            del sys.modules[name]
            delattr(sys.modules[package], name.rpartition(".")[2])
    module = types.ModuleType(changed.__name__)
    module.__file__ = changed.__file__
    sys.modules[changed.__name__] = module
    setattr(sys.modules[package], defect.module, module)
    try:
        exec(compile(source.replace(defect.old, defect.new), "planted", "exec"), vars(module))
        for name in mine:
            importlib.import_module(name)
        laws = [
            law
            for name in mine
            for law in vars(sys.modules[name]).values()
            if isinstance(law, type) and issubclass(law, Law) and law is not Law
        ]
        yield next(law for law in laws if law.name == defect.law)
    finally:
        sys.modules.update(mine)
        vars(sys.modules[package]).update(attributes)


def outcomes(law: type[Law], runs: list[Heard]) -> list[tuple[Outcome, Outcome]]:
    """What the law makes of each of its witnesses: of the run that breaks it, and of its twin."""
    return [
        (law().judge(each.breaks).outcome, law().judge(each.keeps).outcome)
        for each in runs
        if each.law == law.name
    ]


SOUND = (Outcome.FAILED, Outcome.PASSED)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    "defect", PLANTED, ids=[f"{each.law}: {each.old} -> {each.new}" for each in PLANTED]
)
def test_broken_law_is_found_out(defect: Planted, runs: list[Heard]) -> None:
    """A witness of the law is judged otherwise than by the sound one."""
    with planted(defect) as law:
        seen = outcomes(law, runs)

    assert any(each != SOUND for each in seen)


# Whichever test comes first makes the runs, in which threads die as they are meant to.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("defect", PLANTED[::7], ids=[each.law for each in PLANTED[::7]])
def test_law_that_is_only_loaded_anew_is_sound(defect: Planted, runs: list[Heard]) -> None:
    """It is the defect that is found out, not the way in which it was planted."""
    with planted(replace(defect, new=defect.old)) as law:
        seen = outcomes(law, runs)

    assert set(seen) == {SOUND}


def test_no_law_is_without_a_defect() -> None:
    """Each has been broken at least once."""
    assert {defect.law for defect in PLANTED} == set(law_names())
