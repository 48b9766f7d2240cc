"""Whether a file is meant to be a scenario, told without reading it as YAML.

Folders hold the YAML of other tools beside ours, and pytest meets all of it in every project that
has the harness installed. So this looks at lines, costs next to nothing, and says of a scenario
that is half written or broken what it says of a whole one.
"""

from __future__ import annotations

import json
import re
from enum import Enum

_SCHEMA = re.compile(r"^#\s*yaml-language-server:\s*\$schema=\S*scenario", re.MULTILINE)
_KEY = re.compile(r"""^["']?([A-Za-z_][\w .-]*)["']?\s*:(?:\s|$)""", re.MULTILINE)
_KEY_IN_BRACES = re.compile(r"""[{,\n]\s*["']?([A-Za-z_][\w-]*)["']?\s*:(?=\s)""")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)

_OURS_ALONE = frozenset({"hypothesis", "steady_state"})
"""Keys that no other tool has."""
_TELLING = frozenset({"method", "given", "expect", "waive", "explore", "target"})
_KNOWN = _OURS_ALONE | _TELLING | {"version", "name", "tags", "seed", "because", "isolation"}


class Sign(Enum):
    """What the lines of a file look like."""

    SCENARIO = "a scenario"
    ANOTHER = "YAML of another tool"
    NOTHING = "nothing that has keys"


def sign_of(text: str) -> Sign:
    r"""What a file is meant to be.

    Example:
        >>> sign_of("version: 1\nhypothesis: It holds.\n")
        <Sign.SCENARIO: 'a scenario'>
        >>> sign_of("title: The shop survives\nsteady-state-hypothesis: {}\nmethod: []\n")
        <Sign.ANOTHER: 'YAML of another tool'>
        >>> sign_of('{"$defs": {"Scenario": {"hypothesis": {}, "method": {}}}}')
        <Sign.ANOTHER: 'YAML of another tool'>
        >>> sign_of("# to be written\n")
        <Sign.NOTHING: 'nothing that has keys'>
    """
    if _SCHEMA.search(text):
        return Sign.SCENARIO
    said = _COMMENT.sub("", text).strip()
    keys = _keys_in_braces(said) if said.startswith("{") else _keys(said)
    known = keys & _KNOWN
    # One that is half written has most of its keys right; others may have one or two by chance.
    if known & _OURS_ALONE or (known & _TELLING and len(known) > len(keys - _KNOWN)):
        return Sign.SCENARIO
    return Sign.ANOTHER if keys or said.startswith(("- ", "---")) else Sign.NOTHING


def _keys(said: str) -> set[str]:
    return {key.strip() for key in _KEY.findall(said)}


def _keys_in_braces(said: str) -> set[str]:
    """Those of the outermost braces, if all of them close; else every one, to be sure."""
    try:
        whole = json.loads(said)
    except (ValueError, RecursionError):
        return {key.strip() for key in _KEY_IN_BRACES.findall(said)}
    return set(whole) if isinstance(whole, dict) else set()
