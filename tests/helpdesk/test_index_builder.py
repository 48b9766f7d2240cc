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


@pytest.mark.usefixtures("clock")
def test_lost_answer_to_the_manifest_is_a_success(storage: FakeStorage) -> None:
    """It is stored, nobody says so, and the second try meets the first: published, not a rival."""
    built("g1").publish(bucket(storage), "p/")
    index, publisher = built("g2"), bucket(storage)
    upload = publisher.upload

    def lose_one(name: str, data: bytes, *, replaces: int | None) -> int:
        storage.answers_lost = int(name.endswith("manifest.json"))
        return upload(name, data, replaces=replaces)

    publisher.upload = lose_one  # type: ignore[assignment,method-assign] # loses an answer

    published = index.publish(publisher, "p/")

    assert storage.objects["p/manifest.json"][0] == published.to_bytes()


@pytest.mark.usefixtures("clock")
def test_every_answer_lost_is_a_success_all_the_same(storage: FakeStorage) -> None:
    """Whatever the SDK gives up with, what counts is what is there."""
    storage.answers_lost = 1_000

    assert bucket(storage).upload("p/x", b"data", replaces=None) == storage.objects["p/x"][1]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    "theirs", [b"other", b"otherdata"], ids=["as long as ours", "of another length"]
)
def test_what_a_rival_stored_is_not_taken_for_ours(storage: FakeStorage, theirs: bytes) -> None:
    """The hash tells."""
    mine = storage.put("p/x", b"old")
    storage.put("p/x", theirs)

    with pytest.raises(DownloadError, match="replaced by someone else"):
        bucket(storage).upload("p/x", b"ours.", replaces=mine)


@pytest.mark.usefixtures("clock")
def test_same_content_from_before_is_no_success(storage: FakeStorage) -> None:
    """A failed upload over an object of the same bytes has stored nothing."""
    before = storage.put("p/x", b"same")
    storage.refuses_uploads = 503

    with pytest.raises(DownloadError, match="repeatedly, until the attempts were used up"):
        bucket(storage).upload("p/x", b"same", replaces=before)


@pytest.mark.usefixtures("clock")
def test_endless_503_is_told_as_that(storage: FakeStorage) -> None:
    """Not as a lost connection, which it was not."""
    storage.refuses_uploads = 503

    with pytest.raises(DownloadError) as raised:
        built("g1").publish(bucket(storage), "p/")

    assert str(raised.value).startswith("Cloud Storage answered 503 for gs://kb/p/generations/g1/")
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("status", "told"), [(403, "roles/storage.objectUser"), (404, "bucket 'kb' does not exist")]
)
def test_refused_upload_names_what_is_missing(
    storage: FakeStorage, status: int, told: str
) -> None:
    """The role of a writer, and not that of a reader; or the bucket."""
    storage.refuses_uploads = status

    with pytest.raises(DownloadError, match=told):
        built("g1").publish(bucket(storage), "p/")


@pytest.fixture
def storage() -> FakeStorage:
    """An empty bucket."""
    return FakeStorage()
