"""A function that travels to workers as the text of its module."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any


class FunctionText:
    """A function that is pickled as the text of its module, and needs nothing where it is read.

    So a worker that lacks the rest of the project can say so itself.

    Args:
        function: One of the top of a module that imports nothing there.

    Example:
        >>> import pickle
        >>> from chaos.cluster import errand
        >>> pickle.loads(pickle.dumps(FunctionText(errand.errand))).__name__
        'errand'
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        module = sys.modules[function.__module__]
        self._made = f"(lambda made: exec({inspect.getsource(module)!r}, made) or made)({{}})"
        self._name = function.__name__

    def __call__(self, *_: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        """Refused: what it is for is to be sent."""
        raise AssertionError("it is called where it was unpickled")

    def __reduce__(self) -> tuple[Any, ...]:
        # The only calls here are of names that every Python has.
        return eval, (f"{self._made}[{self._name!r}]",)
