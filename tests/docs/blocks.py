"""The fenced blocks of a page, and what it takes to do what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.(?:yaml|py|toml))\n")
_EXITS = re.compile(r"\s+# exits (\d+)$")
_ANYTHING = ("...", "…")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: Where it stands.
        line: Its first line, from 1.
        language: What its fence says.
        text: What is in it.
    """

    page: Path
    line: int
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that its first line says it is."""
        match = _FILE.match(self.text)
        return match[1] if match else None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command of a block: what is typed, how it should exit, what it should print."""

    line: str
    exit_code: int
    output: str | None


def blocks(page: Path) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        yield Block(page, line, match[1], match[2])


def commands(block: Block) -> Iterator[Command]:
    """The commands of a shell block; those of a ``console`` block with their output."""
    if block.language == "sh":
        for line in block.text.splitlines():
            if line.strip() and not line.startswith("#"):
                yield _command(line, None)
        return
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield _command(line, output)


def is_like(expected: str, seen: str) -> bool:
    """Whether output is as a page shows it.

    A line of dots stands for any lines, dots within a line for anything in it; what takes real
    time takes another time each time.
    """
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() in _ANYTHING else _line_pattern(line) + r"\n"
        for line in expected.rstrip().splitlines()
    )
    return re.fullmatch(pattern + r"\s*", _timeless(seen)) is not None


def _command(line: str, output: str | None) -> Command:
    match = _EXITS.search(line)
    bare = re.sub(r"\s+# .*$", "", line)
    return Command(bare, int(match[1]) if match else 0, output)


def _line_pattern(line: str) -> str:
    parts = re.split(r"\.\.\.(?!\.)|…", _timeless(line).rstrip())
    return ".*".join(map(re.escape, parts)) + r"[ ]*"


def _timeless(text: str) -> str:
    """Without real times, and with columns of any width."""
    text = re.sub(r" +\d+ ms\b", " N ms", text)
    text = re.sub(r"\bin \d+\.\d+ ?s\b", "in N s", text)
    return re.sub(r"(?<=\S) {2,}(?=\S)", "  ", text)
