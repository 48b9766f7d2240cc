"""Plays the corpus: ``python -m corpus [BUG…]``; names are those of folders in corpus/bugs.

Exits with 1 if a bug was not found, or something else was; with 2 if one could not be played. If
all is well, `docs/corpus.md` and the record behind it are written.
"""

from __future__ import annotations

import sys

from corpus.bug import BugError, bugs
from corpus.page import PAGE, merged, page, rows, write_record
from corpus.playing import Result, play


def line(result: Result) -> str:
    """One line of the table that is printed."""
    bug, before, after = result.bug, result.before, result.after
    verdict = "WRONG" if result.wrong else "ok   "
    times = f"{before.virtual_s:9.3f} s {before.real_s + after.real_s:5.1f} s"
    caught = ", ".join(before.caught) or "nothing"
    return f"{verdict} {bug.library:24} {bug.name:32} {bug.kind:16} {times}  {caught}"


def main(*names: str) -> int:
    """Play them one after the other; one that cannot be played does not stop the others."""
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
    remembered = merged(rows(results))
    write_record(remembered)
    PAGE.write_text(page(remembered), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
