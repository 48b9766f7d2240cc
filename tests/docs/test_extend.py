"""Each kind of extension has a short page, and what a package would announce is on it."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from chaos import extensions
from chaos.extensions import ExtensionKind, finding, found
from tests.chaos.extensions.conftest import project  # noqa: F401 - its folder is used here
from tests.docs.blocks import blocks

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    ExtensionKind.FAULT: "extend/fault.md",
    ExtensionKind.LAW: "extend/law.md",
    ExtensionKind.EXPECTATION: "extend/expectation.md",
    ExtensionKind.UPSTREAM: "extend/upstream.md",
    ExtensionKind.TIER: "extend/tier.md",
    ExtensionKind.FORMAT: "extend/report-format.md",
    ExtensionKind.TARGET: "your-own-service.md",
}
LONGEST = 80
_ANNOUNCED = re.compile(r"announce\s+`(\w+:\w+)`\s+as\s+an\s+entry\s+point\s+of\s+`([\w.]+)`")


def test_every_kind_has_a_page() -> None:
    """It is in the menu of the site, and whoever contributes is sent there."""
    menu = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    contributing = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert PAGES.keys() == {*ExtensionKind}
    assert [page for page in PAGES.values() if f"- {page}\n" not in menu] == []
    assert [page for page in PAGES.values() if f"(docs/{page})" not in contributing] == []


@pytest.mark.parametrize(
    "page", sorted((DOCS / "extend").glob("*.md")), ids=lambda page: page.name
)
def test_page_is_short(page: Path) -> None:
    """What takes longer to explain is too hard to do."""
    assert len(page.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize(
    "kind",
    [kind for kind in ExtensionKind if kind not in {ExtensionKind.FORMAT, ExtensionKind.TARGET}],
    ids=lambda kind: kind.word,
)
@pytest.mark.usefixtures("project")
def test_package_can_announce_what_the_page_shows(
    kind: ExtensionKind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under the group that the page names; the block with ``plugins`` is tried elsewhere."""
    page = DOCS / PAGES[kind]
    match = _ANNOUNCED.search(page.read_text(encoding="utf-8"))
    assert match is not None
    value, group = match.groups()
    for block in blocks(page):
        if block.language == "python":
            Path(str(block.file)).write_text(block.text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.setattr(
        finding,
        "entry_points",
        lambda *, group: [EntryPoint("x", value, group)] if group == kind.group else [],
    )
    extensions.forget()

    assert group == kind.group
    assert [each.__name__ for each in found(kind).values()] == [value.partition(":")[2]]
