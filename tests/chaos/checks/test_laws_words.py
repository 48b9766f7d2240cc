"""The laws know no provider and no target: no word of any stands in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos import checks
from chaos.targets.helpdesk.target import HelpdeskTarget
from chaos.targets.strategies.strategies import NoRetry
from chaos.trace.events import ABSENT, FRESH, STALE

MODULES = sorted((Path(str(checks.__file__)).parent / "laws").glob("*.py"))

OF_THE_HARNESS = {"error", "restart", "closed", "open", "half_open", FRESH, STALE, ABSENT}
"""Words that the harness gives to every target, in ports and traces."""

OF_PROVIDERS = {
    *("openai", "anthropic", "gcs", "google", "gpt", "claude", "chat.completions", "messages"),
    *("stop", "length", "content_filter", "tool_calls", "end_turn", "max_tokens", "finish_reason"),
    *("insufficient_quota", "rate_limit_exceeded", "overloaded_error", "code", "text"),
    *("llm", "fallback", "told", "guessed"),
}
"""Words that were in laws, or might get there."""


def words_of_targets() -> set[str]:
    """Every word that a shipped target, or an upstream of one, brings along."""
    words = set()
    for target in (HelpdeskTarget, NoRetry):
        spoken = target.vocabulary()
        words |= {target.name, *spoken.modes, *spoken.upstreams, *spoken.actions, *spoken.given}
        for operations in spoken.upstreams.values():
            words |= {*operations}
    return words


def texts(module: Path) -> Iterator[tuple[int, str]]:
    """Every text in a module that is no docstring, with its line."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in prose
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize("module", MODULES, ids=[module.stem for module in MODULES])
def test_law_has_no_word_of_anybody(module: Path) -> None:
    """A law that compares with such a word judges one target, and lets all others go."""
    forbidden = (OF_PROVIDERS | words_of_targets()) - OF_THE_HARNESS

    found = [f"line {line}: {text!r}" for line, text in texts(module) if text in forbidden]

    assert not found


def test_such_words_are_found(tmp_path: Path) -> None:
    """The search itself works, also for a law that is yet to be written."""
    law = tmp_path / "law.py"
    law.write_text('"""llm"""\n\nmode = "llm"\n', encoding="utf-8")

    assert list(texts(law)) == [(3, "llm")]
    assert {"llm", "openai", "chat.completions", "refresh_index"} <= words_of_targets()
