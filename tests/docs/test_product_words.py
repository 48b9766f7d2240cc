"""The harness speaks of no product: the words of the helpdesk stand where the helpdesk does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import chaos
from chaos.targets.helpdesk.words import FRONT_DOOR, VOCABULARY

ROOT = Path(chaos.__file__).parent

OF_THE_PRODUCT = ("targets/helpdesk/", "drill/", "reference/")
"""Folders that are about it: its target, its drill, and the reference with its examples."""

OF_ANY_TARGET = {"restart", "environment", "openai", "gcs", "error", "ok", "refused", "fallback"}
"""Words of its vocabulary that the harness, an upstream or plain English has as well."""

KNOWN = {
    ("helpdesk", "scenario/model.py"): "the default target of a scenario file",
    ("helpdesk", "scenario/loader.py"): "an example of that default",
    ("helpdesk", "authoring/explain.py"): "an example of that default",
    ("helpdesk", "targets/here.py"): "the example of an installed target",
    ("helpdesk", "commands/listing.py"): "the default of --target, as in scenario files",
    ("helpdesk", "commands/new.py"): "the default of --target, as in scenario files",
    ("helpdesk", "commands/incidents.py"): "what the incidents' files make claims of",
    ("helpdesk", "incidents/comparison.py"): "what the incidents' files make claims of",
    ("helpdesk", "commands/drill.py"): "a drill is of the real helpdesk",
    ("index.state", "checks/laws/recovery.py"): "the observable that a cached copy is told by",
    ("index.state", "checks/liveness.py"): "the observable that a cached copy is told by",
    ("index.state", "scenario/liveness.py"): "the observable that a cached copy is told by",
    ("llm", "scenario/vocabulary.py"): "the modes of a target that names none of its own",
    ("llm", "ports.py"): "the modes of a target that names none of its own",
    ("llm", "witness.py"): "an example that uses those modes",
    ("llm", "scenario/tolerances.py"): "an example that uses those modes",
    ("llm", "scenario/expectations.py"): "a message that shows those modes",
    ("llm", "scenario/schema.py"): "examples for editors that use those modes",
    ("llm", "serve/answers.py"): "examples that use those modes",
    ("llm", "serve/control.py"): "a message that shows those modes",
    ("llm", "serve/meaning.py"): "an example that uses those modes",
    ("llm", "upstreams/openai/routes.py"): "the path of a gateway, in an example",
}
"""The words that remain, by module, and why."""


def product_words() -> set[str]:
    """Everything that the helpdesk alone brings to the language, and what it is about."""
    words = {"helpdesk", "knowledge base", "articles"}
    for spoken in (VOCABULARY, FRONT_DOOR):
        words |= {*spoken.modes, *spoken.actions, *spoken.given}
        words |= {key for key in {*spoken.settings, *spoken.observables} if "index" in key}
    return words - OF_ANY_TARGET - {"knowledge"}


def modules() -> Iterator[tuple[str, str]]:
    """Every source of the kernel, pages of reports included, by its path."""
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in {".py", ".js", ".css", ".j2"} or name.startswith(OF_THE_PRODUCT):
            continue
        # A target's module may speak of its own service.
        if not name.startswith("targets/strategies/"):
            yield name, path.read_text(encoding="utf-8")


def found(words: set[str], text: str) -> set[str]:
    """Those of the words that stand in a text, as whole words."""
    return {word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)}


def test_kernel_has_no_word_of_the_product() -> None:
    """A module that compares with such a word works for one product only."""
    words = product_words()
    seen = {(word, name) for name, text in modules() for word in found(words, text)}

    news = sorted(seen - KNOWN.keys())

    assert news == [], f"words of the helpdesk in the kernel: {news}"
    assert sorted(KNOWN.keys() - seen) == [], "what is gone needs no reason any more"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("case 'publish_index':", "publish_index"),
        ("given.index_cache", "index_cache"),
        ('COLOURS = {"llm": "green"}', "llm"),
        ('if key == "index.fresh_for":', "index.fresh_for"),
    ],
)
def test_such_a_word_is_found(text: str, word: str) -> None:
    """The search itself works, for the words that once stood in the kernel."""
    assert word in found(product_words(), text)
