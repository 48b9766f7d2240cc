"""Modules that only a run needs, imported when the first world is entered.

A stand-in is named by whoever reads a scenario, and answers only in a run. What it answers with is
imported neither for ``chaos validate``, which would wait for it, nor in a run: there an import
would take the time and the locks of the service under test.
"""

from __future__ import annotations

import importlib


class _Late:
    wanted: tuple[str, ...] = ()
    has_begun = False


def before_a_run(*modules: str) -> None:
    """Have these imported before anything is played; at once, if something has been.

    Example:
        >>> before_a_run("chaos.units")
    """
    _Late.wanted += modules
    if _Late.has_begun:
        import_what_runs_need()


def import_what_runs_need() -> None:
    """Import all that was asked for; for whoever is about to enter a world."""
    _Late.has_begun = True
    for module in _Late.wanted:
        importlib.import_module(module)
    _Late.wanted = ()
