"""The edits that defects are made of: lines of a function, and constants of a module."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import dedent, indent
from types import FunctionType
from unittest import mock

from chaos.defects.defect import DefectError, Edit
from chaos.defects.rewriting import read_diff, rewritten


@dataclass(frozen=True, slots=True)
class Rewrite(Edit):
    """Lines of one function, replaced while it is in memory.

    The function object stays and gets other code, so that everybody who holds it is affected:
    bound methods, importers by name, callers in other threads.

    Attributes:
        where: ``package.module:Class.method`` or ``package.module:function``.
        diff: Whole lines of it after ``- ``, and after ``+ `` what stands there instead. Margins
            are taken from the source. Each block of lines must occur exactly once.

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
        """Give the function its other code."""
        function = _function(self.where)
        sound = function.__code__
        function.__code__ = rewritten(function, read_diff(self.diff))
        try:
            yield
        finally:
            function.__code__ = sound

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


def _function(where: str) -> FunctionType:
    owner, name = _owner(where)
    found = inspect.getattr_static(owner, name, None)
    if isinstance(found, (classmethod, staticmethod)):
        found = found.__func__
    elif isinstance(found, property):
        found = found.fget
    if not isinstance(found, FunctionType):
        raise DefectError(
            f"{where} is not a function; expected package.module:Class.method or "
            "package.module:function; bring the defect up to date with the service"
        )
    return found


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
