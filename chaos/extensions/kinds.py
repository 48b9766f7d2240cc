"""What can be added to the harness, and what is said if it is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import ClassVar

from chaos.errors import ChaosError


class ExtensionError(ChaosError):
    """Something that was added to the harness is not as it should be; the message names it."""


class MisfitError(Exception):
    """Why something cannot be added.

    Args:
        wrong: What is wrong, as a sentence about it.
        expected: What was expected instead.
        fix: What to do.
    """

    def __init__(self, wrong: str, expected: str, fix: str) -> None:
        super().__init__(f"{wrong}; expected {expected}; {fix}")


class ExtensionKind(Enum):
    """What can be added; the value is the last word of its entry-point group."""

    TARGET = "targets"
    UPSTREAM = "upstreams"
    FAULT = "faults"
    LAW = "laws"
    EXPECTATION = "expectations"
    TIER = "tiers"
    FORMAT = "reports"

    @property
    def group(self) -> str:
        """The entry-point group in which packages announce it.

        Example:
            >>> ExtensionKind.FORMAT.group, ExtensionKind.FORMAT.word
            ('chaos.reports', 'report format')
        """
        return f"chaos.{self.value}"

    @property
    def word(self) -> str:
        """What a message calls one."""
        return "report format" if self is ExtensionKind.FORMAT else self.name.lower()


class Extension:
    """Base of everything that can be added: of the classes, or of the values, of a kind."""

    extends: ClassVar[ExtensionKind]
    """Which kind it is; set by the base class of the kind."""

    @classmethod
    def check_extension(cls) -> None:
        """Whether it is whole.

        Raises:
            MisfitError: It is not.
        """


@contextmanager
def blaming(extension: type[Extension], what: str) -> Iterator[None]:
    """Name the extension if the block fails, which calls it.

    Args:
        extension: Whose code is called.
        what: What it cannot be then, as in "cannot be made".

    Raises:
        ExtensionError: The block raised something that is not meant for people.
    """
    try:
        yield
    except ChaosError:
        raise
    except Exception as error:
        raise ExtensionError(
            f"{extension.extends.word} '{extension.__module__}:{extension.__qualname__}' cannot "
            f"be {what}: {type(error).__name__}: {error}; expected no error; fix it"
        ) from error
