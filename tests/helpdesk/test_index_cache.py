"""The local copy: whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from helpdesk import index_cache
from helpdesk.errors import DamagedIndexError
from helpdesk.events import CacheQuarantined, Event
from helpdesk.index_cache import IndexCache
from helpdesk.manifest import Manifest
from tests.helpdesk.stand_ins import built


@pytest.fixture
def cache(tmp_path: Path) -> IndexCache:
    """A cache whose folder does not exist yet."""
    return IndexCache(tmp_path / "cache")


def install(cache: IndexCache, generation: str, fetched_at: float = 1000.0) -> None:
    """Put a generation into the cache."""
    index = built(generation)
    cache.install(index.manifest, index.files, fetched_at=fetched_at)


def snapshot(folder: Path) -> Mapping[Path, bytes]:
    """Every byte below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_copy_survives_installing_and_reading(cache: IndexCache) -> None:
    """What was installed is read, with the time we noted."""
    install(cache, "g1", fetched_at=1234.5)

    copy = cache.read()

    assert copy is not None
    assert (copy.manifest, copy.files) == (built("g1").manifest, built("g1").files)
    assert copy.fetched_at == 1234.5


def test_age_does_not_come_from_the_file_system(cache: IndexCache, tmp_path: Path) -> None:
    """Touching every file changes nothing."""
    install(cache, "g1", fetched_at=1234.5)
    for path in tmp_path.rglob("*"):
        os.utime(path, (9e8, 9e8))

    copy = cache.read()

    assert copy is not None
    assert copy.fetched_at == 1234.5


def test_renewing_changes_the_time_and_nothing_else(cache: IndexCache, tmp_path: Path) -> None:
    """An unchanged index becomes fresh without being written again."""
    install(cache, "g1")
    before = snapshot(tmp_path / "cache" / "generations")

    cache.renew(generation="g1", fetched_at=2000.0)

    copy = cache.read()
    assert copy is not None
    assert copy.fetched_at == 2000.0
    assert snapshot(tmp_path / "cache" / "generations") == before


def test_renewing_does_not_touch_another_generation(cache: IndexCache) -> None:
    """A process that still has the old generation cannot make the new one look younger."""
    install(cache, "g2", fetched_at=1000.0)

    cache.renew(generation="g1", fetched_at=2000.0)

    copy = cache.read()
    assert copy is not None
    assert copy.fetched_at == 1000.0


def test_newer_copy_of_another_process_stays(cache: IndexCache, tmp_path: Path) -> None:
    """Where generations have an order, who comes late changes nothing; else the last counts."""
    install(cache, "g2", fetched_at=1000.0)
    before = snapshot(tmp_path)
    old = built("g1")

    cache.install(old.manifest, old.files, fetched_at=2000.0, keeps_newer=True)

    assert snapshot(tmp_path) == before
    cache.install(old.manifest, old.files, fetched_at=2000.0)
    copy = cache.read()
    assert copy is not None
    assert copy.manifest.generation == "g1"


def test_files_that_do_not_fit_are_not_installed(cache: IndexCache) -> None:
    """The manifest of one generation with the files of another is refused."""
    install(cache, "g1")

    with pytest.raises(DamagedIndexError):
        cache.install(built("g2").manifest, built("g1").files, fetched_at=2000.0)

    copy = cache.read()
    assert copy is not None
    assert copy.manifest.generation == "g1"


@pytest.mark.parametrize("step", range(5))
def test_copy_survives_a_crash_at_every_step(
    cache: IndexCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The disk fails at the n-th file or at the pointer's swap: the old copy is untouched."""
    install(cache, "g1")
    before = snapshot(tmp_path)
    steps = 0

    def failing(inner: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            nonlocal steps
            if steps == step:
                raise OSError(28, "No space left on device")
            steps += 1
            return inner(*args)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(index_cache, "_write_through", failing(index_cache._write_through))
        patch.setattr(Path, "replace", failing(Path.replace))
        with pytest.raises(OSError, match="No space"):
            install(cache, "g2")

    after = snapshot(tmp_path)
    assert {path: after[path] for path in before} == before
    copy = cache.read()
    assert copy is not None
    assert copy.manifest.generation == "g1"
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("step", range(4), ids=["file", "file", "manifest", "pointer"])
def test_installing_is_not_disturbed_by_another_process(
    cache: IndexCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Another one installs a generation after our n-th write: nothing of ours is shared."""
    install(cache, "g1")
    write_through, written = index_cache._write_through, 0

    def overtaken(path: Path, data: bytes) -> None:
        nonlocal written
        write_through(path, data)
        written += 1
        if written == step + 1:
            install(IndexCache(tmp_path / "cache"), "g2")

    monkeypatch.setattr(index_cache, "_write_through", overtaken)

    install(cache, "g3")

    copy = cache.read()
    assert copy is not None
    assert (copy.manifest, copy.files) == (built("g3").manifest, built("g3").files)
    assert not list(tmp_path.rglob(".*"))


def test_two_generations_are_kept(cache: IndexCache, tmp_path: Path) -> None:
    """The current one, and the one before, however old, for a process that just reads it."""
    generations = tmp_path / "cache" / "generations"
    for number in range(1, 6):
        install(cache, f"g{number}")
        for folder in generations.iterdir():
            os.utime(folder, (0, 0))

    assert sorted(folder.name[:2] for folder in generations.iterdir()) == ["g4", "g5"]


def test_unfinished_work_of_others_is_spared_until_it_is_old(
    cache: IndexCache, tmp_path: Path
) -> None:
    """Another process may be writing now; what a crash left behind goes after an hour."""
    install(cache, "g1")
    young = tmp_path / "cache" / "generations" / ".new-young"
    old = tmp_path / "cache" / "generations" / ".new-old"
    for folder in (young, old):
        folder.mkdir()
    os.utime(old, (0, 0))

    install(cache, "g2")

    assert young.exists()
    assert not old.exists()


def test_damaged_copy_is_set_aside_and_told(tmp_path: Path) -> None:
    """It is not returned, not deleted, and not found again."""
    events: list[Event] = []
    cache = IndexCache(tmp_path, listeners=[events.append])
    install(cache, "g1")
    (path,) = tmp_path.glob("generations/*/index.faiss")
    path.write_bytes(b"junk")

    assert cache.read() is None
    assert cache.read() is None

    (event,) = events
    assert isinstance(event, CacheQuarantined)
    assert "index.faiss" in event.reason
    (aside,) = tmp_path.glob("quarantine/*/*/index.faiss")
    assert aside.read_bytes() == b"junk"


def test_quarantine_is_bounded(cache: IndexCache, tmp_path: Path) -> None:
    """A disk that damages everything is not also filled up."""
    for number in range(6):
        install(cache, f"g{number}")
        cache.quarantine("test")

    assert len(list((tmp_path / "cache" / "quarantine").iterdir())) == 3


def test_missing_generation_is_damage(cache: IndexCache, tmp_path: Path) -> None:
    """A pointer to nothing is set aside like any other damage."""
    install(cache, "g1")
    (path,) = (tmp_path / "cache").glob("generations/*/documents.json")
    path.unlink()

    assert cache.read() is None
    assert not (tmp_path / "cache" / "current.json").exists()


def test_exchanged_generation_is_damage(cache: IndexCache, tmp_path: Path) -> None:
    """Another generation, sound in itself, put where the pointer points, is noticed."""
    install(cache, "g1")
    (folder,) = (tmp_path / "cache" / "generations").iterdir()
    other = built("g2")
    for name, data in {**other.files, "manifest.json": other.manifest.to_bytes()}.items():
        (folder / name).write_bytes(data)

    assert cache.read() is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("folder", ".."),
        ("folder", "."),
        ("folder", ""),
        ("folder", "../../elsewhere"),
        ("folder", "/etc"),
        ("folder", "a\0b"),
        ("folder", "\ud800"),
        ("folder", "x" * 5000),
        ("previous", ".."),
        ("fetched_at", -1.0),
        ("fetched_at", -1e300),
        ("fetched_at", 1e400),
    ],
)
def test_pointer_that_leads_nowhere_sound_is_damage(
    cache: IndexCache, tmp_path: Path, field: str, value: object
) -> None:
    """Nothing outside is read, moved or believed; the pointer alone is set aside."""
    install(cache, "g1")
    pointer = tmp_path / "cache" / "current.json"
    facts = json.loads(pointer.read_text())
    pointer.write_text(json.dumps({**facts, field: value}))

    assert cache.read() is None
    assert not pointer.exists()
    assert (tmp_path / "cache" / "generations" / facts["folder"]).is_dir()


def a_pipe(path: Path) -> None:
    """Nobody ever writes into it."""
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    """A folder in place of a file."""
    path.unlink()
    path.mkdir()


def an_endless_file(path: Path) -> None:
    """It can be read for ever."""
    path.unlink()
    path.symlink_to("/dev/zero")


def a_loop(path: Path) -> None:
    """A link to itself."""
    path.unlink()
    path.symlink_to(path)


def too_much(path: Path) -> None:
    """Far more than belongs there; the disk need not have it."""
    with path.open("wb") as file:
        file.truncate(1 << 40)


def deep_json(path: Path) -> None:
    """Nested deeper than a parser goes."""
    path.write_text("[" * 100_000)


def a_huge_number(path: Path) -> None:
    """JSON knows no limit; Python does."""
    path.write_text('{"fetched_at": ' + "9" * 9000 + "}")


@pytest.mark.parametrize(
    "damage",
    [a_pipe, a_folder, an_endless_file, a_loop, too_much, deep_json, a_huge_number],
    ids=lambda damage: damage.__name__,
)
@pytest.mark.parametrize(
    "name", ["current.json", "manifest.json", "index.faiss", "documents.json"]
)
def test_whatever_lies_in_the_folder_is_no_copy_and_no_crash(
    cache: IndexCache, tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    """It is read neither for ever nor into memory without end; a new copy can be installed."""
    install(cache, "g1")
    damage(next((tmp_path / "cache").rglob(name)))

    assert cache.read() is None
    install(cache, "g2")
    copy = cache.read()
    assert copy is not None
    assert copy.manifest.generation == "g2"


def test_what_nobody_foresaw_is_set_aside(
    cache: IndexCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A service that cannot start because of a file is worse than one without a copy."""
    install(cache, "g1")
    monkeypatch.setattr(Manifest, "parse", lambda _: 1 / 0)

    assert cache.read() is None
    assert "ZeroDivisionError" in caplog.text


def test_what_a_killed_process_left_is_cleared_away(cache: IndexCache, tmp_path: Path) -> None:
    """Not at once: it may be what another process is about to move."""
    install(cache, "g1")
    old, young = tmp_path / "cache" / ".current-old", tmp_path / "cache" / ".current-young"
    for left in (old, young):
        left.touch()
    long_ago_s = time.time() - 7200
    os.utime(old, (long_ago_s, long_ago_s))

    install(cache, "g2")

    assert (old.exists(), young.exists()) == (False, True)


def test_unreadable_folder_is_an_absent_copy(tmp_path: Path) -> None:
    """A file where the folder should be is no reason to crash."""
    (tmp_path / "cache").write_text("not a folder")

    assert IndexCache(tmp_path / "cache").read() is None


def test_copy_pruned_while_it_is_read_is_not_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When others install two generations during our read, we read the last; none is lost."""
    events: list[Event] = []
    cache = IndexCache(tmp_path, listeners=[events.append])
    install(cache, "g1")
    read_copy = cache._read_copy

    def overtaken(pointer: index_cache._Pointer) -> index_cache.CachedCopy:
        monkeypatch.setattr(cache, "_read_copy", read_copy)
        install(IndexCache(tmp_path), "g2")
        install(IndexCache(tmp_path), "g3")
        return read_copy(pointer)

    monkeypatch.setattr(cache, "_read_copy", overtaken)

    copy = cache.read()

    assert copy is not None
    assert copy.manifest.generation == "g3"
    assert events == []


def test_readers_and_writers_never_see_half_a_copy(tmp_path: Path) -> None:
    """Two processes install while two read: every copy that is read is whole."""
    events: list[Event] = []
    install(IndexCache(tmp_path), "g0")
    indexes = {f"g{number}": built(f"g{number}") for number in range(10)}
    seen: list[bool] = []

    def write() -> None:
        cache = IndexCache(tmp_path)
        for index in indexes.values():
            cache.install(index.manifest, index.files, fetched_at=1.0)

    def read() -> None:
        cache = IndexCache(tmp_path, listeners=[events.append])
        for _ in range(40):
            copy = cache.read()
            seen.append(copy is not None and copy.files == indexes[copy.manifest.generation].files)

    threads = [threading.Thread(target=target) for target in (write, read, write, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert events == []
    assert len(seen) == 80
    assert all(seen)
