"""What whoever asks a service outside may tell of the answers that they got."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from chaos.errors import ChaosError
from chaos.scenario.fields import Node
from chaos.scenario.problems import listed


class Told(Node):
    """One answer, as the one who asked saw it."""

    mode: str = Field(description="Who wrote it, in a word of the target; or `error`.")
    reason: str | None = Field(default=None, description="Why it is not of the best mode.")
    text: str = Field(default="", description="The answer itself.")
    stale: bool = Field(default=False, description="Whether what it rests on is old.")
    truncated: bool = Field(default=False, description="Whether it ends too soon.")
    sources: tuple[str, ...] = Field(default=(), description="What it rests on.")
    elapsed_s: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="Seconds from question to answer."
    )


_ALL = TypeAdapter(tuple[Told, ...])


def read(said: Any, *, expected: int, modes: Sequence[str]) -> tuple[Told, ...]:  # noqa: ANN401 - JSON is anything
    """The answers of one step.

    Args:
        said: What came as JSON.
        expected: How many answers the step asks for.
        modes: Those that the target has.

    Raises:
        ChaosError: It is something else; the message says what.

    Example:
        >>> [told.mode for told in read([{"mode": "llm"}], expected=1, modes=("llm", "fallback"))]
        ['llm']
        >>> read([], expected=2, modes=("llm",))
        Traceback (most recent call last):
        chaos.errors.ChaosError: 0 answers were sent; expected 2, one for each question of the step
    """
    try:
        told = _ALL.validate_python(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, ("answers", *first["loc"])))
        raise ChaosError(
            f"{where} is wrong: {first['msg']}; expected a list such as "
            '[{"mode": "llm"}], one answer for each question of the step'
        ) from error
    if len(told) != expected:
        raise ChaosError(
            f"{len(told)} answers were sent; expected {expected}, one for each question of the "
            "step"
        )
    unknown = next((each.mode for each in told if each.mode not in {*modes, "error"}), None)
    if unknown is not None:
        raise ChaosError(
            f"an answer was sent with mode {unknown!r}; expected {listed((*modes, 'error'))}"
        )
    return told
