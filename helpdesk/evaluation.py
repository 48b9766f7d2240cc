"""How well search finds, and how well it knows when there is nothing to find.

Measured on labelled questions: those that an article answers, and those that none does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from helpdesk.answers import Passage
from helpdesk.errors import KnowledgeError

T = TypeVar("T")


class LabelledQuestion(BaseModel):
    """A question, and the id of the article that answers it; None if none does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    article: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A question that did not find first what it should have found.

    Attributes:
        expected: The article that answers it; None if none does.
        found: What was found, best first.
        rank: Place of the article among them; None if it is not.
    """

    question: str
    expected: str | None
    found: tuple[str, ...]
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRate:
    """What came of asking every question; all rates are from 0 to 1, and 0 of no questions.

    Attributes:
        questions: Those that an article answers.
        hit_at_1: Share of them whose article came first.
        hit_at_3: Share of them whose article was among the first three.
        false_refusals: Share of them that found nothing.
        off_topic: Questions that no article answers.
        false_accepts: Share of those that found something all the same.
        misses: The questions that did not find first what they should have, in their order.
    """

    questions: int
    hit_at_1: float
    hit_at_3: float
    false_refusals: float
    off_topic: int
    false_accepts: float
    misses: tuple[Miss, ...]


def load_questions(path: Path) -> tuple[LabelledQuestion, ...]:
    """The questions of a YAML file: a list of ``{question, article}``.

    Raises:
        KnowledgeError: The file cannot be read, is not such a list, or is empty.
    """
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        questions = TypeAdapter(tuple[LabelledQuestion, ...]).validate_python(content)
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{path}: cannot be read: {error}") from error
    except YAMLError as error:
        raise KnowledgeError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise KnowledgeError(
            f"{path}: {where}: {first['msg']}; expected a list of 'question' and 'article'"
        ) from error
    if not questions:
        raise KnowledgeError(f"{path}: no questions; expected a list of 'question' and 'article'")
    return questions


def measure(
    questions: Sequence[LabelledQuestion],
    search: Callable[[str], Sequence[Passage]],
    *,
    known_articles: frozenset[str],
) -> HitRate:
    """Ask every question.

    Args:
        questions: With or without an article that answers them.
        search: Returns three passages or more, best first; none if nothing fits.
        known_articles: Ids in the index.

    Raises:
        KnowledgeError: A label names no article. It could never be found, and the numbers
            would say something about the labels, not about the search.
    """
    labels = {item.article for item in questions if item.article is not None}
    if unknown := sorted(labels - known_articles):
        raise KnowledgeError(f"labels name articles that do not exist: {', '.join(unknown)}")
    asked = [
        (item, tuple(passage.article_id for passage in search(item.question)))
        for item in questions
    ]
    fitting = [(item, found) for item, found in asked if item.article is not None]
    others = [found for item, found in asked if item.article is None]
    return HitRate(
        questions=len(fitting),
        hit_at_1=_share([found[:1] == (item.article,) for item, found in fitting]),
        hit_at_3=_share([item.article in found[:3] for item, found in fitting]),
        false_refusals=_share([not found for _, found in fitting]),
        off_topic=len(others),
        false_accepts=_share([bool(found) for found in others]),
        misses=tuple(miss for item, found in asked if (miss := _miss(item, found))),
    )


def halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Every other item, and the rest: one half to choose on, one to measure on.

    Example:
        >>> halves("abcde")
        ('ace', 'bd')
    """
    return items[::2], items[1::2]


def best_floor(fitting: Sequence[float], others: Sequence[float]) -> float:
    """Choose the likeness below which nothing fits, in steps of 0.01.

    Args:
        fitting: Likeness of the nearest section, for questions that an article answers.
        others: The same for questions that none answers.

    Returns:
        The floor with which the rates of false refusals and false accepts add up to least; of
        several, the lowest.

    Example:
        >>> best_floor([0.4, 0.5, 0.9], [0.1, 0.2])
        0.21
    """
    steps = [step / 100 for step in range(101)]
    return min(
        steps,
        key=lambda floor: (
            _share([likeness < floor for likeness in fitting])
            + _share([likeness >= floor for likeness in others])
        ),
    )


def _miss(item: LabelledQuestion, found: tuple[str, ...]) -> Miss | None:
    expected = () if item.article is None else (item.article,)
    if found[:1] == expected:
        return None
    rank = found.index(item.article) + 1 if item.article in found else None
    return Miss(question=item.question, expected=item.article, found=found, rank=rank)


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0
