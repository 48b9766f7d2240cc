"""The edits that defects are made of: lines of a function, and constants of a module."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import dedent, indent
from unittest import mock

from chaos.defects.defect import DefectError, Edit
from chaos.defects.rewriting import read_diff, rewritten


@dataclass(frozen=True, slots=True)
class Rewrite(Edit):
    """Lines of some functions, replaced while they are in memory.

    The function objects stay and get other code, so that everybody who holds one is affected:
    bound methods, importers by name, callers in other threads.

    Attributes:
        where: ``package.module``, or after a colon the public class or function in which to look.
        diff: Whole lines of it after ``- ``, and after ``+ `` what stands there instead. Margins
            are taken from the source. Private names stand for whatever the service calls these
            things; lines after ``= `` stay as they are, and only tell such names. There must be
            exactly one way to find all of it.

    Example:
        >>> import textwrap
        >>> mistake = Rewrite("textwrap:fill", '''
        ...     - return w.fill(text)
        ...     + return text.upper()
        ... ''')
        >>> with mistake.applied():
        ...     textwrap.fill("ab")
        'AB'
        >>> textwrap.fill("ab")
        'ab'
    """

    where: str
    diff: str

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the functions their other code."""
        codes = rewritten(self.where, read_diff(self.diff))
        if not codes:
            raise DefectError(f"{self.where}: nothing is replaced; expected lines after '- '")
        sound = {function: function.__code__ for function in codes}
        for function, code in codes.items():
            function.__code__ = code
        try:
            yield
        finally:
            for function, code in sound.items():
                function.__code__ = code

    def __str__(self) -> str:
        diff = indent(dedent(self.diff).strip("\n"), "  ")
        return f"{self.where}\n{diff}"


@dataclass(frozen=True, slots=True)
class Constant(Edit):
    """Another value for a name of a module or class.

    Attributes:
        where: ``package.module:NAME`` or ``package.module:Class.NAME``.
        becomes: Its value instead.

    Example:
        >>> import string
        >>> with Constant("string:digits", "012").applied():
        ...     string.digits
        '012'
    """

    where: str
    becomes: object

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the name its other value."""
        owner, name = _owner(self.where)
        if vars(owner).get(name, self.becomes) == self.becomes:
            raise DefectError(
                f"{self.where} is missing, or is {self.becomes!r} already; expected another "
                "value to replace; bring the defect up to date with the service"
            )
        with mock.patch.object(owner, name, self.becomes):
            yield

    def __str__(self) -> str:
        return f"{self.where}\n  + {self.becomes!r}"


def _owner(where: str) -> tuple[object, str]:
    """The module or class that has the last name, and that name."""
    module_name, _, path = where.partition(":")
    *classes, name = path.split(".")
    try:
        owner: object = importlib.import_module(module_name)
        for each in classes:
            owner = getattr(owner, each)
    except (ImportError, AttributeError) as error:
        raise DefectError(
            f"{where} does not exist ({error}); expected a part of the service; bring the defect "
            "up to date with it"
        ) from error
    return owner, name
