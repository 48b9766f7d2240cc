"""Searches for the races, each with its library: ``python -m corpus.races [RACE…]``.

Names are those of classes in `corpus.races.catalogue`. Exits with 1 if a race was found that is
said to be out of reach, or the other way round; with 2 if one could not be searched for. When all
were searched for as said, `docs/races.md` is written.
"""

# ruff: noqa: E501 - lines of a page

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from corpus.bug import ROOT, BugError
from corpus.environments import PYTHON, python_of
from corpus.races.catalogue import RACES, Race

PAGE = ROOT / "docs" / "races.md"

_PAGE = """\
# Races that others have found

<!-- Written by `nox -s races` from `corpus/races`: change that, not this page. -->

[frontrun](https://github.com/lucaswiman/frontrun/blob/main/docs/CASE_STUDIES.rst) publishes 46
races in 12 libraries. {count} of them, in {libraries} libraries, were tried with the search of this
harness: the unmodified library, the modules with the race named as `interleaved`, two users, at
most two interruptions, Python {python}.

```text
$ nox -s races                              # all
$ nox -s races -- Dispatcher                # one
```

**{found} of {count} were found.** The others lie *within one line*: a `+=` on an attribute. This
harness lets another thread in between two lines and at locks, frontrun between two bytecodes.
CPython 3.11 does not switch threads inside of such a line, free-threaded builds do. A search that
found nothing went through all interleavings there are with two interruptions, unless it says so.
No search counts that fails in its ordinary run, or for another reason than the race.

*Attempts* are frontrun's, as it publishes them, of schedules drawn at random between bytecodes;
*runs* are ours, of interleavings from the fewest interruptions to the most, until the first that
fails, or all if none does. They count different things, and none is the time it takes. The last two
columns are all interleavings with at most one interruption, without and with `--reduce`. Reduced
searches try places that were not seen to race last, so that their first finding may take more runs.

{table}

## What was left out, and why

| library | race | why |
| --- | --- | --- |
| TPool | workers that leave with work in the queue | not tried: whether the project of that name on PyPI is the one that is meant was not found out |
| pydis | `INCR`, `SET NX` | not tried: whether the project of that name on PyPI is the one that is meant was not found out |
| tenacity | `+=` on statistics and on a state, four times | the line that races is that of the test, not of the library |
| tenacity | one copy of `Retrying` for two threads | the statistics are kept for each thread: a third one finds none, in every order |
| the rest | | not tried |
"""


def rows(told: dict[str, Any], race: type[Race]) -> str:
    """One row of the table."""
    whole, reduced = told["whole"], told["reduced"]
    verdict = "found" if whole["found"] else "no"
    for name, each in (("whole", whole), ("reduced", reduced)):
        if each["stopped"]:
            verdict += f" ({name}: {each['stopped']} came first)"
    cells = (
        race.pin.replace("==", " "),
        f"`{race.place}`: {race.says}",
        race.attempts,
        verdict,
        f"{whole['runs']:,}",
        f"{reduced['runs']:,}",
        f"{whole['all_with_one']:,}",
        f"{reduced['all_with_one']:,}",
    )
    return f"| {' | '.join(cells)} |"


def table(results: list[tuple[type[Race], dict[str, Any]]]) -> str:
    """All of them."""
    head = ("library", "race", "attempts", "found", "runs", "reduced", "all with one", "reduced")
    numbers = {"attempts", "runs", "reduced", "all with one"}
    rule = " | ".join("---:" if each in numbers else "---" for each in head)
    lines = [f"| {' | '.join(head)} |", f"| {rule} |"]
    return "\n".join([*lines, *(rows(told, race) for race, told in results)])


def search(race: type[Race]) -> dict[str, Any]:
    """What came of the searches for one race, in an environment with its library.

    Raises:
        BugError: The environment cannot be made, or the search has not come to an end.
    """
    run = subprocess.run(
        [str(python_of((race.pin,))), "-m", "corpus.races.one", race.__name__],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise BugError(f"{race.__name__} has not come to an end:\n{run.stderr.strip()}")
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return told


def wrong(race: type[Race], told: dict[str, Any]) -> str:
    """Why the result is not what the catalogue says; empty if it is."""
    for name in ("whole", "reduced"):
        check, runs = told[name]["found"], told[name]["runs"]
        if check not in {"", "every-ask-is-answered"} or (check and runs == 1):
            return f"the {name} search ended with something else: {told[name]['why']}"
        is_found = bool(check)
        if is_found is race.is_within_a_line:
            return f"the {name} search {'found' if is_found else 'did not find'} it"
    return ""


def wanted(names: tuple[str, ...]) -> Iterator[type[Race]]:
    """The races of these names, or all.

    Raises:
        BugError: There is no such race.
    """
    known = {each.__name__: each for each in RACES}
    for name in names or known:
        if name not in known:
            raise BugError(f"there is no race {name!r}; expected one of: {', '.join(known)}")
        yield known[name]


def main(*names: str) -> int:
    """Search for them one after the other."""
    results = []
    is_well = True
    try:
        for race in wanted(names):
            told = search(race)
            results.append((race, told))
            sys.stdout.write(f"{rows(told, race)}\n")
            sys.stdout.flush()
            if problem := wrong(race, told):
                is_well = False
                sys.stdout.write(f"{race.__name__}: {problem}\n")
    except BugError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not is_well:
        return 1
    if not names:
        PAGE.write_text(page(results), encoding="utf-8")
    return 0


def page(results: list[tuple[type[Race], dict[str, Any]]]) -> str:
    """The page of the documentation."""
    return _PAGE.format(
        count=len(results),
        libraries=len({race.pin for race, _ in results}),
        found=sum(1 for _, told in results if told["whole"]["found"]),
        python=PYTHON,
        table=table(results),
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
