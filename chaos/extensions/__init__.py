"""What others add to the harness: faults, laws and the like, all found in one way.

A package announces them as entry points, in a group for each kind. The project in which chaos runs
may also name modules of its own in its ``pyproject.toml``; what they define is added, unless its
name begins with an underscore::

    [tool.chaos]
    plugins = ["my_service.faults"]

A target may also bring faults, laws and expectations along (`chaos.ports.Target.brings`), for its
own scenarios.

What is added has the standing of what comes along. So nothing is passed over: what cannot be
imported, is not whole or takes a name that is taken is an error that names it.
"""

from __future__ import annotations

from chaos.extensions.brought import bring, of_others
from chaos.extensions.caching import forget, on_forget, remembered
from chaos.extensions.finding import announced, are_unread, beside, found, importing_nothing
from chaos.extensions.installed import Installed, installed
from chaos.extensions.kinds import Extension, ExtensionError, ExtensionKind, MisfitError, blaming
from chaos.extensions.project import importable, project_folder
from chaos.extensions.registry import Listed, Registry, load

__all__ = [
    "Extension",
    "ExtensionError",
    "ExtensionKind",
    "Installed",
    "Listed",
    "MisfitError",
    "Registry",
    "announced",
    "are_unread",
    "beside",
    "blaming",
    "bring",
    "forget",
    "found",
    "importable",
    "importing_nothing",
    "installed",
    "load",
    "of_others",
    "on_forget",
    "project_folder",
    "remembered",
]
