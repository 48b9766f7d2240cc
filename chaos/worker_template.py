"""Imported by the process that workers are copied from: all that runs need, and no service.

Nothing here looks at the current folder: what plug-ins and targets there are, each worker finds
out for itself.
"""

from __future__ import annotations

import chaos.explorer.campaign
import chaos.prove.gate
import chaos.session
import chaos.tiers.simulated.world  # noqa: F401 - imported for those who are copied from here
from chaos.faults.registry import import_shipped
from chaos.processes.late import import_what_runs_need

import_shipped()
import_what_runs_need()
