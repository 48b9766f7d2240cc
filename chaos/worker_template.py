"""Imported by the process that workers are copied from: all that runs need, and no service.

Nothing here looks at the current folder: what plug-ins and targets there are, each worker finds
out for itself.
"""

from __future__ import annotations

import importlib
import pkgutil

import chaos.explorer.campaign
import chaos.faults
import chaos.prove.gate
import chaos.session
import chaos.tiers.simulated.world
from chaos.processes.late import import_what_runs_need

__all__: list[str] = []

for _module in pkgutil.iter_modules(chaos.faults.__path__):
    importlib.import_module(f"{chaos.faults.__name__}.{_module.name}")
import_what_runs_need()
