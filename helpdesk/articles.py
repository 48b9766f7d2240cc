"""The knowledge base: articles in Markdown with front matter, read and checked.

An article is a file ``<id>.md`` that starts with its facts::

    ---
    id: add-printer
    title: Add an office printer
    category: printing
    tags: [printer, driver]
    updated: 2026-03-19
    ---
    The body, in Markdown. Each ``##`` heading starts a section.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from helpdesk.errors import KnowledgeError

PACKAGED_ARTICLES = Path(__file__).parent / "knowledge"
"""Folder of the articles that come with the package."""

_FENCE = "---"
_FIELDS: Mapping[str, tuple[type, str]] = {
    "id": (str, "a text"),
    "title": (str, "a text"),
    "category": (str, "a text"),
    "tags": (list, "a list such as [printer, driver]"),
    "updated": (dt.date, "a date such as 2026-03-19"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article.

    Attributes:
        id: The file name without its ending.
        tags: Words an asker might use that the text may lack.
        body: Markdown without the front matter.
    """

    id: str
    title: str
    category: str
    tags: tuple[str, ...]
    updated: dt.date
    body: str

    def sections(self) -> tuple[str, ...]:
        r"""The body cut before each ``##`` heading; a section keeps its heading.

        Example:
            >>> from datetime import date
            >>> Article(id="a", title="A", category="c", tags=(), updated=date(2026, 1, 1),
            ...         body="Intro.\n\n## Windows\n\nDo this.").sections()
            ('Intro.', '## Windows\n\nDo this.')
        """
        parts = re.split(r"^(?=## )", self.body, flags=re.MULTILINE)
        return tuple(part.strip() for part in parts if part.strip())


def load_articles(folder: Path = PACKAGED_ARTICLES) -> tuple[Article, ...]:
    """All articles of a folder, ordered by id.

    Raises:
        KnowledgeError: Some article has a mistake; the message lists every mistake in every
            file, one a line, as ``path:line:col: what is wrong; expected what; how to fix``.

    Example:
        >>> all(article.sections() for article in load_articles())
        True
    """
    articles: list[Article] = []
    problems: list[str] = []
    paths = sorted(folder.glob("*.md"))
    for path in paths:
        found = _read(path)
        if isinstance(found, Article):
            articles.append(found)
        else:
            problems += found
    if not paths:
        problems.append(f"{folder}: no articles; expected files ending in .md; add one")
    if problems:
        raise KnowledgeError("\n".join(problems))
    return tuple(articles)


def _read(path: Path) -> Article | list[str]:
    """The article, or what is wrong with its file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [f"{path}:1:1: cannot be read: {error}; expected UTF-8 text; save it again"]

    head, closing_fence, body = text.partition(f"\n{_FENCE}\n")
    if not head.startswith(f"{_FENCE}\n") or not closing_fence:
        wrong = "no front matter; expected facts between two lines of '---'"
        return [f"{path}:1:1: {wrong}; copy them from another article"]
    try:
        # The opening fence becomes a blank line, so that positions are those of the file.
        facts = YAML().load(head.removeprefix(_FENCE))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        return [f"{path}:{where}: not YAML: {error.problem}; expected 'name: value' lines"]
    if not isinstance(facts, CommentedMap):
        return [f"{path}:2:1: front matter is not a mapping; expected 'name: value' lines"]

    problems = list(_problems(path, facts))
    if not body.strip():
        problems.append(
            f"{path}:{head.count(chr(10)) + 3}:1: no body; expected Markdown; write it"
        )
    if problems:
        return problems
    return Article(
        id=facts["id"],
        title=facts["title"],
        category=facts["category"],
        tags=tuple(str(tag) for tag in facts["tags"]),
        updated=facts["updated"],
        body=body.strip(),
    )


def _problems(path: Path, facts: CommentedMap) -> Iterator[str]:
    for name, (kind, wanted) in _FIELDS.items():
        if name not in facts:
            yield f"{path}:2:1: no '{name}'; expected {wanted}; add '{name}:'"
            continue
        value = facts[name]
        if not isinstance(value, kind) or not value:
            yield f"{_at(path, facts, name)}: '{name}' is {value!r}; expected {wanted}; change it"
        elif name == "id" and value != path.stem:
            yield (
                f"{_at(path, facts, name)}: id {value!r} is not the file's name; "
                f"expected {path.stem!r}; change one of them"
            )
    for name in facts:
        if name not in _FIELDS:
            known = ", ".join(_FIELDS)
            yield f"{_at(path, facts, name)}: unknown '{name}'; expected one of {known}; remove it"


def _at(path: Path, facts: CommentedMap, name: object) -> str:
    line, column = facts.lc.key(name)
    return f"{path}:{line + 1}:{column + 1}"
