"""What the YAML parser stumbled over, in the words a scenario's author needs."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from chaos.scenario.problems import quoted
from chaos.scenario.source import Findings

_QUOTE = "if a value contains ': ' or begins with a special character, put it in quotes"

_MEANINGS: tuple[tuple[str, str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a second ': ' in one line, or a key indented too far",
        "one 'key: value' per line",
        _QUOTE,
    ),
    ("could not find expected ':'", "a line without a colon", "'key: value'", "add the colon"),
    (
        "sequence entries are not allowed",
        "a list entry is not allowed here",
        "'- ' at the start of a line of its own",
        "begin a new line before it",
    ),
    (
        "found unexpected end of stream",
        "a quote is opened and never closed",
        "a closing quote",
        "close it",
    ),
    ("found unknown escape", "an unknown escape", "an escape of JSON", "use single quotes"),
    (
        "more indented follow up",
        "unevenly indented text",
        "evenly indented text",
        "indent it evenly",
    ),
    ("expected ',' or ']'", "a list is not closed", "',' or ']'", "close the list with ']'"),
    ("expected ',' or '}'", "a mapping is not closed", "',' or '}'", "close it with '}'"),
    (
        "expected the node content",
        "a value is missing or begins with a special character",
        "a value",
        _QUOTE,
    ),
    (
        "expected <block end>",
        "a line is not indented like its neighbours",
        "the same indentation for keys of one mapping",
        "align it with the line above, or put the value in quotes",
    ),
    ("cannot start any token", "a character that cannot begin a value", "a value", _QUOTE),
)
"""Part of the parser's message; what is wrong, what was expected, how to fix it."""

_NOTICED_LATE = ("end of stream", "expected ',' or", "could not find expected ':'")
_TABBED = re.compile(r" *\t")
_NO_LETTER = re.compile(r"\\U(?!00(?:0|10))[0-9a-fA-F]{8}")
"""Beyond U+10FFFF there are no letters."""


def report_syntax_error(error: YAMLError, findings: Findings) -> None:
    """Add what is wrong with the YAML to the findings.

    The parser stops at the first error, so that there is one finding; only tabs are all found.
    """
    if isinstance(error, ReaderError):
        _report_character(error, findings)
        return
    message, position = _first_line(str(error)), (1, 1)
    if isinstance(error, MarkedYAMLError):
        message = _first_line(error.problem or error.context or message)
        # What is never closed is noticed at the end of the file, and wrong where it was opened.
        is_late = any(part in message for part in _NOTICED_LATE)
        marks = (error.context_mark, error.problem_mark)
        mark = next(filter(None, marks if is_late else reversed(marks)), None)
        if mark is not None:
            position = (mark.line + 1, mark.column + 1)
    if "'\\t'" in message:
        _report_tabs(position, findings)
        return
    for part, wrong, expected, fix in _MEANINGS:
        if part in message:
            findings.add_at(position, wrong, expected, fix, "yaml-syntax")
            return
    fix = "correct the line, or put the value in quotes"
    findings.add_at(position, message, "YAML 1.2", fix, "yaml-syntax")


def report_bad_escape(findings: Findings) -> None:
    r"""Add that an escape stands for no letter, at its place.

    Example:
        >>> from chaos.scenario.source import Source
        >>> findings = Findings(Source(path="a.yaml", lines=(r'ask: "\UFFFFFFFF"',)))
        >>> report_bad_escape(findings)
        >>> [str(problem.location) for problem in findings.problems]
        ['a.yaml:1:7']
    """
    found = (
        (number, match)
        for number, line in enumerate(findings.source.lines, start=1)
        if (match := _NO_LETTER.search(line))
    )
    number, match = next(found, (1, None))
    position = (number, match.start() + 1 if match else 1)
    escape = f"the escape {match.group()}" if match else "an escape"
    expected, fix = "one up to \\U0010FFFF", "correct it, or write the character itself"
    findings.add_at(position, f"{escape} is not a character", expected, fix, "yaml-syntax")


def _report_character(error: ReaderError, findings: Findings) -> None:
    character = chr(error.character)
    for number, line in enumerate(findings.source.lines, start=1):
        if character in line:
            findings.add_at(
                (number, line.index(character) + 1),
                f"character {quoted(character)} is not printable",
                "printable text",
                "remove it",
                "yaml-syntax",
            )
            return


def _report_tabs(position: tuple[int, int], findings: Findings) -> None:
    tabs = [
        (number, match.end())
        for number, line in enumerate(findings.source.lines, start=1)
        if (match := _TABBED.match(line))
    ]
    for place in tabs or [position]:
        findings.add_at(place, "a tab", "spaces", "replace it with spaces", "tab")


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "not YAML")
