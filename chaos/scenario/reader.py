"""YAML text into plain data, with the position of every node and every mistake in it.

The parser's events are used directly: composing nodes first takes a third longer, and stops at
the first repeated key. There are two parsers. What is sound and written plainly is read by one in
C, because a suite has hundreds of files. Whatever that one stumbles over is read again by the
other, in Python, which takes fifteen times as long and knows best what is wrong.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from chaos import inputs
from chaos.scenario.problems import quoted
from chaos.scenario.scalars import resolve
from chaos.scenario.source import Findings, NodePath, Source

_MOST_BYTES = 256 * 1024
_DEEPEST = 20
# As the YAML reader breaks lines, which is not as str.splitlines does.
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_HALF = re.compile("[\ud800-\udfff]")
# Where YAML 1.1 and 1.2 break lines differently, or which parsers take for different things: not
# for the quick one. Directives and further documents are too rare to ask.
_NOT_PLAIN = re.compile(
    "[^\n -~\xa0-\u2027\u202a-\ufefe\uff00-\U0010ffff]"
    r"|^(?:%|---|\.\.\.)|[|>][-+0-9]*#",
    re.MULTILINE,
)
_ASIDE = "\0aside"
"""A path component for nodes that are read but not used; no YAML text contains it."""


Event: TypeAlias = Any
"""One of either parser: what they have in common has no type."""


class _Unusable:
    """The data of a file that is not YAML."""


UNUSABLE = _Unusable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as data: mappings, tuples and scalars.

    Attributes:
        data: The top node; `UNUSABLE` if the text is not YAML.
        findings: With a source that knows every position, and what was wrong so far.
    """

    data: Any
    findings: Findings


def read_file(path: Path, name: str) -> Reading:
    """Read a file; whatever is wrong with it is in the findings."""
    try:
        raw = inputs.read_bytes(path, most_bytes=_MOST_BYTES)
    except inputs.UnreadableError as error:
        findings = Findings(Source(path=name))
        wrong = f"the file cannot be read: {error.why}"
        findings.add((), wrong, "a scenario file", error.fix, "unreadable")
        return Reading(data=UNUSABLE, findings=findings)
    return read_bytes(raw, name)


def read_bytes(raw: bytes, name: str) -> Reading:
    """Read the bytes of a file."""
    lines = tuple(_LINE_END.split(raw.decode("utf-8-sig", "replace")))
    findings = Findings(Source(path=name, lines=lines))
    if len(raw) > _MOST_BYTES:
        most = f"at most {_MOST_BYTES // 1024} KiB"
        fix = "split it, one hypothesis per file"
        findings.add((), "the file is too large", most, fix, "too-large")
    elif raw.startswith(codecs.BOM_UTF8):
        wrong = "the file begins with a byte order mark"
        fix = "save it as 'UTF-8', not 'UTF-8 with BOM'"
        findings.add_at((1, 1), wrong, "plain UTF-8", fix, "byte-order-mark")
    else:
        try:
            return read_text(raw.decode("utf-8"), name)
        except UnicodeDecodeError as error:
            before = _LINE_END.split(raw[: error.start].decode("utf-8"))
            position = (len(before), len(before[-1]) + 1)
            wrong = f"byte 0x{raw[error.start]:02x} is not UTF-8"
            findings.add_at(position, wrong, "text in UTF-8", "save the file as UTF-8", "not-utf8")
    return Reading(data=UNUSABLE, findings=findings)


def read_text(text: str, name: str) -> Reading:
    r"""Read YAML 1.2.

    Example:
        >>> reading = read_text("seed: 7\nseed: 8\ntags: [a, b]", "a.yaml")
        >>> reading.data
        {'seed': 7, 'tags': ('a', 'b')}
        >>> [str(problem.location) for problem in reading.findings.problems]
        ['a.yaml:2:1']
    """
    return _read_quickly(text, name) or _read_exactly(text, name)


def _read_quickly(text: str, name: str) -> Reading | None:
    """As the parser in C reads it; None if there is none, or if anything about it is not plain."""
    import yaml  # noqa: PLC0415 - beside the other parser, of which mostly one is needed

    if not yaml.__with_libyaml__ or _NOT_PLAIN.search(text) is not None:
        return None
    parser = yaml.cyaml.CParser(text)
    tree = _Tree(text, name, iter(parser.get_event, None), yaml.events)
    try:
        data = tree.document()
    except (_StopReadingError, yaml.YAMLError):
        return None
    finally:
        parser.dispose()
    is_sound = data is not UNUSABLE and not tree.findings.problems
    return Reading(data=data, findings=tree.findings) if is_sound else None


def _read_exactly(text: str, name: str) -> Reading:
    """As the parser in Python reads it, with everything that is wrong."""
    from ruamel.yaml import YAML, events  # noqa: PLC0415 - takes long to import
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as above

    from chaos.scenario.syntax import report_bad_escape, report_syntax_error  # noqa: PLC0415 - as above

    tree = _Tree(text, name, YAML(typ="safe", pure=True).parse(text), events)
    try:
        data = tree.document()
    except _StopReadingError:
        data = UNUSABLE
    except YAMLError as error:
        report_syntax_error(error, tree.findings)
        data = UNUSABLE
    except (ValueError, OverflowError):
        # The parser hands the number of a letter to `chr`, whatever it is.
        report_bad_escape(tree.findings)
        data = UNUSABLE
    return Reading(data=data, findings=tree.findings)


class _StopReadingError(Exception):
    """What was found makes the rest of the file meaningless."""


class _Tree:
    """Builds data from parser events, noting positions and mistakes on the way.

    Args:
        text: All of it.
        name: The path that stands in messages.
        events: What the parser says.
        kinds: The module with the classes of these events; both parsers name them alike.
    """

    def __init__(self, text: str, name: str, events: Iterator[Event], kinds: ModuleType) -> None:
        self._empty: set[NodePath] = set()
        self._numbers: dict[NodePath, str] = {}
        self._has_alias = False
        self._values: dict[NodePath, tuple[int, int]] = {(): (1, 1)}
        self._keys: dict[NodePath, tuple[int, int]] = {}
        self.findings = Findings(
            Source(
                path=name,
                lines=tuple(_LINE_END.split(text)),
                values=self._values,
                keys=self._keys,
                empty=self._empty,
                numbers=self._numbers,
            )
        )
        self._events = events
        self._kinds: Any = kinds

    def document(self) -> Any:  # noqa: ANN401 - YAML is anything
        """The data of the only document."""
        data: Any = UNUSABLE
        for event in self._events:
            if isinstance(event, self._kinds.DocumentStartEvent) and data is not UNUSABLE:
                self._stop(
                    _position(event),
                    "a second document begins",
                    "one scenario per file",
                    "move it to a file of its own, or remove '---'",
                    "second-document",
                )
            elif isinstance(event, self._kinds.NodeEvent):
                data = self._node(event, ())
        if data is UNUSABLE or (data is None and () in self._empty):
            self._stop(
                (1, 1),
                "the file is empty",
                "a scenario: version, name, hypothesis, method",
                "write one with `chaos new`",
                "empty-file",
            )
        # Without what the aliases stand for, more would seem to be missing.
        return UNUSABLE if self._has_alias else data

    def _node(self, event: Event, path: NodePath) -> Any:  # noqa: ANN401 - YAML is anything
        self._values[path] = _position(event)
        if len(path) > _DEEPEST:
            self._stop(
                _position(event),
                "the file nests too deep",
                f"at most {_DEEPEST} levels",
                "flatten it",
                "too-deep",
            )
        self._check_plain(event)
        if isinstance(event, self._kinds.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, self._kinds.AliasEvent):
            self._has_alias = True
            return None
        if isinstance(event, self._kinds.MappingStartEvent):
            return self._mapping(path)
        return self._list(path)

    def _scalar(self, event: Event, path: NodePath) -> Any:  # noqa: ANN401 - see scalars
        self._check_whole(event)
        if event.style:
            return event.value
        if event.value == "":
            # The parser places an empty value where the next key begins.
            self._values[path] = self._keys.get(path, self._values[path])
            self._empty.add(path)
        value = resolve(event.value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self._numbers[path] = event.value
        return value

    def _list(self, path: NodePath) -> tuple[Any, ...]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), self._kinds.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return tuple(items)

    def _mapping(self, path: NodePath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), self._kinds.MappingEndEvent):
            key = self._key(event, path)
            value_event = next(self._events)
            if key is None:
                self._node(value_event, (*path, _ASIDE))
            else:
                mapping[key] = self._node(value_event, (*path, key))
        return mapping

    def _key(self, event: Event, path: NodePath) -> str | None:
        """The key, as text; None if its value is not to be used."""
        if not isinstance(event, self._kinds.ScalarEvent):
            self._node(event, (*path, _ASIDE))
            self.findings.add_at(
                _position(event),
                "a key is not text",
                "text before the colon",
                "if it begins with '{', '[' or '*', put it in quotes",
                "bad-key",
            )
            return None
        self._check_plain(event)
        self._check_whole(event)
        key: str = event.value
        first = self._keys.setdefault((*path, key), _position(event))
        if first == _position(event):
            return key
        self.findings.add_at(
            _position(event),
            f"key {quoted(key)} is given twice",
            "each key once",
            f"keep this one or the one in line {first[0]}",
            "duplicate-key",
        )
        return None

    def _check_plain(self, event: Event) -> None:
        """Refuse what makes a file hard to read aloud: aliases, anchors and tags."""
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        word = "alias" if isinstance(event, self._kinds.AliasEvent) else "anchor"
        if anchor is not None:
            self.findings.add_at(
                _position(event),
                f"{word} {quoted(anchor)}",
                "every value written out: scenarios have no anchors or aliases",
                "repeat the value; if it is text, put it in quotes",
                "alias",
            )
        elif tag is not None:
            self.findings.add_at(
                _position(event),
                f"tag {quoted(str(tag))}",
                "a plain value: scenarios have no tags",
                "remove the tag; to make a number text, put it in quotes",
                "tag",
            )

    def _check_whole(self, event: Event) -> None:
        """Refuse an escape that stands for half a character: no text contains such a thing."""
        if (half := _HALF.search(event.value)) is not None:
            self._stop(
                _position(event),
                f"the text contains {half[0]!r}, which is half of a character",
                "whole characters",
                r"write the character itself, or its escape with \U and eight digits",
                "half-character",
            )

    def _stop(self, at: tuple[int, int], wrong: str, expected: str, fix: str, code: str) -> None:
        self.findings.add_at(at, wrong, expected, fix, code)
        raise _StopReadingError


def _position(event: Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1
