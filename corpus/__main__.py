"""Plays the corpus: ``python -m corpus [BUG…]``; names are those of folders in corpus/bugs.

Exits with 1 if a bug was not found, or something else was; with 2 if one could not be played; with
3 if a cluster went away. If all is well, `docs/corpus.md` and the record behind it are written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from corpus.bug import Bug, BugError, bugs
from corpus.crews import Begin, CrewLostError, crew
from corpus.page import PAGE, merged, page, rows, write_record
from corpus.playing import Result


def line(result: Result) -> str:
    """One line of the table that is printed."""
    bug, before, after = result.bug, result.before, result.after
    verdict = "WRONG" if result.wrong else "ok   "
    times = f"{before.virtual_s:9.3f} s {before.real_s + after.real_s:5.1f} s"
    caught = ", ".join(before.caught) or "nothing"
    return f"{verdict} {bug.library:24} {bug.name:32} {bug.kind:16} {times}  {caught}"


def main(*arguments: str) -> int:
    """Play them, told in order of name; one that cannot be played does not stop the others."""
    said = _parser().parse_args(arguments)
    if said.executor and said.jobs:
        return _wrong(
            "--jobs has no meaning beside --executor: its workers say how many they play"
        )
    try:
        wanted = bugs(tuple(said.bugs))
        with crew(said.jobs or 1, said.executor or "") as begin:
            results = list(_played(wanted, begin))
    except CrewLostError as lost:
        sys.stderr.write(f"{lost}; play the others once it is back, by their names\n")
        return 3
    except BugError as error:
        return _wrong(str(error))
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


def _played(wanted: Sequence[Bug], begin: Begin) -> Iterator[Result]:
    waiting = [begin(bug) for bug in wanted]
    for bug, came in zip(wanted, waiting, strict=True):
        try:
            result = came()
        except BugError as error:
            sys.stderr.write(f"{error}\n")
            continue
        sys.stdout.write(f"{line(result)}\n")
        if result.wrong:
            told = f"{bug.name}: {result.wrong}\n{result.before.told}\n{result.after.told}\n"
            sys.stdout.write(told)
        sys.stdout.flush()
        yield result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m corpus",
        description="Find bugs that were real, in the versions that had them, and not in others.",
    )
    parser.add_argument(
        "bugs", nargs="*", metavar="BUG", help="folders of corpus/bugs; all if none"
    )
    parser.add_argument(
        "-j", "--jobs", type=_count, metavar="N", help="how many are played at a time; one if none"
    )
    parser.add_argument(
        "--executor",
        metavar="ADDRESS",
        help="play them on the workers of a Dask cluster: dask://HOST:PORT",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of jobs; expected 1 or more")
    return int(text)


def _wrong(told: str) -> int:
    sys.stderr.write(f"{told}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
