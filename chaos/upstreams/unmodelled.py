"""The error of a stand-in that was asked for something it cannot do truly."""

from __future__ import annotations

from collections.abc import Iterable

from chaos.errors import ChaosError


class UnmodelledError(ChaosError):
    """A request uses a part of the provider's API that its stand-in does not model.

    The provider would have done something with that part. An answer without it would vouch for
    what no provider would say, so there is none: a run that meets this error proves nothing.

    Args:
        upstream: The stand-in's name.
        operation: What was asked for.
        parameters: The parts at fault, as paths (``tools[0].type``), each with its value if only
            that value is not modelled (``modalities[0]='audio'``); never empty.
        taught_in: The module in which the operation declares what it takes.

    Attributes:
        upstream: As given.
        operation: As given.
        parameters: As given, in the order of the request.

    Example:
        >>> print(UnmodelledError("openai", "embeddings", ["colour"], taught_in="chaos.embed"))
        openai does not model 'colour' of embeddings; expected only what the operation declares; \
leave it out, or declare it in chaos.embed
    """

    def __init__(
        self, upstream: str, operation: str, parameters: Iterable[str], *, taught_in: str
    ) -> None:
        self.upstream = upstream
        self.operation = operation
        self.parameters = tuple(parameters)
        assert self.parameters, "something has to be unmodelled"
        them = "it" if len(self.parameters) == 1 else "them"
        named = ", ".join(f"'{each}'" for each in self.parameters)
        super().__init__(
            f"{upstream} does not model {named} of {operation}; expected only what the operation "
            f"declares; leave {them} out, or declare {them} in {taught_in}"
        )
