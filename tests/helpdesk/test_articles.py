"""Articles: what is read, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk.articles import PACKAGED_ARTICLES, load_articles
from helpdesk.errors import KnowledgeError

GOOD = """\
---
id: {id}
title: Add a printer
category: printing
tags: [printer, driver]
updated: 2026-03-19
---
Intro.

## Windows

Do this.
"""


def write(folder: Path, name: str, text: str) -> Path:
    """An article file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_article_is_read_with_its_facts_and_sections(tmp_path: Path) -> None:
    """Front matter becomes facts, and headings start sections."""
    write(tmp_path, "add.md", GOOD.format(id="add"))

    (article,) = load_articles(tmp_path)

    assert (article.id, article.category, article.tags) == (
        "add",
        "printing",
        ("printer", "driver"),
    )
    assert article.sections() == ("Intro.", "## Windows\n\nDo this.")


def test_articles_come_in_order_of_id(tmp_path: Path) -> None:
    """The order does not depend on the file system."""
    for name in ("b", "a", "c"):
        write(tmp_path, f"{name}.md", GOOD.format(id=name))

    assert [article.id for article in load_articles(tmp_path)] == ["a", "b", "c"]


MISTAKES = {
    "no front matter": ("Hello.\n", "1:1: no front matter"),
    "unclosed front matter": ("---\nid: x\n", "1:1: no front matter"),
    "broken YAML": (GOOD.replace("[printer", "[[printer"), "6:1: not YAML"),
    "no mapping": ("---\n- a\n---\nText.\n", "2:1: front matter is not a mapping"),
    "missing field": (GOOD.replace("title: Add a printer\n", ""), "2:1: no 'title'"),
    "empty field": (GOOD.replace("[printer, driver]", "[]"), "5:1: 'tags' is []"),
    "wrong type": (GOOD.replace("2026-03-19", "soon"), "6:1: 'updated' is 'soon'"),
    "unknown field": (GOOD.replace("tags:", "owner: me\ntags:"), "5:1: unknown 'owner'"),
    "other id": (GOOD.replace("{id}", "other"), "2:1: id 'other' is not the file's name"),
    "no body": (GOOD.partition("Intro")[0], "8:1: no body"),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    """Each mistake names path, line and column, and what was expected."""
    path = write(tmp_path, "x.md", text.replace("{id}", "x"))

    with pytest.raises(KnowledgeError) as caught:
        load_articles(tmp_path)

    assert f"{path}:{message}" in str(caught.value)
    assert "expected" in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """One run finds the mistakes of all files, one a line."""
    write(tmp_path, "a.md", "Hello.\n")
    write(tmp_path, "b.md", GOOD.format(id="other").replace("category: printing\n", ""))

    with pytest.raises(KnowledgeError) as caught:
        load_articles(tmp_path)

    assert len(str(caught.value).splitlines()) == 3


def test_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are a mistake like any other."""
    (tmp_path / "x.md").write_bytes(b"---\n\xff\n---\n")

    with pytest.raises(KnowledgeError, match="expected UTF-8"):
        load_articles(tmp_path)


def test_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    """An index of nothing is never what was meant."""
    with pytest.raises(KnowledgeError, match="no articles"):
        load_articles(tmp_path)


def test_packaged_articles_are_sound_and_many() -> None:
    """The articles that come with the package can all be read."""
    assert len(load_articles(PACKAGED_ARTICLES)) >= 60
