"""Building and publishing: the same bytes each time, and the manifest last."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from helpdesk.bucket import IndexBucket
from helpdesk.errors import DownloadError
from helpdesk.index_builder import build_index, content_key
from helpdesk.manifest import Manifest
from tests.helpdesk.stand_ins import BUCKET, FakeStorage, TinyEmbedder, article, built


def bucket(storage: FakeStorage) -> IndexBucket:
    """The bucket, through the real SDK."""
    return IndexBucket(BUCKET, client=storage.client(), timeout_s=5)


def test_same_articles_give_same_bytes() -> None:
    """Neither the order of the articles nor the day of the build shows in the files."""
    articles = [article("printer"), article("vpn")]
    one, other = (
        build_index(order, TinyEmbedder(), generation="g", created_at=dt.datetime.now(dt.UTC))
        for order in (articles, articles[::-1])
    )

    assert one.files == other.files


def test_content_key_changes_with_what_the_index_depends_on(tmp_path: Path) -> None:
    """A changed, added or renamed article gives a new key, and so does another model."""

    class OtherModel(TinyEmbedder):
        model = "other"

    keys = [content_key(tmp_path, TinyEmbedder()), content_key(tmp_path, OtherModel())]
    for name, text in (("a", "1"), ("a", "2"), ("b", "2")):
        (tmp_path / f"{name}.md").write_text(text)
        keys.append(content_key(tmp_path, TinyEmbedder()))
    (tmp_path / "b.md").rename(tmp_path / "c.md")
    keys.append(content_key(tmp_path, TinyEmbedder()))

    assert len(set(keys)) == len(keys) == 6
    assert content_key(tmp_path, TinyEmbedder()) == keys[-1]


def test_written_folder_is_laid_out_as_in_a_bucket(tmp_path: Path) -> None:
    """Copying the folder into a bucket publishes it."""
    index = built("g1")

    index.write(tmp_path)

    manifest = Manifest.parse((tmp_path / "manifest.json").read_bytes())
    manifest.verify(
        {name: (tmp_path / entry.object).read_bytes() for name, entry in manifest.files.items()}
    )


def test_manifest_is_published_last(storage: FakeStorage) -> None:
    """A reader in between finds the old generation, whole."""
    built("g1").publish(bucket(storage), "p/")

    uploads = [request for request in storage.seen if request.startswith("POST")]
    assert uploads == [
        "POST p/generations/g1/index.faiss",
        "POST p/generations/g1/documents.json",
        "POST p/manifest.json",
    ]


def test_published_manifest_pins_the_objects(storage: FakeStorage) -> None:
    """It names the generations that storage gave to the files."""
    index = built("g1")

    published = index.publish(bucket(storage), "p/")

    assert Manifest.parse(storage.objects["p/manifest.json"][0]) == published
    for name, entry in published.files.items():
        assert storage.objects[entry.object] == (index.files[name], entry.generation)


def test_publishing_again_replaces_the_manifest(storage: FakeStorage) -> None:
    """The second generation follows the first."""
    built("g1").publish(bucket(storage), "p/")
    built("g2").publish(bucket(storage), "p/")

    assert Manifest.parse(storage.objects["p/manifest.json"][0]).generation == "g2"


def test_two_publishers_do_not_overwrite_each_other(
    storage: FakeStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one who comes second is told; the manifest of the first stays."""
    mine = bucket(storage)
    monkeypatch.setattr(mine, "generation_of", lambda name: 0)
    built("g1").publish(bucket(storage), "p/")

    with pytest.raises(DownloadError, match="replaced by someone else"):
        built("g2").publish(mine, "p/")

    assert Manifest.parse(storage.objects["p/manifest.json"][0]).generation == "g1"


@pytest.fixture
def storage() -> FakeStorage:
    """An empty bucket."""
    return FakeStorage()
