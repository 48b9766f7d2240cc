"""What a target says of itself is checked before anything is played."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from chaos.errors import TargetError
from chaos.ports import (
    BreakerPolicy,
    CachePolicy,
    Promises,
    RetryBudget,
    RetryPolicy,
    Vocabulary,
)
from chaos.targets.sayings import check_modes, check_promises

UPSTREAMS = ("weather", "maps")


def retries(**more: Any) -> RetryPolicy:
    """Three attempts, with odd ones out."""
    usual = {"attempts": 3, "first_backoff_s": 1, "max_backoff_s": 4, "jitter_s": 0}
    return RetryPolicy(**{**usual, **more})


def breaker(**more: Any) -> BreakerPolicy:
    """Three failures, for a minute."""
    return BreakerPolicy(**{"failure_threshold": 3, "recovery_timeout_s": 60, **more})


def mistake(**promised: Any) -> str:
    """What is said of promises that are wrong."""
    with pytest.raises(TargetError) as caught:
        check_promises("target 'shop'", Promises(**promised), UPSTREAMS)
    return str(caught.value)


@pytest.mark.parametrize(
    "promised",
    [
        {},
        {"deadline_s": 30, "recovers_within_s": 0},
        {"retries": {"weather": retries(longest_pause_s=math.inf, shorter_by=1)}},
        {"retries": {"maps": retries(multiplier=1, never_retried=set())}},
        {"retries": {"maps": retries(budget=RetryBudget(share=0.2))}},
        {"breakers": {"weather": breaker(trial_lease_s=60.0)}},
        {"caches": {"weather": CachePolicy(fresh_for_s=0, retry_failed_after_max_s=60)}},
        {"requests_per_ask": {"weather": 0}},
    ],
)
def test_promises_that_can_be_kept_are_taken(promised: dict[str, Any]) -> None:
    """Whole numbers and broken ones, and no end of a pause."""
    check_promises("target 'shop'", Promises(**promised), UPSTREAMS)


def test_promise_of_another_upstream_is_refused() -> None:
    """Every run would keep it, and nobody would be told."""
    assert mistake(retries={"wether": retries()}) == (
        "target 'shop': promises() speaks of an upstream 'wether' in 'retries'; expected one of: "
        "maps, weather; did you mean 'weather'?"
    )
    assert "'breakers'" in mistake(breakers={"wether": breaker()})
    assert "'caches'" in mistake(caches={"wether": CachePolicy(fresh_for_s=1)})
    assert "'requests_per_ask'" in mistake(requests_per_ask={"wether": 3})


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        ({"deadline_s": "30s"}, "gives '30s' as deadline_s; expected seconds, a number;"),
        ({"deadline_s": 0}, "gives 0 as deadline_s; expected seconds, a number above 0;"),
        ({"deadline_s": math.nan}, "gives nan as deadline_s; expected seconds, a number;"),
        ({"deadline_s": True}, "gives True as deadline_s; expected seconds, a number;"),
        ({"deadline_s": timedelta(0)}, "gives a timedelta as deadline_s; expected seconds, a n"),
        ({"recovers_within_s": -1}, "as recovers_within_s; expected seconds, a number from 0;"),
        ({"retries": [retries()]}, "gives a list as 'retries'; expected a mapping of upstreams"),
        ({"retries": {"maps": breaker()}}, "as retries['maps']; expected a chaos.ports.RetryP"),
        ({"retries": {"maps": 3}}, "gives 3 as retries['maps']; expected a chaos.ports.Retry"),
        (
            {"retries": {"maps": retries(attempts=0)}},
            "gives 0 as retries['maps'].attempts; expected a whole number from 1;",
        ),
        (
            {"retries": {"maps": retries(attempts=2.5)}},
            "gives 2.5 as retries['maps'].attempts; expected a whole number from 1;",
        ),
        ({"retries": {"maps": retries(jitter_s=-1)}}, ".jitter_s; expected seconds, a number f"),
        ({"retries": {"maps": retries(jitter_s=None)}}, "gives None as retries['maps'].ji"),
        ({"retries": {"maps": retries(shorter_by=25)}}, "expected a share from 0 to 1;"),
        ({"retries": {"maps": retries(multiplier=0)}}, "expected a number above 0;"),
        ({"retries": {"maps": retries(never_retried="400")}}, "expected a set of statuses;"),
        ({"retries": {"maps": retries(never_retried={"400"})}}, "expected a set of statuses;"),
        ({"retries": {"maps": retries(never_retried=404)}}, "expected a set of statuses;"),
        ({"retries": {"maps": retries(budget=0.2)}}, "expected a chaos.ports.RetryBudget;"),
        (
            {"retries": {"maps": retries(budget=RetryBudget(share=-1))}},
            "gives -1 as retries['maps'].budget.share; expected a number from 0;",
        ),
        ({"breakers": {"maps": breaker(failure_threshold="3")}}, "a whole number from 1;"),
        ({"caches": {"maps": CachePolicy(fresh_for_s=-1)}}, ".fresh_for_s; expected seconds,"),
        ({"requests_per_ask": {"maps": 1.5}}, "as requests_per_ask['maps']; expected a whole"),
    ],
)
def test_promise_that_is_no_number_of_its_kind_is_refused(
    promised: dict[str, Any], said: str
) -> None:
    """With what it is, and what was expected."""
    assert said in mistake(**promised)


@pytest.mark.parametrize(
    ("modes", "said"),
    [
        ("told", "its modes are 'told'; expected a tuple of words"),
        ((1, 2), "its modes are (1, 2); expected a tuple of words"),
        (("told", ""), "expected a tuple of words"),
        ((), "has no modes; expected how it may answer"),
        (("told", "told", "error"), "has a mode twice: told, told, error; expected"),
    ],
)
def test_modes_that_are_no_words_are_refused(modes: Any, said: str) -> None:
    """A text would be taken for its letters."""
    words = Vocabulary(upstreams={}, observables={}, settings={}, modes=modes)

    with pytest.raises(TargetError, match="target 'shop'") as caught:
        check_modes("target 'shop'", words)
    assert said in str(caught.value)
