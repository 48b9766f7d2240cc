"""`chaos validate`."""

from __future__ import annotations

from typing import Annotated

import typer

from chaos.commands.common import Paths, places
from chaos.reports.plain import say

NoImport = Annotated[
    bool,
    typer.Option("--no-import", help="Import no target and no plug-in; check everything else."),
]


def validate(
    paths: Paths = None,
    no_import: NoImport = False,  # noqa: FBT002 - typer calls with keywords
) -> None:
    """Check scenario files without playing them, and report every mistake by line and column.

    The target's module is imported, or the module `words` beside it, because it defines upstreams,
    modes, settings and observables. With --no-import, neither targets nor plug-ins are imported,
    and their words are not checked.
    """
    from contextlib import nullcontext

    from chaos import loading
    from chaos.extensions import importing_nothing
    from chaos.scenario.collecting import in_words
    from chaos.scenario.loader import without_words
    from chaos.targets import vocabulary_of

    words = without_words if no_import else vocabulary_of
    # Also those that are played only when asked for.
    with importing_nothing() if no_import else nullcontext():
        loaded = loading.load_all(places(paths), words).sound()
    what = "valid, apart from words of the target" if no_import else "valid"
    say(f"{len(loaded.scenarios)} scenarios are {what}")
    for line in in_words(loaded.passed_over):
        say(line)
