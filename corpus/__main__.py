"""Plays the corpus: ``python -m corpus [BUG…]``; names are those of folders in corpus/bugs.

Exits with 1 if a bug was not found, or something else was; with 2 if one could not be played. A
run of all writes `docs/corpus.md` and the record behind it, if all is well.
"""

from __future__ import annotations

import sys

from corpus.bug import BugError, bugs
from corpus.page import PAGE, page, rows, write_record
from corpus.playing import Result, play


def line(result: Result) -> str:
    """One line of the table that is printed."""
    bug = result.bug
    caught = ", ".join(result.before.caught) or "nothing"
    times = f"{result.before.virtual_s:9.3f} s {result.before.real_s + result.after.real_s:5.1f} s"
    verdict = "WRONG" if result.wrong else "ok   "
    return f"{verdict} {bug.library:24} {bug.name:32} {bug.kind:16} {times}  {caught}"


def main(*names: str) -> int:
    """Play them one after the other; one that cannot be played does not keep the others from it."""
    try:
        wanted = bugs(names)
    except BugError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    results = []
    for bug in wanted:
        try:
            result = play(bug)
        except BugError as error:
            sys.stderr.write(f"{error}\n")
            continue
        results.append(result)
        sys.stdout.write(f"{line(result)}\n")
        sys.stdout.flush()
        if result.wrong:
            told = f"{bug.name}: {result.wrong}\n{result.before.told}\n{result.after.told}\n"
            sys.stdout.write(told)
    good = sum(not each.wrong for each in results)
    sys.stdout.write(f"{good} of {len(wanted)} bugs red before and green after\n")
    if len(results) < len(wanted):
        return 2
    if good < len(wanted):
        return 1
    if not names:
        remembered = rows(results)
        write_record(remembered)
        PAGE.write_text(page(remembered), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
