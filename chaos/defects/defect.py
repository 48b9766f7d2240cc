"""A planted defect: a known mistake with a name, small enough to be read at a glance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from chaos.errors import ChaosError
from chaos.scenario.selection import Expression


class DefectError(ChaosError):
    """A defect cannot be planted: the service is no longer what it was written against."""


class Edit(ABC):
    """One change to the running service; ``str()`` shows it as a person would read it."""

    @abstractmethod
    def applied(self) -> AbstractContextManager[None]:
        """Make the change for as long as the context lasts.

        Raises:
            DefectError: There is no such place, or it is not as it was. An edit that changes
                nothing would make the gate look blind, or worse, look tested.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """A mistake that somebody could have made, and that the gate has to notice.

    Attributes:
        name: Says what the service does wrong: ``retry-after-ignored``.
        doc: What a user, or the one who runs the service, would see.
        edits: The mistake itself.
        hazard: Number in the list of hazards it stands for; None for one of our own.
        tags: Words of the scenarios that should notice; those are played first.
    """

    name: str
    doc: str
    edits: tuple[Edit, ...]
    hazard: int | None = None
    tags: tuple[str, ...] = ()

    def matches(self, expression: str) -> bool:
        """Whether an expression of words chooses it, by parts of its name, tags or hazard.

        Raises:
            ChaosError: It is not an expression.

        Example:
            >>> late = Defect(name="late-success", doc="", edits=(), hazard=31, tags=("breaker",))
            >>> late.matches("breaker and not trial"), late.matches("hazard-31"), late.matches("")
            (True, True, True)
        """
        words = (self.name, *self.tags, f"hazard-{self.hazard}")
        return not expression or Expression.parse(expression).holds(
            lambda part: any(part.casefold() in word for word in words)
        )

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the defect in the service for as long as the context lasts.

        Raises:
            DefectError: It does not fit the service; nothing is changed then.
        """
        with ExitStack() as edits:
            for edit in self.edits:
                try:
                    edits.enter_context(edit.applied())
                except DefectError:
                    raise
                except Exception as error:
                    # An edit may be of somebody's own, or given what it cannot take.
                    raise DefectError(
                        f"{self.name}: its edit cannot be made: {type(error).__name__}: {error}; "
                        "expected an edit that fits the service; correct the defect"
                    ) from error
            _PLANTED.append(self)
            edits.callback(_PLANTED.remove, self)
            yield


_PLANTED: list[Defect] = []


def planted_here() -> tuple[Defect, ...]:
    """The defects that the service of this process has at the moment."""
    return tuple(_PLANTED)


@contextmanager
def also_here(planted: Iterable[Defect]) -> Iterator[None]:
    """Plant what another process has planted; a copy of that process has it already.

    Raises:
        DefectError: One does not fit the service.

    Example:
        >>> late = Defect(name="late-success", doc="", edits=())
        >>> with late.planted(), also_here([late]):
        ...     len(planted_here())
        1
    """
    with ExitStack() as lacking:
        for defect in planted:
            if defect not in _PLANTED:
                lacking.enter_context(defect.planted())
        yield
