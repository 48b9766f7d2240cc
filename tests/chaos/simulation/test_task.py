"""How an error of the service is told."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from chaos.simulation.tasks.task import in_words


def test_error_of_a_model_comes_without_its_web_page() -> None:
    """A page about the types of a library helps nobody who reads a verdict."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(tuple[int, int]).validate_python(("a", "b"))

    told = in_words(caught.value)

    assert told.startswith("ValidationError: 2 validation errors")
    assert "pydantic.dev" not in told
    assert told.count("Input should be a valid integer") == 2
