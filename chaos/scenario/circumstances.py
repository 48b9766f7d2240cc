"""What a target lets a scenario say of the world before the first step, key by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaos.scenario.fields import Node
from chaos.scenario.problems import ScenarioError, quoted, suggest
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.wording import keys_of, model_example, validate


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstance:
    """One key of ``given``: a mapping, or one of a few words.

    Attributes:
        model: What the mapping may say.
        words: What may stand there instead of a mapping.
        doc: What it is, for editors; without it, what the model says of itself.
        examples: For editors: what a file may write.

    Example:
        >>> from pydantic import Field
        >>> class Queue(Node):
        ...     length: int = Field(default=0, ge=0, examples=[5])
        >>> queue = Circumstance(model=Queue, words=("broken",))
        >>> queue.read("queue", {"length": 3}), queue.read("queue", "broken")
        (Queue(length=3), 'broken')
        >>> queue.read("queue", {"lenght": 3})
        Traceback (most recent call last):
        chaos.scenario.problems.ScenarioError: unknown key 'lenght' in queue; expected length; \
did you mean 'length'? [unknown-key]
    """

    model: type[Node]
    words: Sequence[str] = ()
    doc: str = ""
    examples: Sequence[Any] = ()

    def read(self, key: str, value: object) -> Node | str:
        """What a value stands for: an object of the model, or one of the words.

        Raises:
            ScenarioError: It stands for nothing.
        """
        findings = Findings()
        read = self.check(value, ("given", key), findings)
        if read is None:
            raise ScenarioError(findings.problems)
        return read

    def check(self, value: object, path: NodePath, findings: Findings) -> Node | str | None:
        """The same; None, with findings, if it stands for nothing."""
        key = str(path[-1])
        if isinstance(value, dict):
            return validate(self.model, value, path, findings, key)
        if isinstance(value, str) and value in self.words:
            return value
        mapping = f"a mapping with {', '.join(keys_of(self.model))}"
        examples = [*self.words, model_example(self.model)]
        findings.add(
            path,
            f"{key} is {quoted(value)}",
            " or ".join((*self.words, mapping)),
            suggest(str(value), self.words, f"write {' or '.join(map(repr, examples))}"),
            "unknown-value",
        )
        return None
