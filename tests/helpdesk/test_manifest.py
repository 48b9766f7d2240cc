"""The manifest: it proves a generation whole, itself included."""

from __future__ import annotations

import base64
import hashlib
import json

import google_crc32c
import pytest

from helpdesk.errors import DamagedIndexError
from helpdesk.manifest import Manifest, ManifestFile, content_sha256
from tests.helpdesk.stand_ins import built


def test_manifest_survives_writing_and_reading() -> None:
    """What was written is what is read."""
    manifest = built().manifest.located("p/", {"index.faiss": 7})

    assert Manifest.parse(manifest.to_bytes()) == manifest


def test_same_manifest_gives_same_bytes() -> None:
    """Publishing the same index twice does not change the object."""
    assert built().manifest.to_bytes() == built().manifest.to_bytes()


def test_every_flipped_bit_of_a_manifest_is_noticed() -> None:
    """No storage hash vouches for the manifest, so it has to do that itself."""
    data = built().manifest.to_bytes()
    accepted = []

    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1
        try:
            if Manifest.parse(bytes(changed)) != built().manifest:
                accepted.append(position)
        except DamagedIndexError:
            pass

    assert accepted == []


def test_every_shortened_manifest_is_refused() -> None:
    """A body that ended early is never taken for a manifest."""
    data = built().manifest.to_bytes().rstrip()

    for length in range(len(data)):
        with pytest.raises(DamagedIndexError):
            Manifest.parse(data[:length])


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"<html>", b"{}", b"\xff"],
    ids=["empty", "null", "list", "HTML", "no facts", "not text"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    """A captive portal's page is not a manifest."""
    with pytest.raises(DamagedIndexError):
        Manifest.parse(data)


@pytest.mark.parametrize("generation", ["../x", "", ".hidden", "a/b", "a" * 81])
def test_generation_cannot_leave_its_folder(generation: str) -> None:
    """A generation is part of a path, so it is checked before anything is written."""
    data = built().manifest.model_copy(update={"generation": generation}).to_bytes()

    with pytest.raises(DamagedIndexError, match="generation"):
        Manifest.parse(data)


def test_manifest_of_another_format_is_refused() -> None:
    """A later layout must not be read as if it were ours."""
    data = built().manifest.model_copy(update={"format": 2}).to_bytes()

    with pytest.raises(DamagedIndexError, match="format"):
        Manifest.parse(data)


def test_manifest_says_the_kind_of_its_index() -> None:
    """One that does not is of a time when all were flat."""
    manifest = built().manifest.model_copy(update={"kind": "ivf_flat"})
    facts = json.loads(built().manifest.to_bytes())
    del facts["kind"], facts["manifest_sha256"]
    facts["manifest_sha256"] = hashlib.sha256(
        json.dumps(facts, sort_keys=True).encode()
    ).hexdigest()

    assert Manifest.parse(manifest.to_bytes()).kind == "ivf_flat"
    assert Manifest.parse(json.dumps(facts).encode()) == built().manifest
    assert built().manifest.kind == "flat"


def test_manifest_of_an_unknown_kind_is_refused() -> None:
    """A later release may have one."""
    data = built().manifest.model_copy(update={"kind": "graph"}).to_bytes()

    with pytest.raises(DamagedIndexError, match="kind"):
        Manifest.parse(data)


def test_manifest_without_all_files_is_refused() -> None:
    """Index and documents come together or not at all."""
    manifest = built().manifest
    files = {"index.faiss": manifest.files["index.faiss"]}
    data = manifest.model_copy(update={"files": files}).to_bytes()

    with pytest.raises(DamagedIndexError, match="files"):
        Manifest.parse(data)


def test_crc32c_is_written_as_cloud_storage_does() -> None:
    """The published check value of CRC-32C, big-endian in base64."""
    assert ManifestFile.describe(b"123456789", object_name="x").crc32c == "4waSgw=="


@pytest.mark.parametrize("more", [-1, 0, 1], ids=["a byte less", "as long", "a byte more"])
def test_crc32c_of_a_long_file_is_that_of_the_whole(more: int) -> None:
    """It is computed in pieces of a mebibyte."""
    data = (bytes(range(251)) * 9000)[: (2 << 20) + more]
    whole = google_crc32c.value(data).to_bytes(4, "big")

    entry = ManifestFile.describe(data, object_name="x")

    assert base64.b64decode(entry.crc32c) == whole


@pytest.mark.parametrize("data", [b"", b"abd", b"abcd"], ids=["empty", "changed", "longer"])
def test_other_bytes_are_refused(data: bytes) -> None:
    """Size and both hashes must fit."""
    with pytest.raises(DamagedIndexError):
        ManifestFile.describe(b"abc", object_name="x").verify(data)


@pytest.mark.parametrize("name", ["crc32c", "sha256"])
def test_each_hash_counts(name: str) -> None:
    """A manifest whose two hashes disagree fails closed."""
    entry = ManifestFile.describe(b"abc", object_name="x").model_copy(update={name: "0"})

    with pytest.raises(DamagedIndexError, match="hash"):
        entry.verify(b"abc")


def test_missing_file_is_refused() -> None:
    """Half a generation is none."""
    index = built()

    with pytest.raises(DamagedIndexError, match=r"documents\.json is missing"):
        index.manifest.verify({"index.faiss": index.files["index.faiss"]})


def test_content_is_compared_by_hash_wherever_it_lies() -> None:
    """Object names and storage generations do not make an index newer; bytes do."""
    first = built("g1")

    assert first.manifest.has_content_of(first.manifest.located("elsewhere/", {"index.faiss": 9}))
    assert not first.manifest.has_content_of(built("g2").manifest)


def test_content_hash_covers_both_files() -> None:
    """Documents of another generation change the hash as the index would."""
    files = dict(built().files)

    changed = {**files, "documents.json": files["documents.json"] + b" "}

    assert content_sha256(changed) != content_sha256(files)


def test_manifest_is_json_people_can_read() -> None:
    """The layout is the documented one."""
    facts = json.loads(built("g1").manifest.located("p/").to_bytes())

    assert facts["files"]["index.faiss"]["object"] == "p/generations/g1/index.faiss"
    assert facts["format"] == 1
