"""Words in common: rare ones count, endings do not."""

from __future__ import annotations

from helpdesk.lexical import LexicalIndex

TEXTS = ["Print a document", "Scan a document", "Reset the password of the printer portal"]


def test_text_with_the_rarer_word_comes_first() -> None:
    """A word that all texts have says little."""
    scores = LexicalIndex(TEXTS).scores("scanning documents")

    assert scores.argmax() == 1


def test_scores_lie_between_nothing_and_one() -> None:
    """So that they can be blended with cosines."""
    scores = LexicalIndex(TEXTS).scores("print print print document password portal reset")

    assert ((scores >= 0) & (scores <= 1)).all()


def test_question_without_known_words_scores_nothing() -> None:
    """Neither unknown words nor stop words nor nothing at all find anything."""
    index = LexicalIndex(TEXTS)

    assert not index.scores("xyzzy").any()
    assert not index.scores("how do I").any()
    assert not index.scores("").any()


def test_unknown_words_lower_the_score() -> None:
    """A text that has all the words of a question beats the same text for a longer question."""
    index = LexicalIndex(TEXTS)

    assert index.scores("scan").max() > index.scores("scan xyzzy").max()
