"""How well search finds, on questions nobody tuned it for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from unittest.mock import Mock

import pytest
import ruamel.yaml.main

from helpdesk.answers import Passage
from helpdesk.articles import load_articles
from helpdesk.embedding import Embedder, MultilingualEmbedder
from helpdesk.errors import KnowledgeError
from helpdesk.evaluation import (
    HitRate,
    LabelledQuestion,
    best_floor,
    halves,
    load_questions,
    measure,
)
from helpdesk.index_source import PackagedSource
from helpdesk.knowledge_index import KnowledgeIndex

DATA = Path(__file__).parents[1] / "data"
QUESTIONS = DATA / "questions.yaml"
ENGLISH = (QUESTIONS, DATA / "short-questions.yaml")
OTHER_LANGUAGES = DATA / "other-languages.yaml"
OFF_TOPIC = DATA / "off-topic.yaml"

HIT_AT_1_FLOOR = 0.75
HIT_AT_3_FLOOR = 0.90
FALSE_REFUSALS_CEILING = 0.12
FALSE_ACCEPTS_CEILING = 0.12


class Eager(MultilingualEmbedder):
    """Finds something for every question: what is ranked is all that is measured."""

    floor = -1.0


def load(embedder: Embedder) -> KnowledgeIndex:
    """The packaged articles."""
    update = PackagedSource(embedder).newer_than(None, deadline=0.0)
    assert update is not None
    return KnowledgeIndex.load(update.manifest, update.files, embedder)


@pytest.fixture(scope="module")
def index() -> KnowledgeIndex:
    """The packaged articles, as the service searches them."""
    return load(MultilingualEmbedder())


def ask(index: KnowledgeIndex, questions: Sequence[LabelledQuestion]) -> HitRate:
    """Ask every question."""
    return measure(
        questions,
        lambda question: index.search(question, 3),
        known_articles=frozenset(article.id for article in load_articles()),
    )


def held_out(*paths: Path) -> list[LabelledQuestion]:
    """The half of the questions that nothing was chosen on."""
    return [item for path in paths for item in halves(load_questions(path))[1]]


@pytest.fixture(scope="module")
def rate() -> HitRate:
    """How the articles are ranked, for all questions in English that one answers."""
    return ask(load(Eager()), load_questions(QUESTIONS))


def test_labelled_questions_are_many() -> None:
    """Enough of them that a percentage point means something."""
    assert sum(len(load_questions(path)) for path in ENGLISH) >= 160
    assert len(load_questions(OFF_TOPIC)) >= 80


def test_floor_is_the_one_that_the_chosen_half_gives(index: KnowledgeIndex) -> None:
    """It is measured, and not felt."""
    fitting = [item for path in ENGLISH for item in halves(load_questions(path))[0]]
    others, _ = halves(load_questions(OFF_TOPIC))

    floor = best_floor(
        [index.likeness(item.question) for item in fitting],
        [index.likeness(item.question) for item in others],
    )

    assert floor == MultilingualEmbedder.floor


def test_what_nothing_fits_finds_nothing_often_enough(index: KnowledgeIndex) -> None:
    """False accepts stay below their ceiling, on the other half."""
    assert ask(index, held_out(OFF_TOPIC)).false_accepts <= FALSE_ACCEPTS_CEILING


def test_what_an_article_answers_is_not_refused_too_often(index: KnowledgeIndex) -> None:
    """False refusals stay below theirs, on the other half."""
    assert ask(index, held_out(*ENGLISH)).false_refusals <= FALSE_REFUSALS_CEILING


def test_other_languages_find_what_is_written_in_english(index: KnowledgeIndex) -> None:
    """Of ten questions in German, French, Spanish and others, eight get the right article."""
    rate = ask(index, load_questions(OTHER_LANGUAGES))

    assert rate.hit_at_1 >= 0.8
    assert rate.false_refusals <= 0.05


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "asdf qwer zxcv",
        "Wie wird das Wetter morgen?",
        "When is payday this month?",
        "¿Quién ganó el partido ayer?",
    ],
)
def test_nothing_fits_is_an_answer(index: KnowledgeIndex, question: str) -> None:
    """Whatever ranks first would be told as what fits best."""
    assert index.search(question, 3) == ()


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


def test_rates_are_told_apart() -> None:
    """Right, second, refused, rightly refused, wrongly accepted."""
    found = {"a": ("x", "y"), "b": ("y", "x"), "c": (), "d": (), "e": ("x",)}
    labels = {"a": "x", "b": "x", "c": "x", "d": None, "e": None}

    rate = measure(
        [LabelledQuestion(question=name, article=label) for name, label in labels.items()],
        lambda question: [passage(name) for name in found[question]],
        known_articles=frozenset({"x", "y"}),
    )

    assert (rate.questions, rate.off_topic) == (3, 2)
    assert (rate.hit_at_1, rate.hit_at_3) == (1 / 3, 2 / 3)
    assert (rate.false_refusals, rate.false_accepts) == (1 / 3, 1 / 2)
    assert [(miss.question, miss.rank) for miss in rate.misses] == [
        ("b", 2),
        ("c", None),
        ("e", None),
    ]


def passage(article_id: str) -> Passage:
    """A passage of that article."""
    return Passage(article_id=article_id, title="", text="", excerpt="", score=0.0)


def test_label_without_article_is_refused() -> None:
    """A question that cannot be answered would be counted against the search."""
    labelled = [LabelledQuestion(question="?", article="gone")]

    with pytest.raises(KnowledgeError, match="gone"):
        measure(labelled, lambda question: (), known_articles=frozenset({"here"}))


def test_questions_are_read_alike_whether_or_not_there_is_a_parser_in_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That one does not take a question mark before a comma, and is installed by chance."""
    path = tmp_path / "questions.yaml"
    path.write_text("- {question: Is it down?, article: vpn}")
    monkeypatch.setattr(ruamel.yaml.main, "CParser", Mock(side_effect=AssertionError))

    (read,) = load_questions(path)

    assert read.question == "Is it down?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "not YAML"),
        ("[]", "no questions"),
        ("- article: x", r"0\.question"),
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
