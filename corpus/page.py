"""The page of the documentation that shows what came of the corpus, and the record behind it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from corpus.bug import EXPECTATION, ROOT, Bug, bugs
from corpus.playing import Result

PAGE = ROOT / "docs" / "corpus.md"
RECORD = Path(__file__).parent / "result.json"
LEFT_OUT = Path(__file__).parent / "left_out.toml"

_PAGE = """\
# Real bugs of libraries

<!-- Written by `nox -s corpus` from the folders of `corpus/`: change those, not this page. -->

These bugs were reported publicly, in libraries from PyPI. They show what the harness finds in code
that was not written for it. Each has a folder in `corpus/bugs` with the report, two pinned
versions, a small service that uses the library, and one scenario, which **failed with the bug and
passed without it**:

```text
$ nox -s corpus                         # all
$ nox -s corpus -- redis_2665           # one
$ nox -s corpus -- --jobs 4             # four at a time
$ python -m corpus --executor dask://HOST:PORT    # on a cluster
```

{count} bugs in {libraries} libraries, of {kinds} kinds, {sync} in threads and {awaited} in event
loops. **{by_law} were caught by a law, or by a guard of every run**: their scenarios expect
nothing that the bug breaks. The libraries are unmodified. Virtual time is that of the run with the
bug; real time is that of both runs on a busy machine, including the start of Python.

{table}

## Bugs without a fixed release

If no release fixes a bug, or the fixed release cannot be used, the second column of versions is
*twin*: the same version, in a service that works around the bug.

{twins}

## Reports that were left out

{left_out}

## What it cannot find

{cannot}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is remembered of a bug that was played."""

    bug: str
    caught: tuple[str, ...]
    virtual_s: float
    real_s: float


def rows(results: Iterable[Result]) -> list[Row]:
    """What is to be remembered of bugs that were played."""
    return [
        Row(
            bug=each.bug.name,
            caught=each.before.caught,
            virtual_s=round(each.before.virtual_s, 3),
            real_s=round(each.before.real_s + each.after.real_s, 1),
        )
        for each in results
    ]


def write_record(remembered: Sequence[Row]) -> None:
    """Keep them for `recorded`."""
    text = json.dumps([asdict(each) for each in remembered], indent=1)
    RECORD.write_text(text + "\n", encoding="utf-8")


def merged(played: Iterable[Row]) -> list[Row]:
    """What was recorded, with these in place of what was recorded of the same bugs."""
    known = [each.name for each in bugs()]
    by_name = {row.bug: row for row in (*recorded(), *played)}
    return [by_name[name] for name in known if name in by_name]


def recorded() -> list[Row]:
    """What the last runs came to."""
    written = json.loads(RECORD.read_text(encoding="utf-8"))
    return [Row(**each | {"caught": tuple(each["caught"])}) for each in written]


def page(remembered: Sequence[Row]) -> str:
    """The page that says so."""
    known = {each.name: each for each in bugs()}
    shown = sorted(
        ((known[row.bug], row) for row in remembered),
        key=lambda pair: (pair[0].library.lower(), pair[0].name),
    )
    found = [bug for bug, _ in shown]
    awaited = sum(bug.style == "async" for bug in found)
    notes = tomllib.loads(LEFT_OUT.read_text(encoding="utf-8"))
    return _PAGE.format(
        count=len(found),
        libraries=len({bug.library for bug in found}),
        kinds=len({bug.kind for bug in found}),
        sync=len(found) - awaited,
        awaited=awaited,
        by_law=sum(is_by_law(row) for row in remembered),
        table=table(shown),
        twins="\n".join(
            f"- [{bug.report}]({bug.url}), {bug.library}: {bug.because}"
            for bug in found
            if bug.twin
        ),
        left_out=_lines(
            ("report", "library", "why it is left out"),
            ((_link(each["report"]), each["library"], each["why"]) for each in notes["left_out"]),
        ),
        cannot="\n".join(f"- {each}" for each in notes["cannot_find"]),
    )


def table(shown: Iterable[tuple[Bug, Row]]) -> str:
    """Each bug in a line."""
    heads = ("library", "bug", "kind", "with it", "without", "caught by", "virtual", "real")
    return _lines(
        heads,
        (
            (
                bug.library,
                f"[{bug.report}]({bug.url}): {bug.says}",
                f"{bug.kind}, {bug.style}",
                _versions(bug.bug),
                "*twin*" if bug.twin else _versions(bug.mended),
                ", ".join(_words(each) for each in row.caught),
                f"{row.virtual_s:g} s",
                f"{row.real_s:.1f} s",
            )
            for bug, row in shown
        ),
    )


def is_by_law(row: Row) -> bool:
    """Whether only laws caught it, so that nobody had to ask."""
    return not any(each.startswith(EXPECTATION) for each in row.caught)


def _words(caught: str) -> str:
    if caught.startswith(EXPECTATION):
        return f"expectation `{caught.removeprefix(EXPECTATION)}`"
    return f"`{caught}`"


def _versions(requirements: Sequence[str]) -> str:
    return ", ".join(each.partition("==")[2] for each in requirements[:1])


def _link(report: str) -> str:
    repository, sign, number = report.partition("#")
    return f"[{report}](https://github.com/{repository}/issues/{number})" if sign else report


def _lines(heads: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    lines = (heads, ["---"] * len(heads), *cells)
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)
