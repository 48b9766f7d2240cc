"""How well search finds, on questions nobody tuned it for."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk.articles import load_articles
from helpdesk.embedding import WordLlamaEmbedder
from helpdesk.errors import KnowledgeError
from helpdesk.evaluation import HitRate, LabelledQuestion, load_questions, measure
from helpdesk.index_source import PackagedSource
from helpdesk.knowledge_index import KnowledgeIndex

QUESTIONS = Path(__file__).parents[1] / "data" / "questions.yaml"

HIT_AT_1_FLOOR = 0.70
HIT_AT_3_FLOOR = 0.86


@pytest.fixture(scope="module")
def rate() -> HitRate:
    """The packaged articles, asked all labelled questions."""
    embedder = WordLlamaEmbedder()
    update = PackagedSource(embedder).newer_than(None, deadline=0.0)
    assert update is not None
    index = KnowledgeIndex.load(update.manifest, update.files, embedder)
    return measure(
        load_questions(QUESTIONS),
        lambda question: index.search(question, 3),
        known_articles=frozenset(article.id for article in load_articles()),
    )


def test_labelled_questions_are_many(rate: HitRate) -> None:
    """Enough of them that a percentage point means something."""
    assert rate.questions >= 60


def test_right_article_comes_first_often_enough(rate: HitRate) -> None:
    """hit@1 stays above its floor."""
    assert rate.hit_at_1 >= HIT_AT_1_FLOOR


def test_right_article_is_among_three_often_enough(rate: HitRate) -> None:
    """hit@3, which is what the model gets to read, stays above its floor."""
    assert rate.hit_at_3 >= HIT_AT_3_FLOOR


def test_no_question_is_copied_from_a_title() -> None:
    """A paraphrase measures search; a title would only measure equality."""
    titles = {article.title.casefold().strip("?.") for article in load_articles()}
    asked = {item.question.casefold().strip("?.") for item in load_questions(QUESTIONS)}

    assert titles & asked == set()


def test_label_without_article_is_refused() -> None:
    """A question that cannot be answered would be counted against the search."""
    labelled = [LabelledQuestion(question="?", article="gone")]

    with pytest.raises(KnowledgeError, match="gone"):
        measure(labelled, lambda question: (), known_articles=frozenset({"here"}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "not YAML"),
        ("[]", "no questions"),
        ("- question: x", r"0\.article"),
        ("word", "expected a list"),
    ],
    ids=["broken", "empty", "incomplete", "no list"],
)
def test_mistake_in_the_questions_is_told(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file and the place."""
    path = tmp_path / "questions.yaml"
    path.write_text(text)

    with pytest.raises(KnowledgeError, match=message):
        load_questions(path)
