"""The index service against the real Cloud Storage SDK: every fault, and every request counted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import faiss
import numpy as np
import pytest
import requests

from helpdesk.answers import SearchResult
from helpdesk.events import CacheQuarantined, Event, IndexServed, RefreshEnded
from helpdesk.faiss_helpdesk_service import FAISSHelpdeskService
from helpdesk.index_builder import BuiltIndex
from helpdesk.index_cache import IndexCache
from helpdesk.index_source import cache_folder
from helpdesk.knowledge_index import KnowledgeIndex
from helpdesk.manifest import Manifest, content_sha256
from helpdesk.settings import IndexSettings, Settings
from tests.conftest import Clock
from tests.helpdesk.stand_ins import (
    BUCKET,
    PREFIX,
    FakeStorage,
    Fault,
    Reply,
    TinyEmbedder,
    built,
    cut,
    flip,
    lose,
    refuse,
    trickle,
)

HOUR_S = 3600.0
MANIFEST = f"GET {PREFIX}manifest.json"


class World:
    """A bucket, a cache folder, and services that use both."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.storage = FakeStorage()
        self.clock = clock
        self.options = IndexSettings(bucket=BUCKET, cache_dir=folder)
        self.cache = cache_folder(self.options)
        self.events: list[Event] = []

    def service(self) -> FAISSHelpdeskService:
        """A new process: new service, same cache folder."""
        return FAISSHelpdeskService(
            Settings(index=self.options),
            storage_client=self.storage.client(),
            embedder=TinyEmbedder(),
            listeners=[self.events.append],
        )

    def warm(self) -> FAISSHelpdeskService:
        """A service that has just fetched generation g1; its requests are forgotten."""
        self.storage.publish(built("g1"))
        service = self.service()
        assert ask(service).index_state == "fresh"
        assert len(self.storage.seen) == 3
        self.storage.seen.clear()
        self.events.clear()
        return service

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def ask(service: FAISSHelpdeskService, within_s: float = 30.0) -> SearchResult:
    """One question."""
    deadline = time.monotonic() + within_s
    return service.search("my printer", top_k=2, deadline=deadline)


def hold(gate: threading.Event, reached: threading.Event | None = None) -> Fault:
    """Answer only once the gate is open; tell when a request has reached it."""

    def fault(reply: Reply) -> Reply:
        if reached:
            reached.set()
        assert gate.wait(5)
        return reply

    return fault


def join_background() -> None:
    """Wait for a background refresh to end."""
    for thread in threading.enumerate():
        if thread.name == "helpdesk-index-refresh":
            thread.join(5)


@pytest.fixture
def world(tmp_path: Path, clock: Clock) -> World:
    """An empty bucket and an empty cache."""
    return World(tmp_path, clock)


def test_first_question_fetches_manifest_and_files_once(world: World) -> None:
    """A cold start takes three requests, and the right article comes first."""
    world.storage.publish(built("g1"))

    result = ask(world.service())

    assert (result.index_state, result.generation) == ("fresh", "g1")
    assert result.passages[0].article_id == "printer"
    generation = f"GET {PREFIX}generations/g1"
    assert world.storage.seen == [
        MANIFEST,
        f"{generation}/index.faiss",
        f"{generation}/documents.json",
    ]


def test_copy_is_fresh_at_23_h_59_min(world: World) -> None:
    """A copy younger than a day is served without any request, also after a restart."""
    service = world.warm()
    world.clock.advance(24 * HOUR_S - 60)

    results = [ask(service), ask(world.service())]

    assert [result.index_state for result in results] == ["fresh", "fresh"]
    assert world.storage.seen == []


def test_copy_is_compared_at_24_h_1_min(world: World) -> None:
    """A day-old copy costs one request, and counts as fresh again when nothing is newer."""
    service = world.warm()
    world.clock.advance(24 * HOUR_S + 60)

    results = [ask(service), ask(service)]

    assert [result.index_state for result in results] == ["fresh", "fresh"]
    assert world.storage.seen == [MANIFEST]
    world.clock.advance(23 * HOUR_S)
    assert ask(world.service()).index_state == "fresh"
    assert len(world.storage.seen) == 1


def test_newer_generation_replaces_the_old_one(world: World) -> None:
    """After expiry the bucket's new generation is what is searched."""
    service = world.warm()
    newer = built("g2")
    world.storage.publish(newer)
    world.clock.advance(25 * HOUR_S)

    result = ask(service)

    assert (result.index_state, result.generation) == ("fresh", "g2")
    assert service.served.sha256 == content_sha256(newer.files)
    assert len(world.storage.seen) == 3


def test_older_generation_is_not_installed(world: World) -> None:
    """A bucket that goes back in time does not take the index with it, and that is said."""
    world.storage.publish(built("g1"))
    service = world.service()
    ask(service)
    world.storage.publish(built("g0"))

    ended = service.refresh()

    assert ended.outcome == "failed"
    assert "older than g1" in (ended.error or "")
    assert service.served.generation == "g1"
    assert world.storage.seen[3:] == [MANIFEST]


RETRYABLE: dict[str, Fault] = {
    "request timeout": refuse(408),
    "rate limit": refuse(429),
    "server error": refuse(500),
    "unavailable": refuse(503),
    "connection reset": lose(requests.ConnectionError("reset")),
    "read timeout": lose(requests.ReadTimeout("slow")),
    "truncation": cut(100),
    "corruption": flip(silently=False),
    "corruption without a hash header": flip(silently=True),
}
PERMANENT: dict[str, Fault] = {
    "bad request": refuse(400),
    "unauthorized": refuse(401),
    "forbidden": refuse(403),
    "not found": refuse(404, "No such object: kb/x"),
    "no bucket": refuse(404, "The specified bucket does not exist."),
    "precondition": refuse(412),
}


@pytest.mark.parametrize("fault", RETRYABLE.values(), ids=RETRYABLE)
@pytest.mark.parametrize("pattern", ["*manifest.json", "*index.faiss", "*documents.json"])
def test_passing_trouble_is_retried(world: World, fault: Fault, pattern: str) -> None:
    """One failure of any object is overcome by one more request for it, whole."""
    world.storage.publish(built("g1"))
    world.storage.inject(pattern, fault, times=1)

    result = ask(world.service())

    assert (result.index_state, result.generation) == ("fresh", "g1")
    assert len(world.storage.seen) == 4
    assert len(world.clock.waits) == 1


@pytest.mark.parametrize("fault", RETRYABLE.values(), ids=RETRYABLE)
def test_lasting_trouble_serves_stale_and_says_so(world: World, fault: Fault) -> None:
    """After three attempts the old copy is served, byte for byte, with its age and the cause."""
    service = world.warm()
    before = service.served.sha256
    world.storage.publish(built("g2"))
    world.storage.inject("*index.faiss", fault)
    world.clock.advance(30 * HOUR_S)

    result = ask(service)

    assert (result.index_state, result.generation) == ("stale", "g1")
    assert "30 hours old; it could not be refreshed" in (result.stale_reason or "")
    assert result.passages[0].article_id == "printer"
    assert len(world.storage.seen) == 4
    assert service.served.sha256 == before
    assert world.service().served.sha256 == before


@pytest.mark.parametrize("fault", PERMANENT.values(), ids=PERMANENT)
def test_hopeless_trouble_is_not_retried(world: World, fault: Fault) -> None:
    """What cannot succeed is tried once; the good copy stays, also on disk."""
    service = world.warm()
    world.storage.inject("*manifest.json", fault)
    world.clock.advance(25 * HOUR_S)

    result = ask(service)

    assert (result.index_state, result.generation) == ("stale", "g1")
    assert world.storage.seen == [MANIFEST]
    assert world.service().served.generation == "g1"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (refuse(404, "The specified bucket does not exist."), "bucket 'kb' does not exist"),
        (refuse(404, "No such object: the-bucket/manifest.json"), "no index has been published"),
        (refuse(403), "no permission"),
    ],
    ids=["no bucket", "nothing published", "no permission"],
)
def test_absent_index_says_which_kind_of_absent(world: World, fault: Fault, words: str) -> None:
    """A wrong bucket, a missing permission and an empty bucket are told apart."""
    world.storage.inject("*", fault)

    result = ask(world.service())

    assert (result.index_state, result.passages) == ("absent", ())
    assert words in (result.stale_reason or "")
    assert len(world.storage.seen) == 1


def test_trickling_body_ends_at_the_budget(world: World) -> None:
    """A byte every two seconds never times out by itself; the refresh ends after 10 s."""
    service = world.warm()
    world.storage.publish(built("g2"))
    world.storage.inject("*index.faiss", trickle(piece_bytes=1, delay_s=2.0))
    world.clock.advance(25 * HOUR_S)
    started = time.monotonic()

    result = ask(service)

    assert result.index_state == "stale"
    assert time.monotonic() - started == pytest.approx(10.0, abs=0.001)
    assert len(world.storage.seen) == 2


def test_impatient_asker_cuts_the_refresh_short(world: World) -> None:
    """An asker's own deadline counts when it is nearer than the budget."""
    service = world.warm()
    world.storage.inject("*", trickle(piece_bytes=1, delay_s=1.0))
    world.clock.advance(25 * HOUR_S)
    started = time.monotonic()

    ask(service, within_s=4.0)

    assert time.monotonic() - started == pytest.approx(4.0, abs=0.001)
    assert len(world.storage.seen) == 1


@pytest.mark.parametrize("name", ["index.faiss", "documents.json", "manifest.json"])
@pytest.mark.parametrize(
    "damage", [lambda b: b[:50], lambda b: b[:-1] + b"?"], ids=["cut", "flip"]
)
def test_damage_at_rest_is_quarantined(
    world: World, name: str, damage: Callable[[bytes], bytes]
) -> None:
    """A damaged copy is set aside, told of, and replaced; it is never searched."""
    world.warm()
    (path,) = world.cache.glob(f"generations/*/{name}")
    path.write_bytes(damage(path.read_bytes()))

    service = world.service()

    assert service.served.state == "absent"
    assert len(world.of(CacheQuarantined)) == 1
    assert len(list(world.cache.glob("quarantine/*/*/index.faiss"))) == 1
    assert ask(service).index_state == "fresh"
    assert len(world.storage.seen) == 3


@pytest.mark.parametrize("content", ["", "{", '{"folder": "../../etc"}'])
def test_damaged_pointer_is_quarantined(world: World, content: str) -> None:
    """A pointer that cannot be understood is set aside too."""
    world.warm()
    (world.cache / "current.json").write_text(content)

    service = world.service()

    assert service.served.state == "absent"
    assert len(world.of(CacheQuarantined)) == 1
    assert ask(service).index_state == "fresh"


def test_files_of_two_generations_are_never_mixed(world: World) -> None:
    """When a publisher overwrites a file between our two downloads, neither is installed."""
    service = world.warm()
    manifest = world.storage.publish(built("g2"))
    name = manifest.files["documents.json"].object
    world.storage.put(name, b'{"articles": []}')
    world.clock.advance(25 * HOUR_S)

    result = ask(service)

    assert (result.index_state, result.generation) == ("stale", "g1")
    assert "replaced" in (result.stale_reason or "")
    assert len(world.storage.seen) == 3


def test_index_of_another_model_is_not_installed(world: World) -> None:
    """An index whose vectors the embedder cannot match is refused, and the old one stays."""
    service = world.warm()
    index = built("g2")
    embedding = index.manifest.embedding.model_copy(update={"model": "other"})
    foreign = index.manifest.model_copy(update={"embedding": embedding})
    world.storage.publish(type(index)(foreign, index.files))

    ended = service.refresh()

    assert ended.outcome == "failed"
    assert "was made with other" in (ended.error or "")
    assert service.served.generation == "g1"
    assert len(world.storage.seen) == 3


def test_pause_that_storage_asks_for_is_kept(world: World) -> None:
    """Asked for ten minutes, it is left alone for ten minutes and not for one."""
    service = world.warm()
    world.clock.advance(25 * HOUR_S)
    world.storage.inject("*", lambda _: Reply(status=503, headers={"Retry-After": "600"}))

    assert ask(service).index_state == "stale"

    assert service.get_status()["next_refresh_in_s"] == pytest.approx(600.0)
    world.storage.heal()
    asked = len(world.storage.seen)
    world.clock.advance(599.0)
    ask(service)
    held_back = service.refresh()
    assert held_back.outcome == "failed"
    assert "asked for a pause of another 1 s" in (held_back.error or "")
    assert len(world.storage.seen) == asked
    world.clock.advance(1.0)
    assert service.refresh().outcome == "unchanged"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "other/generations/g2/index.faiss",
        f"{PREFIX}../secret",
        f"{PREFIX}generations/g1/index.faiss",
    ],
)
def test_manifest_names_only_its_own_objects(world: World, elsewhere: str) -> None:
    """It may say what its files are, and not send the service through the bucket."""
    service = world.warm()
    index = built("g2")
    world.storage.publish(index)
    manifest = index.manifest.located(PREFIX)
    entry = manifest.files["index.faiss"].model_copy(update={"object": elsewhere})
    world.storage.put(elsewhere, index.files["index.faiss"])
    forged = manifest.model_copy(update={"files": {**manifest.files, "index.faiss": entry}})
    world.storage.put(f"{PREFIX}manifest.json", forged.to_bytes())
    world.clock.advance(25 * HOUR_S)

    found = ask(service)

    assert (found.index_state, found.generation) == ("stale", "g1")
    assert "expected only objects of its own generation" in str(found.stale_reason)
    assert world.storage.seen == [MANIFEST]


def hostile(index: BuiltIndex) -> tuple[Manifest, dict[str, bytes]]:
    """The generation with an index of another kind, and hashes that fit it."""
    flat = faiss.IndexIDMap(faiss.IndexFlatIP(TinyEmbedder.dimensions))
    rows = np.eye(6, TinyEmbedder.dimensions, dtype=np.float32)
    flat.add_with_ids(rows, np.arange(10**12, 10**12 + 6))
    files = {**index.files, "index.faiss": bytes(faiss.serialize_index(flat).tobytes())}
    facts = index.manifest
    manifest = Manifest.describe(
        files,
        generation=facts.generation,
        created_at=facts.created_at,
        embedding=facts.embedding,
        articles=facts.articles,
    )
    return manifest, files


def test_copy_with_right_hashes_and_wrong_content_is_quarantined(world: World) -> None:
    """The service starts, sets it aside, and fetches a sound one."""
    world.storage.publish(built("g1"))
    manifest, files = hostile(built("g1"))
    IndexCache(world.cache).install(manifest, files, fetched_at=time.time())

    found = ask(world.service())

    assert (found.index_state, found.passages[0].article_id) == ("fresh", "printer")
    assert len(world.of(CacheQuarantined)) == 1


def test_published_index_with_wrong_content_is_not_installed(world: World) -> None:
    """Whoever published it, the copy that works stays."""
    service = world.warm()
    manifest, files = hostile(built("g2"))
    world.storage.publish(BuiltIndex(manifest, files))
    world.clock.advance(25 * HOUR_S)

    found = ask(service)

    assert (found.index_state, found.generation) == ("stale", "g1")


def test_copy_that_nobody_can_load_does_not_keep_the_service_from_starting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by an error that nobody foresaw; and not at the next start either."""
    world.warm()
    with monkeypatch.context() as broken:
        broken.setattr(KnowledgeIndex, "load", lambda *_: 1 / 0)
        world.service()

    assert len(world.of(CacheQuarantined)) == 1
    assert ask(world.service()).index_state == "fresh"


def test_failure_is_remembered(world: World) -> None:
    """After a failed refresh askers get the stale copy at once, without requests, for a minute."""
    service = world.warm()
    world.storage.inject("*", refuse(503))
    world.clock.advance(25 * HOUR_S)
    ask(service)
    asked = len(world.storage.seen)
    started = time.monotonic()

    results = [ask(service) for _ in range(5)]

    assert {result.index_state for result in results} == {"stale"}
    assert len(world.storage.seen) == asked == 3
    assert time.monotonic() == started
    assert service.get_status()["next_refresh_in_s"] == pytest.approx(60.0)


def test_later_refresh_runs_in_the_background(world: World) -> None:
    """A minute after the failure an asker starts a refresh, but does not wait for it."""
    service = world.warm()
    world.storage.inject("*", refuse(503))
    world.clock.advance(25 * HOUR_S)
    ask(service)
    world.storage.heal()
    world.storage.publish(built("g2"))
    gate = threading.Event()
    world.storage.inject("*manifest.json", hold(gate), times=1)
    world.clock.advance(60)

    during = [ask(service), ask(service)]
    gate.set()
    join_background()

    assert [result.index_state for result in during] == ["stale", "stale"]
    assert ask(service).generation == "g2"
    assert len(world.storage.seen) == 3 + 3


def test_failure_from_before_the_expiry_is_no_reason_to_serve_a_stale_copy(world: World) -> None:
    """Storage that failed a day ago, when nobody needed it, is tried again before the answer."""
    service = world.warm()
    world.storage.inject("*", refuse(503))
    service.refresh()
    world.storage.heal()
    world.storage.publish(built("g2"))
    world.clock.advance(25 * HOUR_S)

    result = ask(service)

    assert (result.index_state, result.generation) == ("fresh", "g2")


def test_pause_doubles_with_each_failure(world: World) -> None:
    """Storage that stays down is asked less and less often; success forgets it all."""
    service = world.warm()
    world.storage.inject("*", refuse(503))
    pauses = [service.refresh().next_refresh_in_s for _ in range(6)]
    world.storage.heal()

    assert service.refresh().outcome == "unchanged"

    assert pauses == [60, 120, 240, 480, 900, 900]
    assert service.get_status()["last_error"] is None


def test_asker_without_time_does_not_start_a_refresh(world: World) -> None:
    """What could only fail is not begun, and so not remembered as a failure of storage."""
    service = world.warm()
    world.clock.advance(25 * HOUR_S)

    hurried = ask(service, within_s=0.0)

    assert hurried.index_state == "stale"
    assert world.storage.seen == []
    assert ask(service).index_state == "fresh"


def test_absent_index_does_not_cost_the_budget_each_time(world: World) -> None:
    """With nothing to serve, askers still leave a failing storage alone for a while."""
    world.storage.inject("*", refuse(503))
    service = world.service()
    ask(service)
    started = time.monotonic()

    result = ask(service)

    assert result.index_state == "absent"
    assert time.monotonic() == started
    assert len(world.storage.seen) == 3
    world.storage.heal()
    world.storage.publish(built("g1"))
    world.clock.advance(60)
    assert ask(service).index_state == "fresh"


def test_twenty_cold_askers_share_one_download(world: World) -> None:
    """Simultaneous askers without a copy wait for one refresh, and all get its result."""
    world.storage.publish(built("g1"))
    gate = threading.Event()
    world.storage.inject("*manifest.json", hold(gate), times=1)
    service = world.service()
    results: list[SearchResult] = []
    threads = [threading.Thread(target=lambda: results.append(ask(service))) for _ in range(20)]

    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()

    assert [result.index_state for result in results] == ["fresh"] * 20
    assert len(world.storage.seen) == 3
    assert len(world.of(RefreshEnded)) == 1


def test_others_get_the_stale_copy_during_a_refresh(world: World) -> None:
    """While one asker refreshes an expired copy, another is served at once and told."""
    service = world.warm()
    world.clock.advance(25 * HOUR_S)
    started, gate = threading.Event(), threading.Event()
    world.storage.inject("*manifest.json", hold(gate, started), times=1)
    first: list[SearchResult] = []
    thread = threading.Thread(target=lambda: first.append(ask(service)))
    thread.start()
    assert started.wait(5)

    other = ask(service)
    gate.set()
    thread.join(5)

    assert (other.index_state, first[0].index_state) == ("stale", "fresh")
    assert "refresh is in progress" in (other.stale_reason or "")
    assert world.storage.seen == [MANIFEST]


def test_clock_set_back_makes_the_copy_expire(world: World) -> None:
    """A copy from the future is compared again, instead of being trusted for a day and more."""
    world.warm()
    world.clock.advance(-HOUR_S)
    service = world.service()
    assert service.served.state == "stale"

    result = ask(service)

    assert (result.index_state, result.age) == ("fresh", timedelta(0))
    assert world.storage.seen == [MANIFEST]


def test_unwritable_cache_does_not_cost_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is not retried and not blamed on the network: the index lives in memory."""
    world.storage.publish(built("g1"))
    world.cache.parent.mkdir(exist_ok=True)
    world.cache.write_text("a file where the folder should be")

    result = ask(world.service())

    assert result.index_state == "fresh"
    assert len(world.storage.seen) == 3


def test_failed_refresh_does_not_touch_the_cache(world: World) -> None:
    """Every byte below the cache folder is the same after a refresh that failed half-way."""
    service = world.warm()
    before = {path: path.read_bytes() for path in world.cache.rglob("*") if path.is_file()}
    world.storage.publish(built("g2"))
    world.storage.inject("*documents.json", refuse(503))

    assert service.refresh().outcome == "failed"

    assert {p: p.read_bytes() for p in world.cache.rglob("*") if p.is_file()} == before
    assert len(world.storage.seen) == 5


def test_result_and_event_tell_the_same(world: World) -> None:
    """What listeners hear of a search is what the asker was told, hash included."""
    service = world.warm()

    result = ask(service)

    (event,) = world.of(IndexServed)
    assert isinstance(event, IndexServed)
    assert (event.state, event.generation) == (result.index_state, result.generation)
    assert event.sha256 == content_sha256(built("g1").files)
    assert world.storage.seen == []


def test_breakdown_of_a_refresh_is_not_the_askers_problem(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even an exception nobody foresaw ends in the old copy, and frees the way for the next."""
    service = world.warm()
    world.storage.publish(built("g2"))
    world.clock.advance(25 * HOUR_S)

    def surprise(*_: object) -> None:
        raise KeyError("surprise")

    with monkeypatch.context() as patch:
        patch.setattr(KnowledgeIndex, "load", surprise)
        result = ask(service)

    assert (result.index_state, result.generation) == ("stale", "g1")
    assert "surprise" in (result.stale_reason or "")
    assert service.refresh().outcome == "updated"
    assert len(world.storage.seen) == 6


def test_ctrl_c_during_a_refresh_leaves_the_way_free_for_the_next(world: World) -> None:
    """A refresh that was stopped is over; otherwise it would be the last one ever."""
    service = world.warm()
    world.storage.inject("*manifest.json", lose(KeyboardInterrupt()), times=1)

    with pytest.raises(KeyboardInterrupt):
        service.refresh()

    assert service.refresh().outcome == "unchanged"
    assert world.storage.seen == [MANIFEST, MANIFEST]


def test_search_under_way_keeps_its_generation(world: World) -> None:
    """A newer generation is put beside the one being searched, never into it."""
    service = world.warm()
    searched = service.served.index
    world.storage.publish(built("g2", "mouse"))

    assert service.refresh().outcome == "updated"

    assert searched is not None
    assert searched.manifest.generation == "g1"
    assert searched.search("my printer", 1)[0].article_id == "printer"
    assert ask(service).passages[0].article_id == "mouse"


def test_status_has_what_an_operator_asks_for(world: World) -> None:
    """The status tells state, age, generation, last error and next refresh, as JSON can hold."""
    service = world.warm()
    world.clock.advance(HOUR_S)

    status = service.get_status()

    assert json.loads(json.dumps(status)) == {
        "state": "fresh",
        "age_s": HOUR_S,
        "generation": "g1",
        "last_error": None,
        "next_refresh_in_s": 23 * HOUR_S,
        "sha256": content_sha256(built("g1").files),
        "articles": 3,
    }


def test_packaged_articles_are_the_index_without_a_bucket(tmp_path: Path, clock: Clock) -> None:
    """Without a bucket there is an index at once, it never expires, and it is built once."""
    settings = Settings(index=IndexSettings(cache_dir=tmp_path))
    events: list[Event] = []
    service = FAISSHelpdeskService(settings, embedder=TinyEmbedder(), listeners=[events.append])
    first = ask(service)
    clock.advance(1000 * HOUR_S)

    again = FAISSHelpdeskService(settings, embedder=TinyEmbedder(), listeners=[events.append])

    assert (first.index_state, ask(again).index_state) == ("fresh", "fresh")
    assert len([event for event in events if isinstance(event, RefreshEnded)]) == 1
