"""A generation in memory: articles are found, and wrong files are not loaded."""

from __future__ import annotations

import json

import pytest

from helpdesk import vector_index
from helpdesk.errors import DamagedIndexError
from helpdesk.index_builder import BuiltIndex
from helpdesk.knowledge_index import KnowledgeIndex
from helpdesk.manifest import EmbeddingModel, Manifest
from tests.helpdesk.stand_ins import TinyEmbedder, built

FLAT = built().files["index.faiss"]


def load(index: BuiltIndex) -> KnowledgeIndex:
    """Load a built index."""
    return KnowledgeIndex.load(index.manifest, index.files, TinyEmbedder())


def with_documents(documents: object, articles: int = 3) -> BuiltIndex:
    """An index whose hashes are right and whose documents are these."""
    index = built()
    files = {**index.files, "documents.json": json.dumps(documents).encode()}
    manifest = Manifest.describe(
        files,
        generation="g1",
        created_at=index.manifest.created_at,
        embedding=index.manifest.embedding,
        articles=articles,
    )
    return BuiltIndex(manifest, files)


def test_search_returns_each_article_once_best_first() -> None:
    """An article with several fitting sections is one passage: its best section."""
    passages = load(built()).search("fix the printer", 3)

    assert [passage.article_id for passage in passages][:1] == ["printer"]
    assert len({passage.article_id for passage in passages}) == 3
    assert passages[0].excerpt == "## Steps\n\nFix the printer."
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)


def test_more_than_there_is_gives_what_there_is() -> None:
    """Asking for twenty of three articles gives three."""
    assert len(load(built()).search("printer", 20)) == 3


@pytest.mark.parametrize("question", ["", "   ", "???"])
def test_question_without_words_finds_nothing(question: str) -> None:
    """Nothing is better than the wrong article."""
    assert load(built()).search(question, 3) == ()


def test_question_that_no_article_is_about_finds_nothing() -> None:
    """Something always ranks first; that is no reason to quote it."""
    index = load(built())

    assert index.search("weather tomorrow", 3) == ()
    assert index.likeness("fix the printer") > TinyEmbedder.floor > 0


def test_changed_text_is_refused() -> None:
    """One changed letter in an article is noticed before anything is parsed."""
    index = built()
    changed = index.files["documents.json"].replace(b"Fix", b"Fox")

    with pytest.raises(DamagedIndexError, match="hash"):
        load(BuiltIndex(index.manifest, {**index.files, "documents.json": changed}))


@pytest.mark.parametrize(
    "made_by",
    [EmbeddingModel(model="other", dimensions=64), EmbeddingModel(model="tiny", dimensions=32)],
    ids=["model", "dimensions"],
)
def test_vectors_of_another_embedder_are_refused(made_by: EmbeddingModel) -> None:
    """They would find nothing, or the wrong thing, or end each search with an empty error."""
    index = built()
    manifest = index.manifest.model_copy(update={"embedding": made_by})

    with pytest.raises(DamagedIndexError, match="was made with"):
        load(BuiltIndex(manifest, index.files))


def test_documents_that_are_no_articles_are_refused() -> None:
    """Right hash, wrong content: a mistake of the publisher."""
    with pytest.raises(DamagedIndexError, match="not a list of articles"):
        load(with_documents([]))


def test_other_number_of_articles_is_refused() -> None:
    """The manifest's count is checked."""
    with pytest.raises(DamagedIndexError, match="has 0 articles"):
        load(with_documents({"articles": []}))


def test_documents_that_do_not_fit_the_vectors_are_refused() -> None:
    """One row too many would quote the wrong passage for every question."""
    with pytest.raises(DamagedIndexError, match="vectors"):
        load(with_documents({"articles": []}, articles=0))


@pytest.fixture
def in_lists(monkeypatch: pytest.MonkeyPatch) -> BuiltIndex:
    """An index that counts as one of many vectors."""
    monkeypatch.setattr(vector_index, "FLAT_UP_TO", 1)
    return built()


def test_many_vectors_are_published_in_lists_and_found(in_lists: BuiltIndex) -> None:
    """The manifest says so; an index of few is flat."""
    passages = load(in_lists).search("fix the printer", 3)

    assert in_lists.manifest.kind == "ivf_flat"
    assert in_lists.files["index.faiss"].startswith(b"IwFl")
    assert passages[0].article_id == "printer"


@pytest.mark.usefixtures("in_lists")
def test_index_that_was_built_flat_goes_on_working() -> None:
    """That of an earlier release, with as many vectors as are divided now."""
    built_now = built()
    files = {**built_now.files, "index.faiss": FLAT}
    manifest = Manifest.describe(
        files,
        generation="g1",
        created_at=built_now.manifest.created_at,
        embedding=built_now.manifest.embedding,
        articles=3,
    )

    assert load(BuiltIndex(manifest, files)).search("fix the printer", 3)[0].article_id == (
        "printer"
    )


@pytest.mark.parametrize("said", ["flat", "ivf_flat"])
def test_index_of_another_kind_than_its_manifest_says_is_refused(
    in_lists: BuiltIndex, said: str
) -> None:
    """One of both is wrong, and nobody knows which."""
    files = {**in_lists.files, "index.faiss": FLAT} if said == "ivf_flat" else in_lists.files
    manifest = Manifest.describe(
        files,
        generation="g1",
        created_at=in_lists.manifest.created_at,
        embedding=in_lists.manifest.embedding,
        articles=3,
        kind=said,  # type: ignore[arg-type]  # one of the two
    )

    with pytest.raises(DamagedIndexError, match="expected an index with"):
        load(BuiltIndex(manifest, files))
