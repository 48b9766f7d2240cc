"""Laws of the cached index."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.checks.laws.index import CacheIsNeverLost, NoTornIndex
from chaos.checks.laws.staleness import StaleIsSaid
from chaos.ports import CachePolicy, Promises
from chaos.trace.events import Scalar
from chaos.verdict import Outcome, Verdict
from tests.chaos.checks.story import Story, broken, passed, untested

DAY_S = 86_400
PROMISED = Promises(caches={"gcs": CachePolicy(fresh_for_s=DAY_S)})


def test_cache_is_never_lost_passes_the_same_copy() -> None:
    """After a failed refresh the copy from before is served, however stale."""
    story = Story().asks(1).served().asks(2).index("failed").served("stale")

    verdict = story.judged_by(CacheIsNeverLost, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "1 failed refresh, nothing lost"


@pytest.mark.parametrize(
    ("generation", "sha256"),
    [
        pytest.param(None, None, id="no copy"),
        pytest.param("g2", "bb", id="another generation"),
        pytest.param("g1", "ab", id="other bytes"),
    ],
)
def test_cache_is_never_lost_fails_anything_else(
    generation: str | None, sha256: str | None
) -> None:
    """A copy that is gone, or not the same, fails; refresh and search are the evidence."""
    story = Story().asks(1).served().index("failed").served("absent", generation, sha256)

    verdict = story.judged_by(CacheIsNeverLost, PROMISED)

    assert broken(verdict)
    assert verdict.evidence == (2, 3)


def test_cache_is_never_lost_passes_a_newer_copy_installed_since() -> None:
    """A refresh that succeeds after the one that failed brings another copy."""
    story = Story().asks(1).served().index("failed").index("updated", generation="g2")

    assert passed(story.served("fresh", "g2", "bb").judged_by(CacheIsNeverLost, PROMISED))


def test_cache_is_never_lost_knows_a_copy_that_was_installed_and_never_served() -> None:
    """The copy of the last good refresh is the one to keep."""
    story = Story().asks(1).served().index("updated", generation="g2").index("failed")

    assert broken(story.served().judged_by(CacheIsNeverLost, PROMISED))


def test_cache_is_never_lost_allows_for_damage() -> None:
    """A copy that was found damaged and set aside cannot be served."""
    story = Story().asks(1).served().index("failed").index("quarantined")

    assert untested(story.served("absent", None, None).judged_by(CacheIsNeverLost, PROMISED))


def test_cache_is_never_lost_holds_over_a_restart() -> None:
    """The new process serves what the old one had."""
    story = Story().asks(1).served().by("script").action("restart").asks(2).index("failed")

    assert broken(story.served("absent", None, None).judged_by(CacheIsNeverLost, PROMISED))


LEFT = {"cached": True, "generation": "g2", "sha256": "bb"}
NOTHING = {"cached": False}


@pytest.mark.parametrize(
    ("left", "restarts", "generation", "right"),
    [
        pytest.param(LEFT, True, "g2", passed, id="the next process has what was left"),
        pytest.param(LEFT, True, "g1", broken, id="and nothing older"),
        pytest.param(LEFT, True, None, broken, id="and loses none of it"),
        pytest.param(LEFT, False, "g1", passed, id="who runs has its own"),
        pytest.param(NOTHING, False, None, broken, id="and keeps it, though the folder is empty"),
        pytest.param(NOTHING, True, None, untested, id="who finds nothing has nothing to lose"),
    ],
)
def test_cache_is_never_lost_minds_another_process(
    left: dict[str, Scalar],
    restarts: bool,  # noqa: FBT001 - a column of the table
    generation: str | None,
    right: Callable[[Verdict], bool],
) -> None:
    """What another process leaves in the folder is there for the next one."""
    story = Story().asks(1).served().by("script").action("other", **left)
    story = story.action("restart") if restarts else story
    sha256 = {"g1": "aa", "g2": "bb"}.get(generation or "")
    story.asks(2).index("failed").served("stale", generation, sha256)

    assert right(story.judged_by(CacheIsNeverLost, PROMISED))


def test_cache_is_never_lost_knows_the_copy_the_run_began_with() -> None:
    """A copy that the target announces counts before it was ever served."""
    given = Story().action("given", generation="g1", cached=True)
    stored = Story().action("given", generation="g1", cached=False)

    for story in (given, stored):
        story.asks(1).index("failed").served("absent", None, None)

    assert broken(given.judged_by(CacheIsNeverLost, PROMISED))
    assert untested(stored.judged_by(CacheIsNeverLost, PROMISED))


def test_cache_is_never_lost_needs_a_copy_and_a_failure() -> None:
    """Without a failed refresh, or a copy before it, there is nothing to keep."""
    calm = Story().asks(1).served().served()
    empty = Story().asks(1).index("failed").served("absent", None, None)

    assert untested(calm.judged_by(CacheIsNeverLost, PROMISED))
    assert untested(empty.judged_by(CacheIsNeverLost, PROMISED))


def test_no_torn_index_passes_whole_generations() -> None:
    """Each generation has one hash, that of its publication."""
    story = Story().action("given", generation="g1", sha256="aa").asks(1).served()
    story.by("script").action("publish_index", generation="g2", sha256="bb")
    story.asks(2).served("fresh", "g2", "bb")

    verdict = story.judged_by(NoTornIndex, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "2 searches, each in one complete generation"


def test_no_torn_index_fails_two_hashes_for_one_generation() -> None:
    """The same generation with other bytes fails, also where nothing was announced."""
    story = Story().asks(1).served().asks(2).served("stale", "g1", "ab")

    verdict = story.judged_by(NoTornIndex, PROMISED)

    assert broken(verdict)
    assert verdict.evidence == (1, 3)


def test_no_torn_index_fails_bytes_that_were_not_published() -> None:
    """The hash must be that of the publication."""
    story = Story().action("publish_index", generation="g1", sha256="aa")

    assert broken(story.asks(1).served("fresh", "g1", "ab").judged_by(NoTornIndex, PROMISED))


def test_no_torn_index_fails_a_generation_that_nobody_published() -> None:
    """Where publications are announced, there is no other generation."""
    story = Story().action("publish_index", generation="g1", sha256="aa")

    assert broken(story.asks(1).served("fresh", "g0", "aa").judged_by(NoTornIndex, PROMISED))


def test_no_torn_index_fails_a_generation_served_before_its_publication() -> None:
    """What appears later cannot be served now."""
    story = Story().action("given", generation="g1", sha256="aa").asks(1)
    story.served("fresh", "g2", "bb").action("publish_index", generation="g2", sha256="bb")

    assert broken(story.judged_by(NoTornIndex, PROMISED))


@pytest.mark.parametrize(
    ("status", "error"),
    [pytest.param(200, "ReadError", id="broke off"), pytest.param(503, None, id="refused")],
)
def test_no_torn_index_fails_an_update_from_a_vain_download(
    status: int, error: str | None
) -> None:
    """Half a body, or an error, is no copy, whatever the service calls it."""
    story = Story().asks(1).fetch("index", status, error=error).index("updated", generation="g1")

    verdict = story.served().judged_by(NoTornIndex, PROMISED)

    assert broken(verdict)
    assert verdict.seen == (error or f"status {status}")
    assert verdict.evidence == (2, 3)


def test_no_torn_index_passes_an_update_from_a_later_attempt() -> None:
    """One that came to its end, whoever made it; who closes a response has read what they want."""
    again = Story().asks(1).fetch("index", 200, error="ReadError").fetch("index")
    another = Story().asks(1).fetch("index", 503).by("refresh").fetch("index").by(1)
    closed = Story().asks(1).fetch("index", 200, error="Closed")
    other = Story().asks(1).fetch("index").call(503)

    for story in (again, another, closed, other):
        story.index("updated", generation="g1").served()
        assert passed(story.judged_by(NoTornIndex, PROMISED))


def test_no_torn_index_judges_an_update_by_what_came_since_the_last_news() -> None:
    """A refresh that is told to have failed says nothing of the next one."""
    story = Story().asks(1).fetch("index", 503).index("failed").index("updated", generation="g1")

    assert passed(story.served().judged_by(NoTornIndex, PROMISED))


def test_no_torn_index_needs_an_index_with_a_hash() -> None:
    """An absent index, or one whose hash is not told, has not tested it."""
    absent = Story().asks(1).served("absent", None, None)
    untold = Story().asks(1).served("fresh", "g1", None)

    assert untested(absent.judged_by(NoTornIndex, PROMISED))
    assert untested(untold.judged_by(NoTornIndex, PROMISED))


def refused_refresh() -> Story:
    """Ask 1 tried to refresh, and failed."""
    return Story().asks(1).fetch("manifest", 503).index("failed")


def test_stale_is_said_passes_a_stale_copy_after_a_failed_refresh() -> None:
    """Stale after a failure, and said so, is what the law asks for; also for later asks."""
    story = refused_refresh().served("stale").answer(stale=True)
    story.asks(2).served("stale").answer("fallback", stale=True)

    verdict = story.judged_by(StaleIsSaid, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "2 stale searches, each said so"


@pytest.mark.parametrize(
    ("age_s", "allowed"),
    [
        pytest.param(DAY_S, True, id="to the second"),
        pytest.param(DAY_S + 0.000002, True, id="a tick more"),
        pytest.param(DAY_S + 0.00001, False, id="ten microseconds more"),
        pytest.param(-3600.0, False, id="from the future"),
    ],
)
def test_stale_is_said_fails_a_copy_past_its_time_as_fresh(age_s: float, allowed: bool) -> None:  # noqa: FBT001 - a table of facts
    """Beyond its time a copy is not fresh, whatever the service says."""
    story = Story().asks(1).served("fresh", age_s=age_s).answer()

    verdict = story.judged_by(StaleIsSaid, PROMISED)

    assert broken(verdict) is not allowed
    assert allowed or verdict.seen.startswith("fresh, at age ")


def test_stale_is_said_goes_by_the_longest_promise() -> None:
    """With several caches, an index event does not say whose; none is accused wrongly."""
    both = Promises(caches={"gcs": CachePolicy(fresh_for_s=60), "s3": CachePolicy(fresh_for_s=90)})

    assert untested(Story().asks(1).served("fresh", age_s=80).judged_by(StaleIsSaid, both))
    assert broken(Story().asks(1).served("fresh", age_s=100).judged_by(StaleIsSaid, both))


def test_stale_is_said_fails_a_stale_copy_without_need() -> None:
    """Nobody tried to refresh: there is no excuse for a stale copy."""
    story = Story().asks(1).served("stale").answer(stale=True)

    assert broken(story.judged_by(StaleIsSaid, PROMISED))


@pytest.mark.parametrize("what", ["updated", "unchanged"])
def test_stale_is_said_fails_a_stale_copy_after_a_good_refresh(what: str) -> None:
    """A failure from before the last good refresh is no excuse."""
    story = refused_refresh().index(what).served("stale").answer(stale=True)

    assert broken(story.judged_by(StaleIsSaid, PROMISED))


def test_stale_is_said_passes_a_stale_copy_during_a_refresh() -> None:
    """While another ask refreshes, waits between two attempts included, stale is right."""
    story = Story().asks(1).fetch("manifest", 503).asks(2).served("stale").answer(stale=True)
    assert passed(story.judged_by(StaleIsSaid, PROMISED))

    story.by(1).index("updated").asks(3).served("stale").answer(stale=True)

    assert broken(story.judged_by(StaleIsSaid, PROMISED))


@pytest.mark.parametrize(("later_s", "allowed"), [(0, True), (1, False)])
def test_stale_is_said_passes_a_stale_copy_while_another_is_about_to_refresh(
    later_s: float,
    allowed: bool,  # noqa: FBT001 - a table of facts
) -> None:
    """Who is to refresh may be overtaken before the first request, but not for long."""
    story = Story().asks(1).asks(2).served("stale").answer(stale=True)

    story.at(later_s).by(1).request("gcs", "objects.media", "manifest.json")

    verdict = story.judged_by(StaleIsSaid, PROMISED)
    assert passed(verdict) if allowed else broken(verdict)


def test_stale_is_said_does_not_take_other_requests_for_a_refresh() -> None:
    """A request to an upstream without a cache is no refresh."""
    story = Story().asks(1).call().served("stale").answer(stale=True)

    assert broken(story.judged_by(StaleIsSaid, PROMISED))


def test_stale_is_said_fails_an_answer_that_does_not_say_so() -> None:
    """An answer from a stale copy must say it; search and answer are the evidence."""
    story = refused_refresh().served("stale").answer(stale=False)

    verdict = story.judged_by(StaleIsSaid, PROMISED)

    assert broken(verdict)
    assert verdict.evidence == (4, 5)
    assert (verdict.expected, verdict.seen) == ("answer.stale: true", "answer.stale: false")


def test_stale_is_said_fails_a_fresh_answer_that_says_stale() -> None:
    """An answer from a fresh copy must not cry wolf."""
    story = Story().asks(1).served().answer(stale=True)

    assert broken(story.judged_by(StaleIsSaid, PROMISED))


def test_stale_is_said_needs_a_stale_copy_and_a_promise() -> None:
    """Where all is fresh, or nothing is promised, nothing was tested."""
    fresh = Story().asks(1).served(age_s=60).answer()

    assert untested(fresh.judged_by(StaleIsSaid, PROMISED))
    assert untested(refused_refresh().served("stale").judged_by(StaleIsSaid, Promises()))


def test_stale_is_said_expects_nothing_of_an_exception() -> None:
    """An ask that ended in an exception says nothing about the index."""
    story = refused_refresh().served("stale").answer("error", error="KeyError: 'x'")

    assert passed(story.judged_by(StaleIsSaid, PROMISED))


def test_cache_is_never_lost_knows_that_nothing_cannot_be_lost() -> None:
    """An index that was absent before a failed refresh may come from anywhere after it."""
    story = Story().asks(1).served("absent", None, None).index("failed")

    assert untested(story.served().judged_by(CacheIsNeverLost, PROMISED))


def test_cache_is_never_lost_is_not_put_off_by_an_unchanged_index() -> None:
    """A refresh that found nothing newer, after one that failed, leaves the copy where it was."""
    story = Story().asks(1).served().index("failed").index("unchanged", generation="g1")

    verdict = story.served("absent", None, None).judged_by(CacheIsNeverLost, PROMISED)

    assert broken(verdict)
    assert (verdict.expected, verdict.seen) == ("g1 (aa)", "absent")


@pytest.mark.parametrize(
    ("step_s", "breach"),
    [
        pytest.param(-DAY_S * 3, True, id="behind the download"),
        pytest.param(-DAY_S * 1.5, False, id="to a time at which the copy was fresh"),
        pytest.param(DAY_S, True, id="forward"),
    ],
)
def test_stale_is_said_of_a_copy_from_the_future(step_s: float, *, breach: bool) -> None:
    """By a clock that was set back so far, the copy would be fresh for ever."""
    story = Story().asks(1).fetch("index").answer(text="a").clock(step_s)
    story.at(DAY_S * 2).asks(2).answer(text="a")

    verdict = story.judged_by(StaleIsSaid, PROMISED)

    assert (verdict.outcome is Outcome.FAILED) is breach


@pytest.mark.parametrize(
    ("by", "breach"),
    [
        pytest.param("redis", True, id="a store, which was asked at first too"),
        pytest.param("other", False, id="another provider, which was not"),
    ],
)
def test_stale_is_said_of_a_copy_that_lies_in_a_store(by: str, *, breach: bool) -> None:
    """To ask the store for the copy is not to ask its provider again."""
    story = Story().asks(1)
    story.response(story.request("redis", "get"), 0, upstream="redis", operation="get")
    story.fetch("index").answer(text="a").at(DAY_S * 2).asks(2)
    story.response(story.request(by, "get"), 0, upstream=by, operation="get").answer(text="a")

    verdict = story.judged_by(StaleIsSaid, PROMISED)

    assert (verdict.outcome is Outcome.FAILED) is breach
