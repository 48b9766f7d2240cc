"""The page that tells which clients work: docs/clients.md, a section for each client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from tests.clients.frame.row import TIMEOUT_S, TOO_LONG_S, Case, Client, Fault, Row, Seen

PATH = Path(__file__).parents[3] / "docs" / "clients.md"

_HEAD = """\
# Clients

<!-- Written by `nox -s clients -- --write-page`; do not edit. -->

Unmodified clients and frameworks in the simulated world. Each row is the same code played twice:
in the world, and against a real server on the loopback interface, with real sockets, real TLS and
the same fault. A row *works* if both give the same: the same answer or the same error, with the
same errors behind it, as many requests, as many connections, and as many seconds. Some clients are
*refused*: the run is inconclusive and says the words that the row gives.

{counts}

| fault | what the provider does |
| --- | --- |
| no fault | answers |
| 429 once | answers the first request with 429 and `Retry-After: 1` |
| 503 | answers every request with 503 |
| timeout | takes every request and says nothing; clients wait {timeout:g} s at most |
| reset | takes every request and resets the connection |
| cut | closes the connection in the middle of the body, or after two events of a stream |

A cell says what came, how many requests reached the provider, and the virtual seconds; a dash is
for what a protocol does not have. Settings are short, because on loopback the seconds are real;
what takes more than {long:g} s is not compared.

Python 3.10 to 3.12.2 take a reset of a TLS connection for its end
([python/cpython#115627](https://github.com/python/cpython/issues/115627)), so that blocking
clients raise another error there, or none. The world does what newer Pythons do.
"""
_REFUSED = "refused:"


def section(client: Client, seen: Mapping[Case, Seen], environment: str) -> str:
    """The section of a client."""
    versions = ", ".join(f"{name} {version(name)}" for name in client.packages) or "Python's own"
    columns = ("", *(fault.value for fault in Fault))
    return "\n".join(
        [
            f"## {client.name}",
            "",
            f"<!-- environment: {environment} -->",
            f"{versions}.",
            "",
            _line(columns),
            _line(["---"] * len(columns)),
            *(_line(_cells(row, seen)) for row in client.rows),
            "",
        ]
    )


def sections(text: str) -> dict[str, str]:
    """The sections of a page, by the name of the client."""
    found = (f"## {each}" for each in text.split("\n## ")[1:])
    return {each.partition("\n")[0].removeprefix("## "): each.rstrip() + "\n" for each in found}


def environment_of(text: str) -> str:
    """Where a section was seen."""
    found = re.search(r"<!-- environment: (\S+) -->", text)
    assert found is not None, text
    return found[1]


def page(found: Mapping[str, str]) -> str:
    """The whole page, from its sections."""
    rows = [line for each in found.values() for line in each.splitlines() if line[:2] == "| "]
    # The head of a table and the dashes below it are no rows.
    rows = [line for line in rows if not line.startswith(("|  |", "| --- "))]
    refused = sum(_REFUSED in row for row in rows)
    counts = (
        f"**{len(rows) - refused} rows work, {refused} are refused**, none is silently wrong; "
        f"{len(found)} clients."
    )
    head = _HEAD.format(counts=counts, timeout=TIMEOUT_S, long=TOO_LONG_S)
    return "\n".join([head, *(found[name] for name in sorted(found, key=str.casefold))])


def write(client: str, text: str) -> None:
    """Put a section where it belongs."""
    kept = sections(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    PATH.write_text(page({**kept, client: text}), encoding="utf-8")


def _cells(row: Row, seen: Mapping[Case, Seen]) -> Iterator[str]:
    yield row.name
    if row.refused is not None:
        yield f"{_REFUSED} “{row.refused}”"
        yield from [""] * (len(Fault) - 1)
        return
    for fault in Fault:
        if fault not in row.faults:
            yield "-"
            continue
        each = seen[Case(row, fault)]
        seconds = f"{each.seconds:.2f}".rstrip("0").rstrip(".")
        came = each.outcome[0] if each.outcome[0] == "answer" else f"`{each.outcome[0]}`"
        compared = "" if each.seconds <= TOO_LONG_S else ", not compared"
        yield f"{came}, {each.requests}, {seconds} s{compared}"


def _line(cells: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
