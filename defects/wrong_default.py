"""A setting whose default is not the one that was specified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from chaos.defects.defect import DefectError, Edit
from helpdesk.settings import Settings


@dataclass(frozen=True, slots=True)
class WrongDefault(Edit):
    """Another default for a setting; what a scenario sets itself stays as it sets it.

    Attributes:
        key: The setting's dotted name.
        becomes: The default instead, as the environment would write it.

    Example:
        >>> with WrongDefault("openai.retry.attempts", "4").applied():
        ...     Settings.load({}).openai.retry.attempts
        4
    """

    key: str
    becomes: str

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Have `Settings.load` start from the other default."""
        known = Settings.keys().get(self.key)
        if known is None or known.default == self.becomes:
            raise DefectError(
                f"setting {self.key} is missing, or has the default {self.becomes} already; "
                "expected another one to replace; bring the defect up to date with the service"
            )
        load = Settings.load

        def load_wrong(environ: Mapping[str, str] | None = None) -> Settings:
            return load(environ).replaced({self.key: self.becomes})

        with mock.patch.object(Settings, "load", load_wrong):
            yield

    def __str__(self) -> str:
        return f"{self.key}\n  + = {self.becomes}"
