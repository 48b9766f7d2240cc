"""Fields whose values are in a registry, to which others may add until a file is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema


@dataclass(frozen=True, slots=True)
class Registered:
    """Annotates a field that a registry decides on, each time that a value is read.

    A union or a literal would be fixed when its module is imported.

    Attributes:
        read: Gives the value that something in a file stands for; raises as validators do.
        describe: Gives its JSON Schema.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import TypeAdapter
        >>> tiers = ["simulated"]
        >>> tier = Registered(lambda it: it if it in tiers else refuse(tiers), lambda _: {})
        >>> adapter = TypeAdapter(Annotated[str, tier])
        >>> tiers.append("wire")
        >>> adapter.validate_python("wire")
        'wire'
    """

    read: Callable[[object], object]
    describe: Callable[[GetJsonSchemaHandler], JsonSchemaValue]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """See pydantic."""
        del source, handler
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """See pydantic."""
        del schema
        return self.describe(handler)


def refuse(known: Iterable[str]) -> object:
    """Raise that a value is none of these.

    Raises:
        PydanticKnownError: Always.
    """
    raise PydanticKnownError("literal_error", {"expected": ", ".join(map(repr, known))})
