"""Whether a request that a fault befalls takes effect, all the same.

Who asks again after an answer was lost has to know: what has been done already, is done twice.
"""

from __future__ import annotations

from chaos.faults.behaviour import (
    ConnectingFault,
    IdleFault,
    LosingFault,
    MeteringFault,
    ReplacingFault,
)
from chaos.faults.registry import BEHAVIOURS
from chaos.scenario.faults import Fault

_KEEPING_IT = (ReplacingFault, LosingFault, ConnectingFault, IdleFault)


def takes_effect(model: type[Fault]) -> bool | None:
    """Whether the provider does what was asked; None where the fault's ``takes_effect`` says it.

    Example:
        >>> from chaos.scenario.faults import HttpErrorFault, LatencyFault, TimeoutFault
        >>> [takes_effect(model) for model in (HttpErrorFault, LatencyFault, TimeoutFault)]
        [False, True, None]
    """
    if "takes_effect" in model.model_fields:
        return None
    return not issubclass(BEHAVIOURS[model], _KEEPING_IT)


def effect_in_words(model: type[Fault]) -> str:
    """The same as a sentence.

    Example:
        >>> from chaos.scenario.faults import TimeoutFault
        >>> effect_in_words(TimeoutFault)
        'Whether what was asked is done, `takes_effect` says: by default it is.'
    """
    if issubclass(BEHAVIOURS[model], IdleFault):
        return "A request that crosses the end of its connection is not done; the next one is."
    if issubclass(BEHAVIOURS[model], MeteringFault):
        return "What it takes is done; what it refuses is not."
    match takes_effect(model):
        case None:
            is_done = model.model_fields["takes_effect"].default
            default = "it is" if is_done else "it is not"
            return f"Whether what was asked is done, `takes_effect` says: by default {default}."
        case True:
            return "What was asked is done, whatever becomes of the answer."
        case False:
            return "What was asked is not done."
