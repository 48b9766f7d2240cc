"""How often search finds the right article, measured on labelled questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from helpdesk.answers import Passage
from helpdesk.errors import KnowledgeError


class LabelledQuestion(BaseModel):
    """A question, and the id of the article that answers it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A question whose article did not come first; ``rank`` is None if it was not found."""

    question: str
    expected: str
    found: tuple[str, ...]
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRate:
    """What came of asking every question.

    Attributes:
        hit_at_1: Share of questions whose article came first, from 0 to 1.
        hit_at_3: Share of questions whose article was among the first three.
        misses: The others than the first, in the order of the questions.
    """

    questions: int
    hit_at_1: float
    hit_at_3: float
    misses: tuple[Miss, ...]


def load_questions(path: Path) -> tuple[LabelledQuestion, ...]:
    """The questions of a YAML file: a list of ``{question, article}``.

    Raises:
        KnowledgeError: The file cannot be read, is not such a list, or is empty.
    """
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
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
        questions: At least one.
        search: Returns three passages or more, best first.
        known_articles: Ids in the index.

    Raises:
        KnowledgeError: A label names no article. It could never be found, and the numbers
            would say something about the labels, not about the search.
    """
    unknown = sorted({item.article for item in questions} - known_articles)
    if unknown:
        raise KnowledgeError(f"labels name articles that do not exist: {', '.join(unknown)}")
    misses = []
    hits_at_3 = 0
    for item in questions:
        found = tuple(passage.article_id for passage in search(item.question))
        hits_at_3 += item.article in found[:3]
        if found[:1] != (item.article,):
            rank = found.index(item.article) + 1 if item.article in found else None
            misses.append(
                Miss(question=item.question, expected=item.article, found=found, rank=rank)
            )
    return HitRate(
        questions=len(questions),
        hit_at_1=1 - len(misses) / len(questions),
        hit_at_3=hits_at_3 / len(questions),
        misses=tuple(misses),
    )
