"""The manifest: one small file that names one generation of the index, and proves it whole.

It is written last when an index is published, and read first when one is fetched. Everything
that is served was checked against it, so index and documents are never of two generations.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self

import google_crc32c
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from helpdesk.errors import DamagedIndexError

INDEX_FILE = "index.faiss"
DOCUMENTS_FILE = "documents.json"
MANIFEST_FILE = "manifest.json"
FILE_NAMES = (INDEX_FILE, DOCUMENTS_FILE)
"""The files of one generation, beside the manifest."""

IndexKind = Literal["flat", "ivf_flat"]
"""How an index keeps its vectors: all in one row, or divided into lists of similar ones."""

_HASHED_AT_ONCE = 1 << 20

_SELF_CHECK = "manifest_sha256"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ManifestFile(_Part):
    """One file of the generation, and what its bytes must be.

    Attributes:
        object: Full name of the object in the bucket.
        crc32c: As Cloud Storage writes it: big-endian, in base64.
        generation: The object's generation in Cloud Storage; None where it is not known.
    """

    object: str
    size: int = Field(ge=0)
    crc32c: str
    sha256: str
    generation: int | None = None

    @classmethod
    def describe(cls, data: bytes, *, object_name: str, generation: int | None = None) -> Self:
        """The entry for these bytes."""
        return cls(
            object=object_name,
            size=len(data),
            crc32c=base64.b64encode(_crc32c(data).to_bytes(4, "big")).decode(),
            sha256=hashlib.sha256(data).hexdigest(),
            generation=generation,
        )

    def verify(self, data: bytes) -> None:
        """Accept exactly the bytes that were described.

        Raises:
            DamagedIndexError: Size or hash differ.
        """
        seen = self.describe(data, object_name=self.object, generation=self.generation)
        if seen.size != self.size:
            raise DamagedIndexError(f"{self.object} has {seen.size} bytes, expected {self.size}")
        if seen != self:
            raise DamagedIndexError(f"{self.object} does not match the hash in its manifest")


class EmbeddingModel(_Part):
    """What made the vectors."""

    model: str
    dimensions: int = Field(ge=1)


class Manifest(_Part):
    """One generation of the index.

    Attributes:
        generation: Sorts by age as text: the later of two generations is the greater.
        articles: How many articles are in it.
        kind: Of the index. Manifests from before there were two do not say it; theirs are flat.

    Example:
        >>> manifest = Manifest.describe(
        ...     {"index.faiss": b"i", "documents.json": b"d"}, generation="g1", articles=1,
        ...     created_at=datetime.fromisoformat("2026-01-01T00:00:00Z"),
        ...     embedding=EmbeddingModel(model="m", dimensions=3))
        >>> manifest.located("helpdesk-index/").files["index.faiss"].object
        'helpdesk-index/generations/g1/index.faiss'
    """

    format: Literal[1] = 1
    # The generation becomes part of a path, so it must not be able to leave its folder.
    generation: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    created_at: AwareDatetime
    embedding: EmbeddingModel
    articles: int = Field(ge=0)
    kind: IndexKind = "flat"
    files: Mapping[str, ManifestFile]

    @field_validator("files")
    @classmethod
    def _has_all_files(cls, files: Mapping[str, ManifestFile]) -> Mapping[str, ManifestFile]:
        if set(files) != set(FILE_NAMES):
            raise ValueError(f"expected exactly {' and '.join(FILE_NAMES)}")
        return files

    @classmethod
    def describe(  # noqa: PLR0913 - one for each fact
        cls,
        files: Mapping[str, bytes],
        *,
        generation: str,
        created_at: datetime,
        embedding: EmbeddingModel,
        articles: int,
        kind: IndexKind = "flat",
    ) -> Self:
        """The manifest of these files, not yet located in a bucket."""
        described = {
            name: ManifestFile.describe(data, object_name=f"generations/{generation}/{name}")
            for name, data in files.items()
        }
        return cls(
            generation=generation,
            created_at=created_at,
            embedding=embedding,
            articles=articles,
            kind=kind,
            files=described,
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a manifest.

        Raises:
            DamagedIndexError: It is cut short or changed, or not a manifest of this format.
        """
        try:
            facts = json.loads(data)
            noted = facts.pop(_SELF_CHECK)
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            raise DamagedIndexError("not a manifest, or only a part of one") from error
        if noted != _self_check(facts):
            raise DamagedIndexError("the manifest was changed after it was written")
        try:
            return cls.model_validate(facts)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise DamagedIndexError(
                f"the manifest cannot be understood: {where}: {first['msg']}"
            ) from error

    def to_bytes(self) -> bytes:
        """The manifest as a file's content, with a hash over itself.

        Nothing else vouches for the manifest. One flipped bit in its generation would make
        every later one look old.
        """
        facts = self.model_dump(mode="json")
        facts[_SELF_CHECK] = _self_check(facts)
        return json.dumps(facts, indent=2, sort_keys=True).encode() + b"\n"

    def located(self, prefix: str, generations: Mapping[str, int] | None = None) -> Self:
        """The same manifest for files under ``prefix`` of a bucket.

        Args:
            prefix: Start of every object's name; ends in a slash by custom.
            generations: Cloud Storage generation by file name, where known. A download is
                pinned to it, so that an object overwritten meanwhile is noticed at once.
        """
        known = generations or {}
        files = {
            name: entry.model_copy(
                update={
                    "object": f"{prefix}generations/{self.generation}/{name}",
                    "generation": known.get(name),
                }
            )
            for name, entry in self.files.items()
        }
        return self.model_copy(update={"files": files})

    def stranger(self, prefix: str) -> str | None:
        """Return an object that the manifest names outside of its own place; None if none is.

        A manifest is trusted to say what its files are, and not to send us through the bucket.

        Example:
            >>> manifest = Manifest.describe(
            ...     {"index.faiss": b"i", "documents.json": b"d"}, generation="g1", articles=1,
            ...     created_at=datetime.fromisoformat("2026-01-01T00:00:00Z"),
            ...     embedding=EmbeddingModel(model="m", dimensions=3))
            >>> manifest.stranger("helpdesk-index/")
            'generations/g1/index.faiss'
        """
        own = self.located(prefix)
        return next(
            (
                entry.object
                for name, entry in self.files.items()
                if entry.object != own.files[name].object
            ),
            None,
        )

    def verify(self, files: Mapping[str, bytes]) -> None:
        """Accept exactly the files that were described.

        Raises:
            DamagedIndexError: A file is missing, or is not what the manifest says.
        """
        for name, entry in self.files.items():
            if name not in files:
                raise DamagedIndexError(f"{name} is missing")
            entry.verify(files[name])

    def has_content_of(self, other: Manifest) -> bool:
        """Whether both name the same bytes, wherever they lie."""
        return self.generation == other.generation and all(
            self.files[name].sha256 == other.files[name].sha256 for name in FILE_NAMES
        )


def _self_check(facts: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _crc32c(data: bytes) -> int:
    """The hash of the whole, computed piece by piece.

    The library keeps the interpreter while it computes. Of two gigabytes at once, half a second
    would pass in which no other thread can answer.
    """
    value = 0
    for start in range(0, len(data), _HASHED_AT_ONCE):
        value = google_crc32c.extend(value, data[start : start + _HASHED_AT_ONCE])
    return value


def content_sha256(files: Mapping[str, bytes]) -> str:
    """One hash over all files of a generation, computed from the bytes themselves.

    Example:
        >>> content_sha256({"index.faiss": b"1", "documents.json": b"2"})[:8]
        '6b51d431'
    """
    digest = hashlib.sha256()
    for name in FILE_NAMES:
        digest.update(files[name])
    return digest.hexdigest()
